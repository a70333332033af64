//! What the sequencer carries out, and the answer to it.

use std::time::Instant;

use moustique_core::{Command, Draft, Now, Outcome, Plan};
use tokio::sync::oneshot;

use crate::error::{Refused, RefusedBatch};

type Reply<T> = oneshot::Sender<T>;

/// Something to be carried out, and who waits for it.
#[derive(Debug)]
pub(crate) struct Carried {
    accepted: Instant,
    work: Work,
}

#[derive(Debug)]
enum Work {
    One(Command, Reply<Result<Outcome, Refused>>),
    All(Vec<Draft>, Reply<Result<Vec<Outcome>, RefusedBatch>>),
}

impl Carried {
    /// A command.
    pub(crate) fn one(command: Command, reply: Reply<Result<Outcome, Refused>>) -> Self {
        Self {
            accepted: Instant::now(),
            work: Work::One(command, reply),
        }
    }

    /// Several publishes: all or none.
    pub(crate) fn all(
        drafts: Vec<Draft>,
        reply: Reply<Result<Vec<Outcome>, RefusedBatch>>,
    ) -> Self {
        Self {
            accepted: Instant::now(),
            work: Work::All(drafts, reply),
        }
    }

    /// How many changes it makes.
    pub(crate) fn weight(&self) -> usize {
        match &self.work {
            Work::One(..) => 1,
            Work::All(drafts, _) => drafts.len(),
        }
    }

    /// Adds it to a plan.
    pub(crate) fn plan(self, plan: &mut Plan<'_>, now: Now) -> Answer {
        let planned = match self.work {
            Work::One(command, reply) => {
                let planned = plan.add(command, now).map_err(Refused::from);
                Planned::One(reply, planned)
            }
            Work::All(drafts, reply) => {
                let planned = plan.add_all(drafts, now);
                let planned = planned.map_err(|(index, rejection)| RefusedBatch {
                    index: Some(index),
                    refused: rejection.into(),
                });
                Planned::All(reply, planned)
            }
        };
        Answer {
            accepted: self.accepted,
            planned,
        }
    }
}

/// What was planned, and who is to hear of it when it is stored.
pub(crate) struct Answer {
    accepted: Instant,
    planned: Planned,
}

enum Planned {
    One(Reply<Result<Outcome, Refused>>, Result<Outcome, Refused>),
    All(
        Reply<Result<Vec<Outcome>, RefusedBatch>>,
        Result<Vec<Outcome>, RefusedBatch>,
    ),
}

impl Answer {
    /// When the order was accepted.
    pub(crate) fn accepted(&self) -> Instant {
        self.accepted
    }

    /// Says that it is stored. Whoever asked may have gone; what was ordered is
    /// done all the same.
    pub(crate) fn send(self) {
        match self.planned {
            Planned::One(reply, planned) => drop(reply.send(planned)),
            Planned::All(reply, planned) => drop(reply.send(planned)),
        }
    }

    /// Says that it is not stored, unless there was another reason before.
    pub(crate) fn refuse(self, refused: &Refused) {
        match self.planned {
            Planned::One(reply, planned) => {
                drop(reply.send(planned.and_then(|_| Err(refused.clone()))));
            }
            Planned::All(reply, planned) => {
                drop(reply.send(planned.and_then(|_| Err(refused.clone().into()))));
            }
        }
    }
}
