//! What is published.

use std::net::IpAddr;
use std::sync::Arc;

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
}

/// A wall-clock time in milliseconds since 1970-01-01 UTC. Data only: nothing
/// expires by it but the log's age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// How a message came in, which decides who learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Published: delivered to subscribers and kept as the topic's value.
    Published,
    /// Put: kept as the topic's value; nobody is notified.
    Put,
}

/// A message as it is stored, queued and handed over. Shared by `Arc`, never
/// changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the log.
    pub id: MessageId,
    /// When the broker took it.
    pub time: Timestamp,
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
