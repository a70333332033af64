//! How much a step of pruning does.

use std::time::Duration;

/// Messages that a step takes off the log at most ...
const MOST: u32 = 500;

/// ... and at least, however slow the disk is.
const LEAST: u32 = 25;

/// A step that takes longer is too long: nothing can be published during it.
const LONG: Duration = Duration::from_millis(4);

/// A step that takes less may be longer: long ones cost less a message.
const SHORT: Duration = Duration::from_millis(2);

/// Messages that a step takes off the log: it depends on the disk and on how
/// many topics they are of how long that takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    messages: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { messages: 100 }
    }
}

impl Pace {
    /// Messages of the next step.
    pub(crate) fn messages(self) -> u32 {
        self.messages
    }

    /// Notes how long a step took.
    pub(crate) fn note(&mut self, took: Duration) {
        if took > LONG {
            self.messages = (self.messages / 2).max(LEAST);
        } else if took < SHORT {
            self.messages = (self.messages * 5 / 4).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_get_shorter_and_longer_within_bounds() {
        let mut pace = Pace::default();
        pace.note(Duration::from_millis(3));
        assert_eq!(pace, Pace::default());
        for _ in 0..20 {
            pace.note(Duration::from_millis(1));
        }
        assert_eq!(pace.messages(), MOST);
        pace.note(Duration::from_millis(5));
        assert_eq!(pace.messages(), MOST / 2);
        for _ in 0..20 {
            pace.note(Duration::from_millis(5));
        }
        assert_eq!(pace.messages(), LEAST);
    }
}
