//! `POSTERS`: who published, and what last.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::tz::TimeZone;
use moustique_core::{Message, Timestamp};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::rows::local;
use crate::encoding::Encoding;
use crate::message_json::{LocalTime, MessageJson, UNKNOWN, encode_json};

/// Somebody who published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PosterRow<'r> {
    /// The name it gave itself; `None` for all who gave none.
    pub name: Option<&'r str>,
    /// Its latest messages, one a topic, sorted by topic.
    pub by_topic: &'r [Arc<Message>],
    /// Its latest message of all.
    pub latest: &'r Message,
    /// When the broker took its first message.
    pub first_seen: Timestamp,
    /// Messages since then.
    pub messages: u64,
}

/// The fields of the wire, in their order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PosterJson<'r> {
    name: &'r str,
    #[serde(rename = "latest_posts_by_topic")]
    by_topic: ByTopic<'r>,
    #[serde(rename = "latest_post")]
    latest: MessageJson<'r>,
    #[serde(rename = "IP")]
    ip: IpAddr,
    first_seen: i64,
    first_seen_nice_datetime: LocalTime<'r>,
    latest_post_time: i64,
    latest_post_nice_datetime: LocalTime<'r>,
    message_count: u64,
}

struct ByTopic<'r> {
    messages: &'r [Arc<Message>],
    zone: &'r TimeZone,
}

impl Serialize for ByTopic<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.messages.len()))?;
        for message in self.messages {
            let json = MessageJson::of_value(message, self.zone);
            map.serialize_entry(message.topic.as_str(), &json)?;
        }
        map.end()
    }
}

/// The body of the answer: a JSON list, encoded like the request. `zone` is the
/// broker's own, for the readable times.
#[must_use]
pub fn posters_reply(rows: &[PosterRow<'_>], zone: &TimeZone, encoding: Encoding) -> Vec<u8> {
    let rows = rows.iter().map(|row| PosterJson {
        name: row.name.unwrap_or(UNKNOWN),
        by_topic: ByTopic {
            messages: row.by_topic,
            zone,
        },
        latest: MessageJson::of_value(row.latest, zone),
        ip: row.latest.address,
        first_seen: row.first_seen.seconds(),
        first_seen_nice_datetime: local(row.first_seen, zone),
        latest_post_time: row.latest.time.seconds(),
        latest_post_nice_datetime: local(row.latest.time, zone),
        message_count: row.messages,
    });
    encode_json(&rows.collect::<Vec<_>>(), encoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use moustique_core::{Limits, MessageId, MessageKind, RunTime, Topic};
    use serde_json::{Value, json};

    #[test]
    fn a_poster_has_its_latest_message_of_each_topic() {
        let message = |id: u64, topic: &str| {
            Arc::new(Message {
                id: MessageId(id),
                time: Timestamp(1_700_000_000_000),
                taken: RunTime(0),
                topic: Topic::parse(topic, &Limits::default()).unwrap(),
                payload: "x".into(),
                from: None,
                address: [192, 0, 2, 7].into(),
                updated_time: 5,
                kind: MessageKind::Published,
            })
        };
        let by_topic = [message(9, "/a"), message(3, "/b")];
        let row = PosterRow {
            name: None,
            by_topic: &by_topic,
            latest: &by_topic[0],
            first_seen: Timestamp(1_600_000_000_000),
            messages: 12,
        };
        let reply = posters_reply(&[row], &TimeZone::UTC, Encoding::Plain);
        let read: Value = serde_json::from_slice(&reply).unwrap();
        let row = &read[0];
        assert_eq!(row["Name"], "UNKNOWN");
        assert_eq!(row["latest_posts_by_topic"]["/b"]["id"], 3);
        assert_eq!(row["latest_post"], row["latest_posts_by_topic"]["/a"]);
        // Never the names of others, to whom it went.
        assert_eq!(row["latest_post"]["subscribers"], json!({}));
        assert_eq!(row["FirstSeenNiceDatetime"], "2020-09-13 12:26:40");
        // What the publisher says of the time is data, not when it was here.
        assert_eq!(row["LatestPostTime"], 1_700_000_000);
        assert_eq!(row["LatestPostNiceDatetime"], "2023-11-14 22:13:20");
        assert_eq!(
            (&row["MessageCount"], &row["IP"]),
            (&json!(12), &json!("192.0.2.7"))
        );
    }
}
