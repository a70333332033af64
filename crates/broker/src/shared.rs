//! What the handles, the sequencer and the maintenance share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moustique_core::{Message, State};
use moustique_store::{Reader, Space};
use tokio::sync::{Semaphore, broadcast, watch};

use crate::clock::Clock;
use crate::search::Turns;
use crate::statistics::Counters;
use crate::waiters::Waiters;

/// Batches that a listener of the feed may be behind. Beyond, it misses the
/// oldest and is told so.
const FEED_BATCHES: usize = 1_024;

/// Readers of the log at a time. Beyond, they wait in turn.
const READERS: usize = 2;

/// What the handles, the sequencer and the maintenance share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    inner: Mutex<Inner>,
    space: Mutex<Space>,
    pub(crate) reader: Reader,
    pub(crate) readers: Semaphore,
    pub(crate) searches: Turns,
    pub(crate) feed: broadcast::Sender<Arc<[Arc<Message>]>>,
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) ended: watch::Sender<bool>,
    pub(crate) counters: Counters,
    /// Time between two rounds of maintenance.
    pub(crate) maintenance_interval: watch::Sender<Duration>,
}

/// What the one lock guards.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) waiters: Waiters,
}

impl Shared {
    pub(crate) fn new(
        clock: Clock,
        state: State,
        reader: Reader,
        space: Space,
        maintenance_interval: Duration,
    ) -> Self {
        Self {
            clock,
            inner: Mutex::new(Inner {
                state,
                waiters: Waiters::default(),
            }),
            space: Mutex::new(space),
            reader,
            readers: Semaphore::new(READERS),
            searches: Turns::default(),
            feed: broadcast::Sender::new(FEED_BATCHES),
            stopping: watch::Sender::new(false),
            ended: watch::Sender::new(false),
            counters: Counters::new(),
            maintenance_interval: watch::Sender::new(maintenance_interval),
        }
    }

    pub(crate) fn lock_space(&self) -> MutexGuard<'_, Space> {
        self.space.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread that panicked under the lock has changed nothing that could
    /// not be read: the broker goes on.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_ended(&self) {
        self.stopping.send_replace(true);
        self.ended.send_replace(true);
    }

    pub(crate) fn publish_to_feed(&self, messages: Vec<Arc<Message>>) {
        if self.feed.receiver_count() > 0 {
            let _ = self.feed.send(messages.into());
        }
    }
}
