//! The two clocks, as the broker reads them for the rules.

use std::ops::Add;
use std::time::Duration;

/// A wall-clock time in milliseconds since 1970-01-01 UTC. Data only, to be
/// shown: nothing expires by it, because a wall clock may be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// How long the broker has run, over all its starts, in milliseconds.
///
/// Everything expires by this clock. It never goes back; a wall clock that is
/// set does not move it, and it stands still while the broker is not running,
/// so that an absence is held against nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunTime(pub u64);

impl RunTime {
    /// The time since an earlier reading; zero when that is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for RunTime {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

/// Both clocks, read at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The wall clock's time.
    pub time: Timestamp,
    /// How long the broker has run.
    pub run: RunTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_is_rounded_down_too() {
        assert_eq!(Timestamp(1_999).seconds(), 1);
        assert_eq!(Timestamp(-1).seconds(), -1);
    }

    #[test]
    fn run_time_neither_overflows_nor_goes_below_zero() {
        assert_eq!(RunTime(5).since(RunTime(9)), Duration::ZERO);
        assert_eq!(RunTime(9).since(RunTime(5)), Duration::from_millis(4));
        assert_eq!(RunTime(1) + Duration::MAX, RunTime(u64::MAX));
    }
}
