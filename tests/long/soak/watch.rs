//! What a process holds, second by second, and whether that grows.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::{Trend, median, trend};

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looks that make one point of a trend: what follows within some seconds hangs
/// together, such as a round of pruning.
const LOOKS: usize = 10;

/// The part of the run that does not count. What is bounded is full after a
/// minute, but the blocks that the allocator keeps free went on growing for up
/// to four minutes of runs of seven and ten.
const WARM_UP: f64 = 0.4;

const KIB_IN_MIB: f64 = 1_024.0;
const SECONDS_IN_HOUR: f64 = 3_600.0;

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    second: f64,
    /// Resident memory in MiB.
    memory: f64,
    /// The part of it that is no file's: the heap and the stacks.
    heap: f64,
    descriptors: f64,
    threads: f64,
}

/// What a process held.
#[derive(Debug)]
pub(crate) struct Watch(Vec<Look>);

impl Watch {
    /// Looks at the process for so long, unless it is enough before.
    pub(crate) fn of(pid: u32, length: Duration, is_enough: impl Fn() -> bool) -> Self {
        let begun = Instant::now();
        let mut looks = Vec::new();
        while begun.elapsed() < length && !is_enough() {
            looks.push(look(pid, begun.elapsed()));
            let next = INTERVAL * u32::try_from(looks.len()).unwrap();
            thread::sleep(next.saturating_sub(begun.elapsed()));
        }
        Self(looks)
    }

    /// How long it was watched, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.last().map_or(0.0, |look| look.second)
    }

    /// How the resident memory grows after the warm-up, in MiB an hour.
    pub(crate) fn memory(&self) -> Trend {
        self.trend(|look| look.memory)
    }

    /// How many descriptors it gets in an hour.
    pub(crate) fn descriptors(&self) -> Trend {
        self.trend(|look| look.descriptors)
    }

    /// How many threads it gets in an hour.
    pub(crate) fn threads(&self) -> Trend {
        self.trend(|look| look.threads)
    }

    fn trend(&self, of: fn(&Look) -> f64) -> Trend {
        let is_cold = |look: &Look| look.second < WARM_UP * self.seconds();
        let warm = self.0.partition_point(is_cold);
        let points: Vec<_> = self.0[warm..]
            .chunks_exact(LOOKS)
            .map(|looks| {
                let mut values: Vec<_> = looks.iter().map(of).collect();
                (looks[0].second / SECONDS_IN_HOUR, median(&mut values))
            })
            .collect();
        trend(&points)
    }

    fn most(&self, of: fn(&Look) -> f64) -> f64 {
        self.0.iter().map(of).fold(0.0, f64::max)
    }
}

impl Display for Watch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Trend { slope, least, most } = self.memory();
        let heap = self.trend(|look| look.heap).slope;
        write!(
            f,
            "memory at most {:.1} MiB, growing by {slope:.2} MiB/h (95 %: {least:.2} to {most:.2}; \
             without files {heap:.2}), descriptors at most {}, threads at most {}",
            self.most(|look| look.memory),
            self.most(|look| look.descriptors),
            self.most(|look| look.threads),
        )
    }
}

fn look(pid: u32, at: Duration) -> Look {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let number = |name: &str| -> f64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {status}"));
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    Look {
        second: at.as_secs_f64(),
        memory: number("VmRSS:") / KIB_IN_MIB,
        heap: number("RssAnon:") / KIB_IN_MIB,
        descriptors: fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as f64,
        threads: number("Threads:"),
    }
}
