//! How often something is shown, as plain data with the time for an argument.

use std::time::Duration;

use moustique_monitor::Problem;
use tokio::time::Instant;

use super::words;
use super::{News, Notification};
use crate::alerts::Alert;

/// The least time between two notifications. What comes in between is shown as
/// one, after it.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// Devices and alerts of which the words are kept; of more, the number alone.
pub(super) const KEPT: usize = 3;

/// Lets through what may be shown, and holds back the rest.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    shown: Option<Instant>,
    held: Held,
}

/// What was held back: as much as is shown of it, so that a flood takes no more
/// room than a drop.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// The latest one: of an earlier one nothing is left to be done.
    pub(super) failure: Option<Problem>,
    pub(super) crashed: bool,
    pub(super) devices: Several<String>,
    pub(super) alerts: Several<Alert>,
    pub(super) stays_in_tray: bool,
}

/// The first ones of many, and how many there are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Several<T> {
    pub(super) first: Vec<T>,
    pub(super) count: usize,
}

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self {
            first: Vec::new(),
            count: 0,
        }
    }
}

impl<T> Several<T> {
    fn add(&mut self, one: T) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(one);
        }
    }
}

impl Held {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Limiter {
    pub(super) fn add(&mut self, news: News) {
        match news {
            News::Failed(problem) => self.held.failure = Some(problem),
            News::Crashed => self.held.crashed = true,
            News::NewDevice(device) => self.held.devices.add(device),
            News::Alert(alert) => self.held.alerts.add(alert),
            News::StaysInTray => self.held.stays_in_tray = true,
        }
    }

    /// When the next notification may be shown; `None` when there is none.
    pub(super) fn due(&self) -> Option<Instant> {
        let pause_ends = self.shown.map(|shown| shown + PAUSE);
        (!self.held.is_empty()).then(|| pause_ends.unwrap_or_else(Instant::now))
    }

    /// The notification that may be shown now.
    pub(super) fn take(&mut self, now: Instant) -> Option<Notification> {
        let is_pause = self.shown.is_some_and(|shown| now < shown + PAUSE);
        if is_pause || self.held.is_empty() {
            return None;
        }
        self.shown = Some(now);
        Some(words::notification(std::mem::take(&mut self.held)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str) -> News {
        News::NewDevice(name.into())
    }

    fn alert(rule: &str) -> News {
        News::Alert(Alert {
            rule: rule.into(),
            text: "text".into(),
        })
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_is_shown_at_once_and_the_rest_as_one() {
        let begun = Instant::now();
        let mut limiter = Limiter::default();
        assert_eq!((limiter.due(), limiter.take(begun)), (None, None));
        limiter.add(device("a"));
        assert!(limiter.due().is_some_and(|due| due <= Instant::now()));
        assert_eq!(limiter.take(begun).unwrap().title, "New device");
        assert_eq!(limiter.due(), None);

        for name in ["a", "b", "c", "d"] {
            limiter.add(device(name));
        }
        limiter.add(alert("hot"));
        assert_eq!(limiter.due(), Some(begun + PAUSE));
        assert_eq!(limiter.take(begun + seconds(9)), None);
        let summary = limiter.take(begun + seconds(10)).unwrap();
        assert_eq!(
            summary.body,
            "hot: text\n4 new devices: a, b, c and 1 other"
        );
        assert_eq!(limiter.take(begun + seconds(60)), None);
    }

    #[test]
    fn a_flood_is_one_notification_in_ten_seconds_and_takes_no_room() {
        let begun = Instant::now();
        let mut limiter = Limiter::default();
        let mut shown = Vec::new();
        for millisecond in 0..60_000 {
            let now = begun + Duration::from_millis(millisecond);
            limiter.add(device(&millisecond.to_string()));
            limiter.add(alert("hot"));
            shown.extend(limiter.take(now).map(|_| millisecond));
            assert!(limiter.held.devices.first.len() <= KEPT);
            assert!(limiter.held.alerts.first.len() <= KEPT);
        }
        assert_eq!(shown, [0, 10_000, 20_000, 30_000, 40_000, 50_000]);
    }

    #[test]
    fn what_came_while_the_machine_slept_is_one_notification() {
        let begun = Instant::now();
        let mut limiter = Limiter::default();
        limiter.add(device("a"));
        limiter.take(begun);
        limiter.add(device("b"));
        limiter.add(device("c"));
        let woken = begun + seconds(8 * 60 * 60);

        assert_eq!(limiter.take(woken).unwrap().title, "2 new devices");
        limiter.add(device("d"));
        assert_eq!(limiter.take(woken), None);
        assert_eq!(limiter.due(), Some(woken + PAUSE));
    }
}
