//! The one thread that changes things: commit, then apply, then answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moustique_core::{Change, Limits, Message, Now, Plan, Retention};
use moustique_store::{CommitError, Protected, Store};
use tokio::sync::{mpsc, oneshot};

use crate::carried::{Answer, Carried};
use crate::error::Refused;
use crate::patience;
use crate::shared::Shared;
use crate::statistics::StoreState;

/// Orders that wait for the sequencer at most. Beyond, callers wait in turn,
/// [`crate::Refused::Busy`] if that takes too long.
pub(crate) const QUEUE_ORDERS: usize = 4_096;

/// Messages and other orders in one transaction, after which no further order
/// joins it.
const BATCH_ORDERS: usize = 1_024;

/// Commits that meet damage, each on a connection of its own, until the file is
/// believed to be damaged: a connection that met an error of the disk may report
/// damage where there is none.
const DAMAGED_COMMITS: u32 = 3;

/// The least time between two looks at the size of the database.
const MEASURE_PAUSE: Duration = Duration::from_secs(1);

/// How long a batch that was refused says that the next one would be, too.
const FAULT_MEMORY: Duration = Duration::from_secs(5);

/// What the sequencer is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Carry something out and answer.
    Carry(Carried),
    /// Store how far the clients have got.
    StoreCursors,
    /// Take what is too old or too much off the log.
    Prune,
    /// Say whether something can be stored.
    Check(oneshot::Sender<Result<(), Refused>>),
    /// Replace the bounds and what is kept, then answer.
    Change(Box<(Limits, Retention)>, oneshot::Sender<()>),
    /// Carry out what was ordered before this, close the store, answer.
    Stop(oneshot::Sender<()>),
}

impl Order {
    /// What it adds to a transaction.
    fn weight(&self) -> usize {
        match self {
            Self::Carry(order) => order.weight(),
            _ => 1,
        }
    }
}

pub(crate) struct Sequencer {
    store: Store,
    shared: Arc<Shared>,
    orders: mpsc::Receiver<Order>,
    pruning: bool,
    /// When the next step of pruning is due.
    prune_at: Instant,
    /// Commits that met damage, one after the other.
    damaged: u32,
    /// Why the last batch was refused, if it was.
    fault: Option<(Instant, CommitError)>,
    /// Whether it was said in this round that undelivered messages were pruned.
    warned: bool,
    measured: Instant,
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
            prune_at: Instant::now(),
            damaged: 0,
            fault: None,
            warned: false,
            measured: Instant::now(),
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
            let mut carried = Vec::with_capacity(batch.len());
            let (mut checks, mut stop) = (Vec::new(), None);
            for order in batch.drain(..) {
                match order {
                    Order::Carry(order) => carried.push(order),
                    Order::StoreCursors => {}
                    Order::Prune => self.begin_pruning(),
                    Order::Check(reply) => checks.push(reply),
                    Order::Change(rules, reply) => {
                        let (limits, retention) = *rules;
                        self.change_rules(limits, retention);
                        let _ = reply.send(());
                    }
                    Order::Stop(reply) => stop = Some(reply),
                }
            }
            self.carry_out(carried);
            self.check(checks);
            if stop.is_some() || self.damaged >= DAMAGED_COMMITS {
                break stop;
            }
            self.prune_step();
        };
        // From here on orders are refused: nobody takes them.
        drop(self.orders);
        if self.damaged >= DAMAGED_COMMITS {
            tracing::error!("the database is damaged: the next start sets it aside");
        }
        if let Err(error) = self.store.close(self.shared.clock.run()) {
            tracing::warn!(%error, "the store could not be closed cleanly; it recovers at the next start");
        }
        if let Some(reply) = stopped {
            let _ = reply.send(());
        }
    }

    /// Gathers the orders that are there, and waits for the first one until
    /// there is other work. No linger: under load the batches grow by
    /// themselves. False when no order can come any more.
    fn collect(&mut self, batch: &mut Vec<Order>) -> bool {
        if self.pruning {
            batch.extend(patience::receive(&mut self.orders, self.prune_at));
        } else {
            match self.orders.blocking_recv() {
                Some(order) => batch.push(order),
                None => return false,
            }
        }
        let mut weight: usize = batch.iter().map(Order::weight).sum();
        while weight < BATCH_ORDERS
            && let Ok(order) = self.orders.try_recv()
        {
            weight += order.weight();
            batch.push(order);
        }
        true
    }

    fn carry_out(&mut self, carried: Vec<Carried>) {
        let now = self.shared.clock.now();
        let (changes, answers) = self.plan(carried, now);
        let stored = self.store.commit(&changes);
        self.damaged = match &stored {
            Err(CommitError::Damaged(_)) => self.damaged + 1,
            _ => 0,
        };

        self.shared.counters.batch_ended(StoreState::after(&stored));
        if let Err(error) = stored {
            tracing::error!(%error, orders = answers.len(), "a batch was refused");
            self.fault = Some((Instant::now(), error.clone()));
            for answer in answers {
                answer.refuse(&error.clone().into());
            }
            return;
        }
        self.fault = None;
        self.apply(changes, now);
        if !self.pruning && self.store.is_pressing() {
            self.begin_pruning();
        }
        self.measure(MEASURE_PAUSE);
        let answered = Instant::now();
        for answer in answers {
            let taken = answered.saturating_duration_since(answer.accepted());
            self.shared.counters.publish_latency.observe(taken);
            answer.send();
        }
    }

    /// Says whether something can be stored, which a small write may show while
    /// there is no room for more: what was refused a moment ago counts as well.
    fn check(&mut self, checks: Vec<oneshot::Sender<Result<(), Refused>>>) {
        if checks.is_empty() {
            return;
        }
        let fault = self.fault.as_ref();
        let fault = fault.filter(|(at, _)| at.elapsed() < FAULT_MEMORY);
        let checked = match fault {
            Some((_, error)) => Err(error.clone()),
            None => self.store.check(self.shared.clock.run()),
        };
        for reply in checks {
            let _ = reply.send(checked.clone().map_err(Refused::from));
        }
    }

    fn plan(&self, carried: Vec<Carried>, now: Now) -> (Vec<Change>, Vec<Answer>) {
        let inner = self.shared.lock();
        let mut plan = Plan::new(&inner.state);
        let answers = carried
            .into_iter()
            .map(|order| order.plan(&mut plan, now))
            .collect();
        (plan.into_changes(), answers)
    }

    /// Makes stored changes visible and wakes those who wait for them.
    fn apply(&self, changes: Vec<Change>, now: Now) {
        let logged: Vec<Arc<Message>> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Logged(logged) => Some(Arc::clone(&logged.message)),
                _ => None,
            })
            .collect();
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

    fn change_rules(&mut self, limits: Limits, retention: Retention) {
        self.store.change_retention(retention.clone());
        let mut inner = self.shared.lock();
        inner.state.change_rules(limits, retention);
    }

    fn begin_pruning(&mut self) {
        match self.store.begin_pruning(self.shared.clock.run()) {
            Ok(()) => (self.pruning, self.warned) = (true, false),
            Err(error) => tracing::warn!(%error, "the log could not be pruned"),
        }
    }

    /// Does a step of pruning, if one is due. What is ordered gets twice as much
    /// time as the pruning: otherwise each publish would wait for a step, and
    /// those who wait for their answers before they go on would be slowed down to
    /// the pace of the steps. When there is far too much in the log it gets as
    /// much: the log must not grow faster than it is pruned.
    fn prune_step(&mut self) {
        let begun = Instant::now();
        if !self.pruning || begun < self.prune_at {
            return;
        }
        let protected = {
            let inner = self.shared.lock();
            Protected {
                last: inner.state.last_id(),
                first_unsettled: inner.state.first_unsettled(),
            }
        };
        match self.store.prune(self.shared.clock.run(), protected) {
            Ok(pruned) => {
                if pruned.unsettled && !self.warned {
                    self.warned = true;
                    tracing::warn!(
                        "the log reached its bound: messages that clients have still to get \
                         would not survive a restart"
                    );
                }
                self.pruning = pruned.more;
                let took = begun.elapsed();
                let others = if self.store.is_pressing() { 1 } else { 2 };
                self.prune_at = Instant::now() + pruned.pause.max(took * others);
            }
            Err(error) => {
                tracing::warn!(%error, "the log could not be pruned");
                self.pruning = false;
            }
        }
        if !self.pruning {
            self.measure(Duration::ZERO);
        }
    }

    /// Notes what the database takes, unless that was done a moment ago.
    fn measure(&mut self, pause: Duration) {
        if self.measured.elapsed() < pause {
            return;
        }
        self.measured = Instant::now();
        match self.store.space() {
            Ok(space) => *self.shared.lock_space() = space,
            Err(error) => tracing::debug!(%error, "the size of the database is not known"),
        }
    }
}
