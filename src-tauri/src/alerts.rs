//! What the user watches for: rules about messages, as plain data that is told
//! of messages and of the time.

mod rule;
mod text;

use std::collections::HashMap;
use std::time::Duration;

use moustique_core::{Filter, Message, Topic};
use tokio::time::Instant;

pub(crate) use self::rule::{Rule, rules};
use self::text::filled_in;

/// Topics that are known of one rule. Of more, nothing is said: what was true of
/// them could not be told from what has become true.
pub(crate) const MAX_TOPICS: usize = 1_000;

/// Time between two looks beyond which the machine was asleep, or as good as:
/// nobody can have been heard in it.
const ASLEEP: Duration = Duration::from_secs(30);

/// What came true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alert {
    /// The name of the rule.
    pub(crate) rule: String,
    /// What the user wants to be told.
    pub(crate) text: String,
}

/// The rules, and what is true of which topic.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    watched: Vec<Watched>,
    looked: Option<Instant>,
}

#[derive(Debug)]
struct Watched {
    rule: Rule,
    topics: HashMap<Topic, Known>,
    /// Whether it was said that there are too many topics.
    is_told: bool,
}

/// What is known of a topic.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// Whether the rule was true the last time. It is said when it becomes so.
    is_true: bool,
    heard: Instant,
}

impl Alerts {
    /// Has other rules hold. Of those that were there before, what is known is
    /// kept: a change of one rule is no news of the others.
    pub(crate) fn change(&mut self, rules: &[Rule], now: Instant) {
        let mut before = std::mem::take(&mut self.watched);
        let watched = rules.iter().map(|rule| {
            match before.iter().position(|watched| watched.rule == *rule) {
                Some(index) => before.swap_remove(index),
                None => Watched::new(rule.clone(), now),
            }
        });
        self.watched = watched.collect();
    }

    /// The filters of all rules.
    pub(crate) fn filters(&self) -> Vec<Filter> {
        let filters = self.watched.iter();
        filters
            .map(|watched| watched.rule.filter().clone())
            .collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// Takes a value that was there before: what is true of it is no news.
    pub(crate) fn remember(&mut self, message: &Message, now: Instant) {
        for watched in self.matching(&message.topic) {
            watched.note(message, now);
        }
    }

    /// Begins anew to wait for whoever is to be heard: while nobody listened,
    /// nobody was silent.
    pub(crate) fn listen_anew(&mut self, now: Instant) {
        for watched in &mut self.watched {
            for known in watched.topics.values_mut() {
                known.heard = now;
            }
        }
        self.looked = Some(now);
    }

    /// Takes a message, and tells what has come true with it.
    pub(crate) fn hear(&mut self, message: &Message, now: Instant) -> Vec<Alert> {
        self.matching(&message.topic)
            .filter_map(|watched| {
                watched
                    .note(message, now)
                    .then(|| watched.alert(message.topic.as_str(), &message.payload))
            })
            .collect()
    }

    /// Looks at the clock, and tells who has become silent.
    pub(crate) fn look(&mut self, now: Instant) -> Vec<Alert> {
        let before = self.looked.replace(now);
        if before.is_some_and(|before| now.duration_since(before) > ASLEEP) {
            self.listen_anew(now);
        }
        let mut alerts = Vec::new();
        for watched in &mut self.watched {
            let Some(longest) = watched.rule.longest_silence() else {
                continue;
            };
            let mut silent = Vec::new();
            for (topic, known) in &mut watched.topics {
                if !known.is_true && now.duration_since(known.heard) >= longest {
                    known.is_true = true;
                    silent.push(topic.clone());
                }
            }
            silent.sort_unstable();
            let said = silent.iter();
            alerts.extend(said.map(|topic| watched.alert(topic.as_str(), "")));
        }
        alerts
    }

    fn matching(&mut self, topic: &Topic) -> impl Iterator<Item = &mut Watched> {
        let watched = self.watched.iter_mut();
        watched.filter(|watched| watched.rule.filter().matches(topic))
    }
}

impl Watched {
    fn new(rule: Rule, now: Instant) -> Self {
        let mut topics = HashMap::new();
        // One that is named may be silent from the beginning.
        if rule.longest_silence().is_some()
            && let Some(topic) = rule.only_topic()
        {
            let known = Known {
                is_true: false,
                heard: now,
            };
            topics.insert(topic, known);
        }
        Self {
            rule,
            topics,
            is_told: false,
        }
    }

    /// Whether the rule becomes true with the message.
    fn note(&mut self, message: &Message, now: Instant) -> bool {
        let is_known = self.topics.contains_key(&message.topic);
        if !is_known && self.topics.len() >= MAX_TOPICS {
            if !std::mem::replace(&mut self.is_told, true) {
                tracing::warn!(
                    "The alert rule '{}' is about more than {MAX_TOPICS} topics, which is the \
                     most: of the others nothing is said.",
                    self.rule.name()
                );
            }
            return false;
        }
        let known = self.topics.entry(Topic::clone(&message.topic));
        let known = known.or_insert(Known {
            is_true: false,
            heard: now,
        });
        known.heard = now;
        let was_true = known.is_true;
        known.is_true = match self.rule.longest_silence() {
            Some(_) => false,
            // What cannot be compared says nothing, neither for nor against.
            None => self.rule.is_true(&message.payload).unwrap_or(was_true),
        };
        known.is_true && !was_true
    }

    fn alert(&self, topic: &str, value: &str) -> Alert {
        Alert {
            rule: self.rule.name().to_owned(),
            text: filled_in(self.rule.text(), topic, value),
        }
    }
}

#[cfg(test)]
mod tests;
