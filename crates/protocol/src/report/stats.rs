//! `STATS`: numbers.

use std::time::Duration;

use jiff::tz::TimeZone;
use moustique_core::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::rows::local;
use crate::encoding::Encoding;
use crate::message_json::{LocalTime, encode_json};

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Flow {
    /// Times a second, over the last second.
    pub per_second: f64,
    /// Times a second, over the last minute.
    #[serde(rename = "per_second_last_minute")]
    pub per_second_of_minute: f64,
    /// Times since the start.
    pub total: u64,
}

/// Numbers of a running broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// When it started.
    pub started: Timestamp,
    /// Bytes of real memory that the process takes, where the system tells.
    pub memory: Option<usize>,
    /// Filters of all clients together.
    pub filters: usize,
    /// Tasks that are alive.
    pub tasks: usize,
    /// What a request takes from when it was understood to its answer, but for
    /// pickups that wait.
    pub average_request: Duration,
    /// Topics that have a value.
    pub values: usize,
    /// Clients that are known.
    pub clients: usize,
    /// Publishers that are known.
    pub posters: usize,
    /// Every request.
    pub requests: Flow,
    /// `PICKUP`.
    pub pickups: Flow,
    /// Messages that were stored.
    pub processed: Flow,
    /// `GETVAL` and `GETVALSBYREGEX`.
    pub getvals: Flow,
    /// Messages dropped from full queues.
    pub dropped: u64,
    /// Connections that are open.
    pub connections: usize,
    /// Orders that wait to be stored.
    pub queued_orders: usize,
    /// Bytes that clients have still to get or to let go of.
    pub queued_bytes: usize,
    /// How the last write to the disk went, in a word.
    pub store: &'static str,
    /// Bytes of the database on the disk.
    pub store_bytes: u64,
    /// How often peers ran into each bound, by its name.
    pub bounds: Vec<(&'static str, u64)>,
}

#[derive(Serialize)]
struct StatsJson<'s> {
    started: LocalTime<'s>,
    memory_usage: Option<usize>,
    subscription_count: usize,
    goroutines: usize,
    average_request_time: f64,
    values: usize,
    clients: Clients,
    requests: Requests,
    dropped_total: u64,
    connections: usize,
    queue: Queue,
    store: Store,
    bounds: Bounds<'s>,
}

#[derive(Serialize)]
struct Clients {
    subscribers: usize,
    posters: usize,
}

#[derive(Serialize)]
struct Requests {
    #[serde(flatten)]
    all: Flow,
    pickups: Flow,
    processed: Flow,
    getvals: Flow,
}

#[derive(Serialize)]
struct Queue {
    orders: usize,
    bytes: usize,
}

#[derive(Serialize)]
struct Store {
    state: &'static str,
    bytes: u64,
}

struct Bounds<'s>(&'s [(&'static str, u64)]);

impl Serialize for Bounds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, count) in self.0 {
            map.serialize_entry(name, count)?;
        }
        map.end()
    }
}

/// The body of the answer: a JSON object, encoded like the request. `zone` is the
/// broker's own, for the readable time.
#[must_use]
pub fn stats_reply(stats: &Stats, zone: &TimeZone, encoding: Encoding) -> Vec<u8> {
    let json = StatsJson {
        started: local(stats.started, zone),
        memory_usage: stats.memory,
        subscription_count: stats.filters,
        goroutines: stats.tasks,
        average_request_time: stats.average_request.as_secs_f64() * 1000.0,
        values: stats.values,
        clients: Clients {
            subscribers: stats.clients,
            posters: stats.posters,
        },
        requests: Requests {
            all: stats.requests,
            pickups: stats.pickups,
            processed: stats.processed,
            getvals: stats.getvals,
        },
        dropped_total: stats.dropped,
        connections: stats.connections,
        queue: Queue {
            orders: stats.queued_orders,
            bytes: stats.queued_bytes,
        },
        store: Store {
            state: stats.store,
            bytes: stats.store_bytes,
        },
        bounds: Bounds(&stats.bounds),
    };
    encode_json(&json, encoding)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::vectors::{cases, load, text};
    use serde_json::{Value, json};

    pub(in crate::report) fn stats() -> Stats {
        let flow = |total: u64| Flow {
            per_second: 1.5,
            per_second_of_minute: 0.25,
            total,
        };
        Stats {
            started: Timestamp(1_700_000_000_000),
            memory: Some(9_000_000),
            filters: 4,
            tasks: 8,
            average_request: Duration::from_micros(250),
            values: 7,
            clients: 3,
            posters: 9,
            requests: flow(73),
            pickups: flow(18),
            processed: flow(15),
            getvals: flow(10),
            dropped: 2,
            connections: 5,
            queued_orders: 6,
            queued_bytes: 1_000,
            store: "sound",
            store_bytes: 4_096,
            bounds: vec![("connections", 0), ("regex", 3)],
        }
    }

    /// The recorded keys are all there, and hold what they are called.
    #[test]
    fn numbers_stand_under_their_recorded_names() {
        let reply = stats_reply(&stats(), &TimeZone::UTC, Encoding::Plain);
        let ours: Value = serde_json::from_slice(&reply).unwrap();
        assert_eq!(ours["started"], "2023-11-14 22:13:20");
        assert_eq!(ours["average_request_time"], 0.25);
        assert_eq!(ours["clients"], json!({"subscribers": 3, "posters": 9}));
        assert_eq!(
            ours["requests"]["pickups"],
            json!({"per_second": 1.5, "per_second_last_minute": 0.25, "total": 18})
        );
        assert_eq!(ours["bounds"], json!({"connections": 0, "regex": 3}));
        let file = load("original-replies.json");
        let mut recorded = cases(&file, "cases").iter();
        let recorded = recorded.find(|case| text(case, "id") == "r032").unwrap();
        assert_has_keys_of(&ours, &recorded["reply"]);
    }

    fn assert_has_keys_of(ours: &Value, recorded: &Value) {
        let Some(recorded) = recorded.as_object() else {
            return;
        };
        for (key, value) in recorded {
            assert!(ours.get(key).is_some(), "{key} is not in {ours}");
            assert_has_keys_of(&ours[key], value);
        }
    }
}
