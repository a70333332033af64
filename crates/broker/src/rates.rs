//! From counters to rates, once a second.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::statistics::{Counters, Flow};

/// The time of the longer rate.
const MINUTE: Duration = Duration::from_secs(60);

/// For each [`Flow`] its times a second, over the last second and the last
/// minute.
pub(crate) type Rates = [[f64; 2]; Flow::ALL.len()];

/// What was counted by a moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    totals: [u64; Flow::ALL.len()],
}

/// Turns the counters into rates, once a second.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// A minute of samples, oldest first, and at least one.
    samples: VecDeque<Sample>,
}

impl Sample {
    fn take(counters: &Counters) -> Self {
        Self {
            at: Instant::now(),
            totals: counters.totals(),
        }
    }

    /// Times a second from an earlier sample to this one.
    fn rate_since(&self, earlier: &Self, flow: Flow) -> f64 {
        let of = |sample: &Self| sample.totals.get(flow as usize).copied();
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        match (of(self), of(earlier)) {
            (Some(after), Some(before)) if seconds > 0.0 => (after - before) as f64 / seconds,
            _ => 0.0,
        }
    }
}

impl Sampler {
    pub(crate) fn new(counters: &Counters) -> Self {
        Self {
            samples: [Sample::take(counters)].into(),
        }
    }

    pub(crate) fn sample(&mut self, counters: &Counters) {
        let now = Sample::take(counters);
        // The one that is a minute old stays: the rate is since then.
        while let [_, second, ..] = self.samples.make_contiguous()
            && now.at.duration_since(second.at) >= MINUTE
        {
            self.samples.pop_front();
        }
        if let (Some(oldest), Some(last)) = (self.samples.front(), self.samples.back()) {
            let rates =
                Flow::ALL.map(|flow| [now.rate_since(last, flow), now.rate_since(oldest, flow)]);
            counters.set_rates(&rates);
        }
        self.samples.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Contents;
    use moustique_core::Timestamp;
    use moustique_store::Space;

    fn rates(counters: &Counters, flow: Flow) -> (f64, f64) {
        let statistics = counters.read(Contents::default(), Space::default(), 0);
        let rate = statistics.flows.of(flow);
        (rate.per_second, rate.per_second_of_minute)
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_of_the_time_between_two_samples() {
        let counters = Counters::new(Timestamp(0));
        let mut sampler = Sampler::new(&counters);
        for _ in 0..30 {
            counters.request_answered();
        }
        counters.messages_stored(5);
        tokio::time::advance(Duration::from_secs(2)).await;
        sampler.sample(&counters);
        assert_eq!(rates(&counters, Flow::Requests), (15.0, 15.0));
        assert_eq!(rates(&counters, Flow::Messages), (2.5, 2.5));
        tokio::time::advance(Duration::from_secs(1)).await;
        sampler.sample(&counters);
        assert_eq!(rates(&counters, Flow::Requests), (0.0, 10.0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_slides() {
        let counters = Counters::new(Timestamp(0));
        let mut sampler = Sampler::new(&counters);
        for second in 1..=200 {
            if second <= 100 {
                counters.messages_stored(6);
            }
            tokio::time::advance(Duration::from_secs(1)).await;
            sampler.sample(&counters);
            let expected = match second {
                0..=100 => 6.0,
                101..=160 => 6.0 * f64::from(160 - second) / 60.0,
                _ => 0.0,
            };
            let (_, minute) = rates(&counters, Flow::Messages);
            assert!((minute - expected).abs() < 1e-9, "{second}: {minute}");
            assert!(sampler.samples.len() <= 61);
        }
    }
}
