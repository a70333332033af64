//! Pickups that are parked until something waits for their client.

use std::collections::HashMap;

use moustique_core::ClientKey;
use tokio::sync::oneshot;

/// The parked pickups of each client. Kept under the lock of the state, so
/// that nothing is queued between a look at the queue and the parking.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    parked: HashMap<ClientKey, Vec<oneshot::Sender<()>>>,
}

impl Waiters {
    /// Parks a pickup: the receiver hears when it is worth another look.
    pub(crate) fn park(&mut self, client: ClientKey) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let parked = self.parked.entry(client).or_default();
        // Those that went away, so that a client which opens and breaks
        // connections does not pile up.
        parked.retain(|waiter| !waiter.is_closed());
        parked.push(sender);
        receiver
    }

    /// Takes out those who wait for one of the clients. They are woken by the
    /// caller, after it has let go of the lock.
    pub(crate) fn take(
        &mut self,
        clients: impl IntoIterator<Item = ClientKey>,
    ) -> Vec<oneshot::Sender<()>> {
        if self.parked.is_empty() {
            return Vec::new();
        }
        clients
            .into_iter()
            .filter_map(|client| self.parked.remove(&client))
            .flatten()
            .collect()
    }

    /// Whether somebody waits for the client now: it is not silent then.
    pub(crate) fn is_parked(&self, client: ClientKey) -> bool {
        self.parked
            .get(&client)
            .is_some_and(|parked| parked.iter().any(|waiter| !waiter.is_closed()))
    }
}
