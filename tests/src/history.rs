//! What writers were told and what a subscriber saw, and whether the two agree.
//!
//! A history is the subscriber's own: messages in the order in which it read
//! them, with marks where something came between. What is checked is what the
//! broker promises:
//!
//! - A publish that was acknowledged is seen (`Lost`).
//! - What was refused, or never sent, is not seen (`Invented`).
//! - A message keeps its id, its topic and its number (`Changed`).
//! - Ids only grow (`Inverted`).
//! - With plain pickups nothing is seen twice (`Repeated`), with one exception.
//!   The broker notes that messages arrived with the batch after their reply
//!   has gone out; when it is killed before, it cannot know that they arrived,
//!   and to hand them over again is the only way to lose nothing. So after a
//!   restart the history may go back to the last [`Event::Confirmed`], and from
//!   there on must be in order again. A subscriber confirms what it has read by
//!   a write of its own that is acknowledged: that write is in the same batch
//!   as the note or in a later one. What a kill makes come again is therefore
//!   one reply at most for a subscriber that writes after each.
//! - With leases, after a restart everything may come again, and what was out
//!   under a lease when the broker was killed may come again later, when that
//!   lease ends: the history may go back once more for each restart.

use std::collections::{BTreeMap, BTreeSet};

/// How often a message may be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Plain pickups.
    Once,
    /// Pickups with a lease.
    AtLeastOnce,
}

/// What writers did under one topic, each publish with a number of its own.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Numbers that were acknowledged.
    pub acknowledged: BTreeSet<u64>,
    /// Numbers that got no answer: they may be stored or not.
    pub unanswered: BTreeSet<u64>,
    /// Numbers that were refused: they are not stored.
    pub refused: BTreeSet<u64>,
}

impl Written {
    /// A number above all that were sent.
    #[must_use]
    pub fn next(&self) -> u64 {
        let last = |numbers: &BTreeSet<u64>| numbers.last().copied();
        let used = [&self.acknowledged, &self.unanswered, &self.refused];
        used.into_iter().filter_map(last).max().unwrap_or(0) + 1
    }

    /// What the value of the topic is not: older than the last number that was
    /// acknowledged, or none that may be stored.
    #[must_use]
    pub fn contradicts(&self, value: Option<u64>) -> bool {
        let last = self.acknowledged.last().copied();
        value != last && (value < last || !value.is_some_and(|n| self.unanswered.contains(&n)))
    }

    fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unanswered.extend(other.unanswered);
        self.refused.extend(other.refused);
    }
}

/// What writers did, by topic.
pub type Topics = BTreeMap<String, Written>;

/// Takes over what writers did later.
pub fn add(topics: &mut Topics, later: Topics) {
    for (topic, written) in later {
        topics.entry(topic).or_default().add(written);
    }
}

/// One thing in the life of a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It read a message.
    Saw {
        /// The id that the broker gave it.
        id: u64,
        /// The topic.
        topic: String,
        /// The number in it.
        number: u64,
    },
    /// A write that followed what it had read was acknowledged.
    Confirmed,
    /// The broker was killed and started again.
    Restarted,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Acknowledged and never seen.
    Lost {
        /// The topic.
        topic: String,
        /// The number.
        number: u64,
    },
    /// Seen and neither acknowledged nor left without an answer.
    Invented {
        /// The id.
        id: u64,
        /// The topic.
        topic: String,
        /// The number.
        number: u64,
    },
    /// Seen again where that is not allowed.
    Repeated {
        /// The id.
        id: u64,
    },
    /// Seen for the first time after a later one.
    Inverted {
        /// The id.
        id: u64,
        /// The id that was seen before it.
        after: u64,
    },
    /// One id for two messages, or two ids for one.
    Changed {
        /// The id.
        id: u64,
    },
}

/// Every promise that a history breaks.
#[must_use]
pub fn faults(written: &Topics, history: &[Event], delivery: Delivery) -> Vec<Fault> {
    let mut faults = Vec::new();
    // The last id read; what comes next must be above.
    let mut position = 0;
    // Where the broker may go back to when it starts again.
    let mut confirmed = 0;
    // Leases that may have outlived a restart.
    let mut leases = 0;
    let mut by_id: BTreeMap<u64, (&str, u64)> = BTreeMap::new();
    let mut by_message: BTreeMap<(&str, u64), u64> = BTreeMap::new();
    for event in history {
        match event {
            Event::Confirmed => confirmed = position,
            Event::Restarted if delivery == Delivery::Once => position = confirmed,
            Event::Restarted => {
                position = 0;
                leases += 1;
            }
            Event::Saw { id, topic, number } => {
                let (id, message) = (*id, (topic.as_str(), *number));
                if !is_known(written, topic, *number) {
                    let (topic, number) = (topic.clone(), *number);
                    faults.push(Fault::Invented { id, topic, number });
                }
                let was_seen = by_id.contains_key(&id);
                let same_message = *by_id.entry(id).or_insert(message) == message;
                let same_id = *by_message.entry(message).or_insert(id) == id;
                if !same_message || !same_id {
                    faults.push(Fault::Changed { id });
                }
                if id > position {
                    position = id;
                } else if leases > 0 {
                    leases -= 1;
                    position = id;
                } else if was_seen {
                    faults.push(Fault::Repeated { id });
                } else {
                    let after = position;
                    faults.push(Fault::Inverted { id, after });
                }
            }
        }
    }
    for (topic, written) in written {
        let lost = written.acknowledged.iter();
        let lost = lost.filter(|number| !by_message.contains_key(&(topic.as_str(), **number)));
        faults.extend(lost.map(|number| Fault::Lost {
            topic: topic.clone(),
            number: *number,
        }));
    }
    faults
}

/// Ends the test with the first faults of a history, if it has any.
///
/// # Panics
/// When a promise is broken.
pub fn assert_kept(written: &Topics, history: &[Event], delivery: Delivery) {
    let faults = faults(written, history, delivery);
    let first: Vec<_> = faults.iter().take(20).collect();
    assert!(faults.is_empty(), "{} faults: {first:?} ...", faults.len());
}

fn is_known(written: &Topics, topic: &str, number: u64) -> bool {
    written.get(topic).is_some_and(|written| {
        written.acknowledged.contains(&number) || written.unanswered.contains(&number)
    })
}

#[cfg(test)]
mod tests;
