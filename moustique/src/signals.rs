//! The signals that the program heeds.

use std::io;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// End: SIGTERM, SIGINT, Ctrl-C.
    End,
    /// Read the configuration again: SIGHUP.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has the signal"))]
    Reload,
}

/// Waits for the signals by which a user or the system asks for something.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Begins to receive them; from here on they no longer end the process.
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// What the next one asks for.
    pub(crate) async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::End,
            _ = self.interrupt.recv() => Wish::End,
            _ = self.hangup.recv() => Wish::Reload,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Begins to receive them; from here on they no longer end the process.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// What the next one asks for.
    pub(crate) async fn next(&mut self) -> Wish {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a console there is nothing to wait for.
            std::future::pending::<()>().await;
        }
        Wish::End
    }
}

impl Signals {
    /// Returns when the program is asked to end.
    pub(crate) async fn end(&mut self) {
        while self.next().await != Wish::End {}
    }
}
