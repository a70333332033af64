//! Every bound of the broker's memory, named once, with its unit.
//!
//! Zero never means unlimited: it means none at all.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What the broker accepts and keeps at most.
///
/// What happens beyond each bound is written at the field; a refusal never
/// changes anything, a drop is always counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of a topic or a filter in bytes. Longer: refused.
    pub topic_bytes: usize,
    /// Levels of a topic or a filter. More: refused.
    pub topic_levels: usize,
    /// Length of a client's or a publisher's name in bytes. Longer: refused.
    pub name_bytes: usize,
    /// Length of a message in bytes. Longer: refused.
    pub message_bytes: usize,
    /// Topics that have a value. More: publishes to new topics are refused.
    pub topics: usize,
    /// Bytes of all last values, topics included. More: publishes that would
    /// grow them are refused.
    pub values_bytes: usize,
    /// Clients that are known. More: subscriptions of new clients are refused.
    pub clients: usize,
    /// Filters one client may have. More: refused.
    pub filters_per_client: usize,
    /// Filters of all clients together. More: refused.
    pub filters: usize,
    /// Messages that wait for one client. More: its oldest is dropped.
    pub queue_messages: usize,
    /// Bytes that wait for one client. More: its oldest is dropped.
    pub queue_bytes: usize,
    /// Bytes that wait for all clients together. More: the oldest of the
    /// longest queue is dropped.
    pub queues_bytes: usize,
    /// Messages handed over in one pickup. The rest stays.
    pub pickup_messages: usize,
    /// Bytes handed over in one pickup, but always at least one message. The
    /// rest stays.
    pub pickup_bytes: usize,
    /// How long a client may stay silent before it is forgotten with its
    /// filters and its queue.
    pub client_silence: Duration,
    /// Messages kept in the log. More: the oldest are pruned.
    pub log_messages: u64,
    /// Age up to which messages are kept in the log. Older: pruned.
    pub log_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            topic_bytes: 512,
            topic_levels: 32,
            name_bytes: 128,
            message_bytes: 256 * KIB,
            topics: 100_000,
            values_bytes: 256 * MIB,
            clients: 10_000,
            filters_per_client: 256,
            filters: 100_000,
            queue_messages: 10_000,
            queue_bytes: 16 * MIB,
            queues_bytes: 256 * MIB,
            pickup_messages: 1_000,
            pickup_bytes: 2 * MIB,
            client_silence: Duration::from_secs(5 * 60),
            log_messages: 100_000,
            log_age: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}
