//! Processes that end with what owns them.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::wait::until;

/// A child process that is killed when it is dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Process {
    /// Starts a program; what it says on standard error is kept when the
    /// command pipes it.
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let said = Arc::new(Mutex::new(String::new()));
        if let Some(stderr) = child.stderr.take() {
            let said = Arc::clone(&said);
            thread::spawn(move || gather(stderr, &said));
        }
        Self { name, child, said }
    }

    /// The first line on its standard output.
    pub(crate) fn first_line(&mut self) -> String {
        let stdout: ChildStdout = self.child.stdout.take().expect("standard output is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .unwrap_or_else(|error| panic!("{} says nothing: {error}", self.name));
        assert!(!line.is_empty(), "{} ended: {}", self.name, self.said());
        line.trim().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on standard error until now.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(signal(self.id(), name), "{} is gone", self.name);
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub(crate) fn wait(&mut self, time: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        until(time, &what, || self.child.try_wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        if thread::panicking() {
            println!("{} said:\n{}", self.name, self.said());
        }
    }
}

/// Sends a signal by its name to a process of ours; tells whether it was there.
pub(crate) fn signal(id: u32, name: &str) -> bool {
    let mut kill = Command::new("kill");
    let kill = kill.args(["-s", name, &id.to_string()]);
    kill.stderr(Stdio::null()).status().unwrap().success()
}

/// Whether a process is there and not merely waiting to be buried.
fn is_alive(id: u32) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat"))
        .is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}

/// The children of a process that are alive.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    list.unwrap_or_default()
        .split_whitespace()
        .filter_map(|id| id.parse().ok())
        .filter(|id| is_alive(*id))
        .collect()
}

/// The program that a process runs, unless it is gone.
pub(crate) fn program_of(id: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{id}/exe")).ok()
}

fn gather(stream: impl Read, said: &Mutex<String>) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let mut said = said.lock().unwrap();
        said.push_str(&line);
        said.push('\n');
    }
}
