//! The two clocks, read in one place.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use moustique_core::{Now, RunTime, Timestamp};

/// How long the broker has run, going on from where its last run ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    before: RunTime,
    started: Instant,
}

impl Clock {
    /// A clock that has run for that long.
    pub(crate) fn start(before: RunTime) -> Self {
        Self {
            before,
            started: Instant::now(),
        }
    }

    /// How long the broker has run.
    pub(crate) fn run(&self) -> RunTime {
        self.before + self.started.elapsed()
    }

    /// Both clocks.
    pub(crate) fn now(&self) -> Now {
        Now {
            time: wall(),
            run: self.run(),
        }
    }

    /// The time from now until the clock shows `until`.
    pub(crate) fn left(&self, until: RunTime) -> Duration {
        until.since(self.run())
    }
}

/// The wall clock's time. A clock that stands before 1970 gives negative times.
fn wall() -> Timestamp {
    let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()),
        Err(before) => i64::try_from(before.duration().as_millis()).map(|millis| -millis),
    };
    Timestamp(millis.unwrap_or(i64::MAX))
}
