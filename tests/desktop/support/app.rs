//! The application under test, started as a person starts it.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::process::{Process, children, program_of};

/// A running application.
pub(crate) struct App {
    process: Process,
}

impl App {
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
        Self {
            process: Process::start(command),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// The processes it started that run now: those of the web engine.
    pub(crate) fn children(&self) -> Vec<u32> {
        children(self.id())
    }

    /// Whether one of them holds a page.
    pub(crate) fn has_page(&self) -> bool {
        let is_page = |id| program_of(id).is_some_and(|path| path.ends_with("WebKitWebProcess"));
        self.children().into_iter().any(is_page)
    }

    /// What it has said on standard error until now.
    pub(crate) fn said(&self) -> String {
        self.process.said()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    #[track_caller]
    pub(crate) fn wait(&mut self, time: Duration) -> ExitStatus {
        self.process.wait(time)
    }
}

/// The application as it is shipped.
pub(crate) fn program() -> PathBuf {
    // As the system names it when it runs.
    moustique_tests::program("moustique-desktop")
        .canonicalize()
        .unwrap()
}
