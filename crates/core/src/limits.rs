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
    /// Messages that one client has to get or to let go of. More: the oldest
    /// that waits is dropped, and the client is told.
    pub queue_messages: usize,
    /// Bytes of them. More: the oldest that waits is dropped, and the client is
    /// told.
    pub queue_bytes: usize,
    /// Bytes of them for all clients together. More: the oldest of the longest
    /// queue is dropped, and its client is told.
    pub queues_bytes: usize,
    /// Messages handed over in one pickup. The rest stays.
    pub pickup_messages: usize,
    /// Bytes handed over in one pickup, but always at least one message. The
    /// rest stays.
    pub pickup_bytes: usize,
    /// How long a client may stay silent before it is forgotten with its
    /// filters and its queue. A lease that lasts longer keeps it for that long.
    pub client_silence: Duration,
    /// How long a publish that repeats an earlier one is known as a repeat.
    /// Later: it is a message of its own.
    pub repeat_window: Duration,
    /// Publishes with an id of their own that are remembered to know repeats.
    /// More: the oldest is forgotten, and counted.
    pub repeats: usize,
    /// Publishers whose latest messages are known. More: the one that has been
    /// silent for the longest is forgotten.
    pub publishers: usize,
    /// Topics of one publisher whose latest message is known. More: the one
    /// published to the longest ago is forgotten.
    pub publisher_topics: usize,
    /// Bytes of the latest messages of all publishers. More: the publisher that
    /// has been silent for the longest is forgotten.
    pub publishers_bytes: usize,
    /// How long a publisher may stay silent before it is forgotten.
    pub publisher_silence: Duration,
    /// Length of a regular expression in bytes. Longer: refused.
    pub regex_bytes: usize,
    /// Bytes that a regular expression takes when it is made ready, and again
    /// while it is matched. More: refused, as one that repeats repetitions.
    pub regex_compiled_bytes: usize,
    /// How long one search may look through the topics. Longer: refused.
    pub regex_time: Duration,
    /// Values that one search finds. More: the rest is left out, and the answer
    /// says so.
    pub regex_results: usize,
    /// Bytes of the values that one search finds, but always at least one value.
    /// More: the rest is left out, and the answer says so.
    pub regex_result_bytes: usize,
    /// Searches under way at a time. More: they wait for a turn, and are refused
    /// when none comes.
    pub regex_searches: usize,
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
            repeat_window: Duration::from_secs(10 * 60),
            repeats: 100_000,
            publishers: 10_000,
            publisher_topics: 100,
            publishers_bytes: 64 * MIB,
            publisher_silence: Duration::from_secs(60 * 60),
            regex_bytes: 256,
            regex_compiled_bytes: 256 * KIB,
            regex_time: Duration::from_millis(100),
            regex_results: 1_000,
            regex_result_bytes: 4 * MIB,
            regex_searches: 2,
        }
    }
}
