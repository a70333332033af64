//! The one thread that changes things: commit, then apply, then answer.

use std::sync::Arc;
use std::time::Instant;

use moustique_core::{Change, Command, Message, MessageId, Plan, Timestamp};
use moustique_store::{Keep, Store};
use tokio::sync::{mpsc, oneshot};

use crate::broker::Shared;
use crate::clock;
use crate::error::Refused;

/// Orders that wait for the sequencer at most. Beyond, callers wait in turn,
/// [`crate::Refused::Busy`] if that takes too long.
pub(crate) const QUEUE_ORDERS: usize = 4_096;

/// Orders in one transaction at most.
const BATCH_ORDERS: usize = 1_024;

/// What the sequencer is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Carry out a command and answer.
    Carry(Command, oneshot::Sender<Result<(), Refused>>),
    /// Store how far the clients have got.
    StoreCursors,
    /// Take what is too old or too much off the log.
    Prune,
    /// Carry out what was ordered before this, close the store, answer.
    Stop(oneshot::Sender<()>),
}

type Answer = (oneshot::Sender<Result<(), Refused>>, Result<(), Refused>);

pub(crate) struct Sequencer {
    store: Store,
    shared: Arc<Shared>,
    orders: mpsc::Receiver<Order>,
    pruning: bool,
}

/// Says that the sequencer has ended, however it ended.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.set_ended();
    }
}

impl Sequencer {
    pub(crate) fn new(store: Store, shared: Arc<Shared>, orders: mpsc::Receiver<Order>) -> Self {
        Self {
            store,
            shared,
            orders,
            pruning: false,
        }
    }

    /// Runs until it is told to stop, or nobody is left to tell it anything.
    pub(crate) fn run(mut self) {
        let _ended = Ended(Arc::clone(&self.shared));
        let mut batch = Vec::new();
        let stopped = loop {
            if !self.collect(&mut batch) {
                break None;
            }
            let mut commands = Vec::with_capacity(batch.len());
            let mut stop = None;
            for order in batch.drain(..) {
                match order {
                    Order::Carry(command, reply) => commands.push((command, reply)),
                    Order::StoreCursors => {}
                    Order::Prune => self.pruning = true,
                    Order::Stop(reply) => stop = Some(reply),
                }
            }
            self.carry_out(commands);
            if stop.is_some() {
                break stop;
            }
            self.prune_step();
        };
        // From here on orders are refused: nobody takes them.
        drop(self.orders);
        if let Err(error) = self.store.close() {
            tracing::warn!(%error, "the store could not be closed cleanly; it recovers at the next start");
        }
        if let Some(reply) = stopped {
            let _ = reply.send(());
        }
    }

    /// Gathers the orders that are there, and waits for the first one unless
    /// there is other work. No linger: under load the batches grow by
    /// themselves. False when no order can come any more.
    fn collect(&mut self, batch: &mut Vec<Order>) -> bool {
        if !self.pruning {
            match self.orders.blocking_recv() {
                Some(order) => batch.push(order),
                None => return false,
            }
        }
        while batch.len() < BATCH_ORDERS
            && let Ok(order) = self.orders.try_recv()
        {
            batch.push(order);
        }
        true
    }

    fn carry_out(&mut self, commands: Vec<(Command, oneshot::Sender<Result<(), Refused>>)>) {
        let now = clock::now();
        let (changes, answers) = self.plan(commands, now);
        let stored = self.store.commit(&changes);
        if let Err(error) = stored {
            tracing::error!(%error, orders = answers.len(), "a batch was refused");
            for (reply, planned) in answers {
                let _ = reply.send(planned.and(Err(error.clone().into())));
            }
            return;
        }
        self.apply(changes);
        for (reply, planned) in answers {
            // Whoever asked may have gone; what was ordered is done all the same.
            let _ = reply.send(planned);
        }
    }

    fn plan(
        &self,
        commands: Vec<(Command, oneshot::Sender<Result<(), Refused>>)>,
        now: Timestamp,
    ) -> (Vec<Change>, Vec<Answer>) {
        let inner = self.shared.lock();
        let mut plan = Plan::new(&inner.state);
        let answers = commands
            .into_iter()
            .map(|(command, reply)| (reply, plan.add(command, now).map_err(Refused::from)))
            .collect();
        (plan.into_changes(), answers)
    }

    /// Makes stored changes visible and wakes those who wait for them.
    fn apply(&self, changes: Vec<Change>) {
        let logged: Vec<Arc<Message>> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Logged(message) => Some(Arc::clone(message)),
                _ => None,
            })
            .collect();
        let now = Instant::now();
        let mut woken = Vec::new();
        let waiters = {
            let mut inner = self.shared.lock();
            for change in changes {
                inner.state.apply(change, now, &mut woken);
            }
            inner.waiters.take(woken)
        };
        for waiter in waiters {
            let _ = waiter.send(());
        }
        if !logged.is_empty() {
            self.shared.counters.messages_stored(logged.len() as u64);
            self.shared.publish_to_feed(logged);
        }
    }

    fn prune_step(&mut self) {
        if !self.pruning {
            return;
        }
        let keep = {
            let inner = self.shared.lock();
            let limits = inner.state.limits();
            let age = i64::try_from(limits.log_age.as_millis()).unwrap_or(i64::MAX);
            Keep {
                after: MessageId(inner.state.last_id().0.saturating_sub(limits.log_messages)),
                since: Timestamp(clock::now().0.saturating_sub(age)),
            }
        };
        match self.store.prune(keep) {
            Ok(more) => self.pruning = more,
            Err(error) => {
                tracing::warn!(%error, "the log could not be pruned");
                self.pruning = false;
            }
        }
    }
}
