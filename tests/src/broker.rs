//! The headless program, run as a user runs it.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::call::Caller;
use crate::programs::program;

/// The longest a broker may take to say that it serves, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a broker is to be started.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The port, or 0 for any free one.
    pub port: u16,
    /// The address to listen on, as YAML; else loopback.
    pub host: Option<&'static str>,
    /// Sections of the configuration after `server`.
    pub more: String,
    /// A program with its arguments that runs the broker in its own place, so
    /// that the process started is the broker: `strace -D`, `prlimit`.
    pub wrapper: Vec<OsString>,
    /// Variables of its environment.
    pub environment: Vec<(&'static str, OsString)>,
}

/// A broker that ended instead of serving.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it logged.
    pub log: Vec<String>,
}

/// A running broker. Dropping it kills it.
#[derive(Debug)]
pub struct Broker {
    child: Child,
    port: u16,
    log: Receiver<String>,
    log_of_start: Vec<String>,
}

/// A port that was free a moment ago, for a broker that is to come back on
/// the port it had.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Broker {
    /// Starts a broker with its data in the folder; returns when it serves.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &Setup::default())
    }

    /// The same, set up in a special way.
    ///
    /// # Panics
    /// When it ends or stays silent instead.
    #[must_use]
    pub fn start_with(folder: &Path, setup: &Setup) -> Self {
        Self::try_start(folder, setup).unwrap_or_else(|ended| panic!("{ended:#?}"))
    }

    /// The same, where it may as well end instead of serving.
    ///
    /// # Errors
    /// When it ended.
    ///
    /// # Panics
    /// When it does neither.
    pub fn try_start(folder: &Path, setup: &Setup) -> Result<Self, Ended> {
        let config = format!(
            "server:\n  host: {}\n  port: {}\n{}",
            setup.host.unwrap_or("127.0.0.1"),
            setup.port,
            setup.more
        );
        fs::write(folder.join("config.yaml"), config).unwrap();
        let mut line = setup.wrapper.clone();
        line.push(program("moustique").into());
        let mut child = Command::new(&line[0])
            .args(&line[1..])
            .arg("--data-dir")
            .arg(folder)
            .envs(setup.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, log) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // A test that has ended does not read the rest.
                let _ = sender.send(line);
            }
        });
        let mut broker = Self {
            child,
            port: 0,
            log,
            log_of_start: Vec::new(),
        };
        let mut seen = Vec::new();
        match broker.read_until("started: ", &mut seen) {
            Ok(line) => {
                let (_, port) = line.rsplit_once(':').unwrap();
                broker.port = port.parse().unwrap();
                broker.log_of_start = seen;
                Ok(broker)
            }
            Err(RecvTimeoutError::Disconnected) => Err(Ended {
                status: broker.wait(),
                log: seen,
            }),
            Err(RecvTimeoutError::Timeout) => {
                panic!("it neither serves nor ends after {seen:#?}")
            }
        }
    }

    /// Waits for a line of the log that contains the text.
    ///
    /// # Panics
    /// When the log ends or stays silent before it.
    pub fn wait_for_line(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        self.read_until(text, &mut seen)
            .unwrap_or_else(|error| panic!("no line with {text:?} ({error}) after {seen:#?}"))
    }

    fn read_until(
        &mut self,
        text: &str,
        seen: &mut Vec<String>,
    ) -> Result<String, RecvTimeoutError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.log.recv_timeout(left)?;
            if line.contains(text) {
                return Ok(line);
            }
            seen.push(line);
        }
    }

    /// The lines of the log that were not read yet. Call it when the broker
    /// has ended.
    pub fn rest_of_log(&mut self) -> Vec<String> {
        self.log.iter().collect()
    }

    /// What it logged before it served.
    #[must_use]
    pub fn log_of_start(&self) -> &[String] {
        &self.log_of_start
    }

    /// The port it serves.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Calls it, over connections of its own that are kept.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller::new(self.port)
    }

    /// Kills it as a power switch would end a process: it learns nothing.
    pub fn kill(self) {
        self.kill_and_read_log();
    }

    /// The same; returns what it had logged that was not read yet.
    pub fn kill_and_read_log(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.rest_of_log()
    }

    /// Sends a signal by its name, such as `TERM`.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Holds it where it stands: it makes no further step, and no call to the
    /// system returns to it.
    ///
    /// # Panics
    /// When it does not stand still.
    pub fn freeze(&self) {
        self.signal("STOP");
        let deadline = Instant::now() + PATIENCE;
        let status = format!("/proc/{}/status", self.pid());
        // One thread that has stopped has told all others.
        while !fs::read_to_string(&status).unwrap().contains("State:\tT") {
            assert!(Instant::now() < deadline, "it goes on");
        }
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Waits for it to end by itself, but no longer than that: what it logged
    /// until then, and how it ended.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn wait_at_most(&mut self, longest: Duration) -> Ended {
        let deadline = Instant::now() + longest;
        let mut log = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.log.recv_timeout(left) {
                Ok(line) => log.push(line),
                // The log ends with the process.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("not ended in {longest:?}: {log:#?}"),
            }
        }
        Ended {
            status: self.wait(),
            log,
        }
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Panics
    /// When it ends with anything but success.
    pub fn stop(mut self) {
        self.signal("TERM");
        let status = self.wait();
        assert!(status.success(), "{status} {:#?}", self.rest_of_log());
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
