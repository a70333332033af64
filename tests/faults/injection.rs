//! System calls that the system fails, by `strace`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use moustique_tests::Setup;

/// The files of which calls fail: those of the database.
const FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// As long as this without a call says that a round of them is over.
const QUIET: Duration = Duration::from_millis(20);

/// Calls of which one in each thread fails with EIO.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Injection {
    /// The calls, as `strace` names them, with commas between.
    pub(crate) calls: &'static str,
    /// Which of them fails: the n-th of each thread, counted from 1. So one
    /// number strikes the start, the writer and the thread that moves the
    /// write-ahead log, each where it is.
    pub(crate) when: usize,
    /// What an acknowledgement is worth: `database.durability`.
    pub(crate) durability: &'static str,
}

/// What `strace` tells of the calls.
#[derive(Debug)]
pub(crate) struct Trace {
    lines: Receiver<String>,
    /// The threads of which a call failed.
    struck: BTreeSet<String>,
}

impl Injection {
    /// How to start a broker that meets it, and what tells of it.
    pub(crate) fn arm(self, database: &Path) -> (Setup, Trace) {
        let Self {
            calls,
            when,
            durability,
        } = self;
        let pipe = database.with_file_name("trace");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let mut wrapper: Vec<OsString> = [
            "strace",
            // The tracer is a grandchild: the process started is the broker.
            "-D",
            "-f",
            "-qqq",
            "-e",
            &format!("trace={calls}"),
            "-e",
            &format!("inject={calls}:error=EIO:when={when}"),
        ]
        .map(OsString::from)
        .into();
        for suffix in FILES {
            let mut file = OsString::from(database);
            file.push(suffix);
            wrapper.extend(["-P".into(), file]);
        }
        wrapper.extend(["-o".into(), pipe.clone().into()]);
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            // Waits for the tracer to open the other end.
            let lines = BufReader::new(File::open(pipe).unwrap()).lines();
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let setup = Setup {
            wrapper,
            more: format!("database:\n  durability: {durability}\n"),
            ..Setup::default()
        };
        let struck = BTreeSet::new();
        (setup, Trace { lines, struck })
    }
}

impl Trace {
    /// Waits until calls have been made and no more follow, but for the first
    /// not longer than that. A publish amid the moving of the write-ahead log
    /// would keep it from being begun anew, which is when the writer syncs.
    pub(crate) fn wait_for_calls(&mut self, longest: Duration) {
        let mut patience = longest;
        while let Ok(line) = self.lines.recv_timeout(patience) {
            self.note(&line);
            patience = QUIET;
        }
    }

    /// In how many threads a call was made to fail so far.
    pub(crate) fn struck(&mut self) -> usize {
        while let Ok(line) = self.lines.try_recv() {
            self.note(&line);
        }
        self.struck.len()
    }

    /// The same, when the broker has ended.
    pub(crate) fn struck_in_all(mut self) -> usize {
        while let Ok(line) = self.lines.recv() {
            self.note(&line);
        }
        self.struck.len()
    }

    fn note(&mut self, line: &str) {
        if line.contains("(INJECTED)") {
            let thread = line.split(' ').next().unwrap_or_default();
            self.struck.insert(thread.to_owned());
        }
    }
}
