//! What is published.

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::{RunTime, Timestamp};
use crate::name::PublisherName;
use crate::topic::Topic;

/// A message's place in the log. Ids only grow; order of ids is order of
/// commit and of delivery. The first message is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

impl MessageId {
    /// The id after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The id before this one; that of 0, which no message has, is 0.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// What a message does to the value of its topic, and who learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Published: delivered to subscribers and kept as the topic's value.
    Published,
    /// Put: kept as the topic's value; nobody is notified.
    Put,
    /// Notified: delivered to subscribers, and the topic's value stays what it
    /// was.
    Notified,
    /// A tombstone: the topic's value is gone from here on. Nobody is
    /// notified; the log and its readers know.
    Deleted,
}

impl MessageKind {
    /// Whether subscribers get it.
    #[must_use]
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Published | Self::Notified)
    }

    /// Whether it becomes the topic's value.
    #[must_use]
    pub fn is_value(self) -> bool {
        matches!(self, Self::Published | Self::Put)
    }
}

/// A message as it is stored, queued and handed over. Shared by `Arc`, never
/// changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the log.
    pub id: MessageId,
    /// When the broker took it, by the wall clock.
    pub time: Timestamp,
    /// When the broker took it, by the clock that it ages by.
    pub taken: RunTime,
    /// Where it was published.
    pub topic: Topic,
    /// What it says.
    pub payload: Arc<str>,
    /// Who published it, when that was said.
    pub from: Option<PublisherName>,
    /// The address it came from.
    pub address: IpAddr,
    /// The time the publisher gave, in seconds since 1970-01-01 UTC, else the
    /// time the broker took it.
    pub updated_time: i64,
    /// How it came in.
    pub kind: MessageKind,
}

impl Message {
    /// Bytes that count against the bounds of queues and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let from = self.from.as_ref().map_or(0, |name| name.as_str().len());
        self.topic.as_str().len() + self.payload.len() + from
    }
}
