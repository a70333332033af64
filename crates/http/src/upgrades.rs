//! Connections that speak something else than HTTP from some point on.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// What a connection is used for after its upgrade.
pub(crate) struct Session(pub(crate) Pin<Box<dyn Future<Output = ()> + Send>>);

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

/// Where a connection learns what it is used for after its upgrade. hyper hands
/// the stream to whoever asked for it and takes the connection for ended; it is
/// given back here, so that the task of the connection goes on with it, and its
/// place and its deadlines stay what they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upgrades {
    begun: Arc<Mutex<Option<oneshot::Receiver<Session>>>>,
}

impl Upgrades {
    /// An upgrade begins: the session comes when the stream is there, if it
    /// comes.
    pub(crate) fn begin(&self) -> oneshot::Sender<Session> {
        let (sender, session) = oneshot::channel();
        *self.begun() = Some(session);
        sender
    }

    /// The session of an upgrade, if one began. Asked when the connection has
    /// ended for hyper.
    pub(crate) async fn session(&self) -> Option<Session> {
        let begun = self.begun().take();
        begun?.await.ok()
    }

    fn begun(&self) -> MutexGuard<'_, Option<oneshot::Receiver<Session>>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
