//! The signals that the program heeds.

#[cfg_attr(unix, path = "signals/unix.rs")]
#[cfg_attr(windows, path = "signals/windows.rs")]
mod system;

pub(crate) use self::system::Signals;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// End: SIGTERM, SIGINT, Ctrl-C; on Windows also what it says to a console.
    End,
    /// Read the configuration again: SIGHUP.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has the signal"))]
    Reload,
}

impl Signals {
    /// Returns when the program is asked to end.
    pub(crate) async fn end(&mut self) {
        while self.next().await != Wish::End {}
    }
}
