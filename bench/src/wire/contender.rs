//! A server that is measured: started, asked for its costs, killed.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server in a process of its own.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    child: Child,
    port: u16,
    /// From the start of the process to the line that says it serves.
    pub(crate) start: Duration,
    _data: Option<TempDir>,
}

impl Contender {
    /// What the broker is called.
    pub(crate) const BROKER: &str = "moustique";

    pub(crate) fn bare(itself: &Path) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(itself);
        command.arg("bare");
        Self::start("bare hyper", command, None)
    }

    /// The headless broker on a port of its own choice.
    pub(crate) fn broker(program: &Path) -> Result<Self, Box<dyn Error>> {
        Self::broker_in(program, tempfile::tempdir()?)
    }

    /// The same from a program that lets everybody in.
    pub(crate) fn unguarded(program: &Path) -> Result<Self, Box<dyn Error>> {
        let mut broker = Self::broker(program)?;
        broker.name = "unguarded";
        Ok(broker)
    }

    /// The same with the database that is in the folder.
    pub(crate) fn broker_in(program: &Path, data: TempDir) -> Result<Self, Box<dyn Error>> {
        fs::write(
            data.path().join("config.yaml"),
            "server:\n  host: 127.0.0.1\n  port: 0\n\
             limits:\n  requests_per_second_per_peer: 1000000\n",
        )?;
        let mut command = Command::new(program);
        command.arg("--data-dir").arg(data.path());
        Self::start(Self::BROKER, command, Some(data))
            .map_err(|error| format!("{}: {error}", program.display()).into())
    }

    fn start(
        name: &'static str,
        mut command: Command,
        data: Option<TempDir>,
    ) -> Result<Self, Box<dyn Error>> {
        let begun = Instant::now();
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stderr) = child.stderr.take() {
            let mut lines = BufReader::new(stderr);
            // A warning may come before.
            while !line.contains("started: ") {
                line.clear();
                if lines.read_line(&mut line)? == 0 {
                    break;
                }
            }
        }
        let start = begun.elapsed();
        let port = line
            .trim_end()
            .rsplit_once(':')
            .map(|(_, port)| port.parse());
        match port {
            Some(Ok(port)) if line.contains("started: ") => Ok(Self {
                name,
                child,
                port,
                start,
                _data: data,
            }),
            _ => {
                child.kill()?;
                Err(format!("it does not say where it serves, but {line:?}").into())
            }
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Processor time that it has taken until now.
    pub(crate) fn processor_time(&self) -> Result<Duration, Box<dyn Error>> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in parentheses, may contain anything.
        let (_, fields) = stat.rsplit_once(')').ok_or("no process statistics")?;
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        // Linux counts in hundredths of a second for every program.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Memory that is its share of what is in use, in KiB.
    pub(crate) fn memory(&self) -> Result<u64, Box<dyn Error>> {
        let smaps = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let pss = smaps.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib = pss.and_then(|text| text.trim().strip_suffix(" kB"));
        Ok(kib.ok_or("no memory statistics")?.trim().parse()?)
    }

    /// Memory that it has in use or mapped, shared or not, in KiB.
    pub(crate) fn resident(&self) -> Result<u64, Box<dyn Error>> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = rss.and_then(|text| text.trim().strip_suffix(" kB"));
        Ok(kib.ok_or("no memory statistics")?.trim().parse()?)
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
