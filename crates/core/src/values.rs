//! The last value of every topic.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::message::Message;
use crate::topic::Topic;

/// The last message of every topic, sorted by topic.
#[derive(Debug, Default)]
pub struct Values {
    by_topic: BTreeMap<Topic, Arc<Message>>,
    bytes: usize,
}

impl Values {
    /// The last message of the topic.
    #[must_use]
    pub fn get(&self, topic: &str) -> Option<&Arc<Message>> {
        self.by_topic.get(topic)
    }

    /// The last messages, sorted by topic.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Message>> {
        self.by_topic.values()
    }

    /// The last messages of the topics after that one, sorted by topic; of all
    /// topics when none is given.
    pub fn after(&self, topic: Option<&str>) -> impl Iterator<Item = &Arc<Message>> {
        let start = topic.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.by_topic.range::<str, _>((start, Bound::Unbounded));
        rest.map(|(_, message)| message)
    }

    /// How many topics there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_topic.len()
    }

    /// Whether there is no topic.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_topic.is_empty()
    }

    /// Bytes of all messages, topics included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn set(&mut self, message: Arc<Message>) {
        self.bytes += message.bytes();
        if let Some(before) = self.by_topic.insert(message.topic.clone(), message) {
            self.bytes -= before.bytes();
        }
    }

    pub(crate) fn remove(&mut self, topic: &str) {
        if let Some(before) = self.by_topic.remove(topic) {
            self.bytes -= before.bytes();
        }
    }
}
