//! Publishes that may come again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::RunTime;
use crate::name::{PublisherMessageId, PublisherName};
use crate::topic::Topic;

/// What makes a publish the repeat of another one: the same id from the same
/// publisher to the same topic. An id alone would make every device that counts
/// from 1 a repeat of the other ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepeatKey {
    /// Where it is published.
    pub topic: Topic,
    /// Who publishes it, when that is said.
    pub from: Option<PublisherName>,
    /// What the publisher calls it.
    pub id: PublisherMessageId,
}

/// The publishes of the last minutes that have an id of their own.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    seen: HashMap<Arc<RepeatKey>, RunTime>,
    oldest_first: VecDeque<(RunTime, Arc<RepeatKey>)>,
    forgotten_early: u64,
}

impl Repeats {
    /// Whether the same was published within the window before `now`.
    pub(crate) fn contains(&self, key: &RepeatKey, now: RunTime, window: Duration) -> bool {
        self.seen
            .get(key)
            .is_some_and(|taken| now.since(*taken) <= window)
    }

    /// Remembers a publish, and forgets those that are older than the window
    /// and, beyond `bound`, the oldest.
    pub(crate) fn insert(
        &mut self,
        key: RepeatKey,
        taken: RunTime,
        window: Duration,
        bound: usize,
    ) {
        let key = Arc::new(key);
        self.seen.insert(Arc::clone(&key), taken);
        self.oldest_first.push_back((taken, key));
        while let Some((oldest, _)) = self.oldest_first.front() {
            let is_early = taken.since(*oldest) <= window;
            if is_early && self.seen.len() <= bound {
                return;
            }
            self.forget_oldest();
            self.forgotten_early += u64::from(is_early);
        }
    }

    /// How many were forgotten before their time because there were too many.
    pub(crate) fn forgotten_early(&self) -> u64 {
        self.forgotten_early
    }

    fn forget_oldest(&mut self) {
        if let Some((taken, key)) = self.oldest_first.pop_front()
            // Published once more after its time was over, it is remembered anew.
            && self.seen.get(&key) == Some(&taken)
        {
            self.seen.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    const WINDOW: Duration = Duration::from_secs(600);

    fn key(topic: &str, from: &str, id: &str) -> RepeatKey {
        let limits = Limits::default();
        RepeatKey {
            topic: Topic::parse(topic, &limits).unwrap(),
            from: PublisherName::parse(from, &limits).ok(),
            id: PublisherMessageId::parse(id, &limits).unwrap(),
        }
    }

    #[test]
    fn a_repeat_is_the_same_id_of_the_same_publisher_on_the_same_topic() {
        let mut repeats = Repeats::default();
        repeats.insert(key("t", "esp", "1"), RunTime(0), WINDOW, 10);
        let is_repeat = |key| repeats.contains(&key, RunTime(600_000), WINDOW);
        assert!(is_repeat(key("t", "esp", "1")));
        for other in [
            key("u", "esp", "1"),
            key("t", "", "1"),
            key("t", "esp", "2"),
        ] {
            assert!(!is_repeat(other));
        }
    }

    #[test]
    fn it_is_no_repeat_after_the_window() {
        let mut repeats = Repeats::default();
        repeats.insert(key("t", "a", "1"), RunTime(0), WINDOW, 10);
        let late = RunTime(600_001);
        assert!(!repeats.contains(&key("t", "a", "1"), late, WINDOW));
        repeats.insert(key("t", "a", "1"), late, WINDOW, 10);
        assert!(repeats.contains(&key("t", "a", "1"), late, WINDOW));
        assert_eq!((repeats.seen.len(), repeats.oldest_first.len()), (1, 1));
        assert_eq!(repeats.forgotten_early(), 0);
    }

    #[test]
    fn the_oldest_is_forgotten_beyond_the_bound_and_counted() {
        let mut repeats = Repeats::default();
        for id in ["1", "2", "3"] {
            repeats.insert(key("t", "a", id), RunTime(1), WINDOW, 2);
        }
        let known = |id| repeats.contains(&key("t", "a", id), RunTime(1), WINDOW);
        assert_eq!((known("1"), known("2"), known("3")), (false, true, true));
        assert_eq!(repeats.forgotten_early(), 1);
    }
}
