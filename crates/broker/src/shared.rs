//! What the handles, the sequencer and the maintenance share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use moustique_core::{Message, MessageId, State};
use moustique_store::{Reader, Space};
use tokio::sync::{Semaphore, broadcast, watch};

use crate::clock::Clock;
use crate::publishers::Publishers;
use crate::readiness::Readiness;
use crate::recent::Recent;
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
    /// The last message that was there when this broker started.
    pub(crate) found: MessageId,
    /// The last message that everybody may see.
    pub(crate) stored: watch::Sender<MessageId>,
    recent: RwLock<Recent>,
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) ended: watch::Sender<bool>,
    publishers: Mutex<Publishers>,
    pub(crate) readiness: Readiness,
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
        let feed = broadcast::Sender::new(FEED_BATCHES);
        Self {
            publishers: Mutex::new(Publishers::new(feed.subscribe(), state.limits())),
            readiness: Readiness::default(),
            counters: Counters::new(clock.now().time),
            clock,
            found: state.last_id(),
            stored: watch::Sender::new(state.last_id()),
            recent: RwLock::default(),
            inner: Mutex::new(Inner {
                state,
                waiters: Waiters::default(),
            }),
            space: Mutex::new(space),
            reader,
            readers: Semaphore::new(READERS),
            searches: Turns::default(),
            feed,
            stopping: watch::Sender::new(false),
            ended: watch::Sender::new(false),
            maintenance_interval: watch::Sender::new(maintenance_interval),
        }
    }

    pub(crate) fn lock_publishers(&self) -> MutexGuard<'_, Publishers> {
        self.publishers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock_space(&self) -> MutexGuard<'_, Space> {
        self.space.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last messages of the first `limit` topics after that one, or of all.
    pub(crate) fn values_after(&self, topic: Option<&str>, limit: usize) -> Vec<Arc<Message>> {
        let inner = self.lock();
        let rest = inner.state.values().after(topic);
        rest.take(limit).cloned().collect()
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

    pub(crate) fn recent(&self) -> RwLockReadGuard<'_, Recent> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows messages that were applied to those who follow.
    pub(crate) fn publish_to_feed(&self, messages: Vec<Arc<Message>>) {
        {
            let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
            if self.stored.receiver_count() > 0 {
                recent.extend(&messages);
            } else {
                recent.clear();
            }
        }
        if let Some(last) = messages.last() {
            self.stored.send_replace(last.id);
        }
        if self.feed.receiver_count() > 0 {
            let _ = self.feed.send(messages.into());
        }
    }
}
