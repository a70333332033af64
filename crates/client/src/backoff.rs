//! Pauses that double.

use std::time::Duration;

/// The pause before the next attempt: as long as the last one twice over,
/// between two bounds.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    shortest: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(shortest: Duration, longest: Duration) -> Self {
        Self {
            shortest,
            longest,
            next: shortest,
        }
    }

    /// The pause after one more failure.
    pub(crate) fn failed(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }

    /// Begins anew. Returns whether there was a failure before.
    pub(crate) fn succeeded(&mut self) -> bool {
        let had_failed = self.next != self.shortest;
        self.next = self.shortest;
        had_failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{LONGEST_PAUSE, SHORTEST_PAUSE};

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(SHORTEST_PAUSE, LONGEST_PAUSE);
        let mut pauses = |count: usize| -> Vec<f64> {
            let pauses = (0..count).map(|_| backoff.failed().as_secs_f64()).collect();
            assert!(backoff.succeeded());
            assert!(!backoff.succeeded());
            pauses
        };
        assert_eq!(pauses(6), [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]);
        assert_eq!(pauses(2), [0.5, 1.0]);
    }
}
