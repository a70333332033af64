//! The state, the model of it, and all that is around them.

use std::time::Duration;

use moustique_core::{
    ClientName, Command, Handover, LeaseToken, Limits, Loaded, MessageId, Now, RunTime, State,
    Timestamp,
};
use proptest::prelude::*;

use crate::Checked;
use crate::disk::Disk;
use crate::model::Model;
use crate::operation::{Errand, Fate, Operation};
use crate::words::{ADDRESS, retention};

/// A broker of which everything is known.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) model: Model,
    pub(crate) disk: Disk,
    pub(crate) now: Now,
    /// The replies that are on their way, with the numbers the model has for
    /// them.
    pub(crate) replies: Vec<(u64, Handover)>,
    pub(crate) last_number: u64,
    /// Every lease there ever was, and whose it was.
    pub(crate) leases: Vec<(ClientName, LeaseToken)>,
}

impl World {
    pub(crate) fn new(limits: Limits) -> Self {
        let now = Now {
            time: Timestamp(1_790_000_000_000),
            run: RunTime(0),
        };
        Self {
            state: State::new(limits.clone(), retention(), Loaded::default(), now),
            model: Model::new(limits),
            disk: Disk::default(),
            now,
            replies: Vec::new(),
            last_number: 0,
            leases: Vec::new(),
        }
    }

    pub(crate) fn carry_out(&mut self, operation: Operation) -> Checked {
        match operation {
            Operation::Batch {
                commands,
                meanwhile,
                fate,
            } => self.batch(commands, meanwhile, fate),
            Operation::Errand(errand) => self.run_errand(errand),
            Operation::Hear(client) => self.hear(&client),
            Operation::ForgetTheSilent { before, after } => {
                let silent = self.state.silent(self.now.run);
                let forget = silent.map(|(_, client)| Command::ForgetSilent {
                    client: client.clone(),
                });
                let commands = before.into_iter().chain(forget).chain(after);
                self.batch(commands.collect(), Vec::new(), Fate::Applied)
            }
            Operation::Prune => {
                self.disk.prune(self.state.first_unsettled());
                Ok(())
            }
            Operation::Pass(milliseconds) => {
                self.pass(milliseconds);
                Ok(())
            }
            Operation::Restart { is_clock_stored } => self.restart(is_clock_stored),
        }
    }

    /// In the end everybody gets whatever is left, and nothing remains.
    pub(crate) fn hand_over_everything(&mut self) -> Checked {
        while !self.replies.is_empty() {
            self.run_errand(Errand::GiveBack(0))?;
        }
        self.pass(1_000);
        if self.model.limits.pickup_messages > 0 {
            let clients: Vec<_> = self.model.recipients.keys().cloned().collect();
            for client in clients {
                self.hand_over(&client)?;
            }
            prop_assert_eq!(self.state.inbox_bytes(), 0);
            prop_assert_eq!(self.state.first_unsettled(), None::<MessageId>);
        }
        self.batch(Vec::new(), Vec::new(), Fate::Applied)
    }

    /// At least one message with each pickup.
    fn hand_over(&mut self, client: &ClientName) -> Checked {
        while !self.model.recipients[client].messages.is_empty() {
            self.run_errand(Errand::Take {
                client: client.clone(),
                max: usize::MAX,
                lease: None,
            })?;
            self.run_errand(Errand::Arrived(0))?;
            self.compare()?;
        }
        Ok(())
    }

    fn hear(&mut self, client: &ClientName) -> Checked {
        let key = self.state.hear(client.as_str(), ADDRESS, self.now);
        prop_assert_eq!(key, self.state.key(client.as_str()));
        let recipient = self.model.recipients.get_mut(client);
        prop_assert_eq!(key.is_some(), recipient.is_some());
        if let Some(recipient) = recipient {
            recipient.heard = self.now.run;
        }
        Ok(())
    }

    fn pass(&mut self, milliseconds: u64) {
        self.now.run = self.now.run + Duration::from_millis(milliseconds);
        self.now.time.0 += milliseconds.cast_signed();
    }
}
