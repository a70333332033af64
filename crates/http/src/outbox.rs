//! Messages between hyper's buffer and the socket.

use std::mem;
use std::sync::{Mutex, PoisonError};

use moustique_broker::Pickup;

/// The pickups of one connection whose bytes hyper has taken into its buffer,
/// until the socket has taken them from there.
///
/// Whoever drops it says that the connection ended before: the messages return
/// to their queues.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    taken: Mutex<Vec<Pickup>>,
}

impl Outbox {
    /// Adds a pickup whose bytes hyper takes now.
    pub(crate) fn push(&self, pickup: Pickup) {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(pickup);
    }

    /// Whether nothing is on its way.
    pub(crate) fn is_empty(&self) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.is_empty()
    }

    /// Says of all that is in it that it has gone out. Called when hyper's
    /// buffer is empty.
    pub(crate) fn settle(&self) {
        let gone_out = mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner));
        for pickup in gone_out {
            pickup.arrived();
        }
    }
}

impl Drop for Outbox {
    /// Newest first: each returns to the head of its queue, so the oldest must
    /// be the last to do so.
    fn drop(&mut self) {
        let taken = self.taken.get_mut().unwrap_or_else(PoisonError::into_inner);
        while taken.pop().is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::limits::HttpLimits;

    #[tokio::test]
    async fn what_is_dropped_returns_in_its_order_and_what_is_settled_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let app = fixture::app(folder.path(), HttpLimits::default());
        let broker = &app.inner().broker;
        fixture::subscribe(broker, "c").await;
        for payload in ["1", "2", "3"] {
            fixture::publish(broker, payload).await;
        }
        let outbox = Outbox::default();
        outbox.push(fixture::pickup(broker, "c", 1).await);
        outbox.settle();
        for _ in 0..2 {
            outbox.push(fixture::pickup(broker, "c", 1).await);
        }
        drop(outbox);
        assert_eq!(fixture::waiting(broker, "c").await, ["2", "3"]);
    }
}
