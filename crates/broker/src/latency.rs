//! How long something takes, counted in buckets without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the buckets, in microseconds. One more bucket has what is
/// longer.
const ENDS: [u64; 19] = [
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    60_000_000,
    600_000_000,
    3_600_000_000,
];

/// How long something took, each time since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    counts: [u64; ENDS.len() + 1],
    sum_micros: u64,
}

impl Latency {
    /// The upper end of each bucket in seconds, with how many took no longer.
    /// What took longer than the last of them is in [`Latency::count`] alone.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let ends = ENDS.iter().map(|end| *end as f64 / 1e6);
        ends.zip(self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all took together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros)
    }
}

/// The counters behind [`Latency`].
#[derive(Debug, Default)]
pub(crate) struct LatencyCounters {
    counts: [AtomicU64; ENDS.len() + 1],
    sum_micros: AtomicU64,
}

impl LatencyCounters {
    pub(crate) fn observe(&self, taken: Duration) {
        let micros = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX);
        let bucket = ENDS.partition_point(|end| *end < micros);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Latency {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Latency {
            counts: self.counts.each_ref().map(load),
            sum_micros: load(&self.sum_micros),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_in_the_bucket_it_fits_in() {
        let counters = LatencyCounters::default();
        for micros in [0, 100, 101, 2_500, 7_200_000_000] {
            counters.observe(Duration::from_micros(micros));
        }
        let latency = counters.read();
        let counts: Vec<_> = latency.cumulative().take(5).collect();
        assert_eq!(
            counts,
            [
                (0.000_1, 2),
                (0.000_25, 3),
                (0.000_5, 3),
                (0.001, 3),
                (0.002_5, 4)
            ]
        );
        assert_eq!(latency.cumulative().last(), Some((3_600.0, 4)));
        assert_eq!(latency.count(), 5);
        assert_eq!(latency.sum(), Duration::from_micros(7_200_002_701));
    }
}
