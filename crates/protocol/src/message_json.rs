//! A message as the JSON that clients read.
//!
//! The text is written field by field, in the order of the recorded replies,
//! without a tree in between.

use std::fmt;
use std::net::IpAddr;

use jiff::tz::TimeZone;
use moustique_core::{ClientName, Message, MessageId, MessageKind, Timestamp};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::encoding::Encoding;

/// Bytes that nearly every message fits in, so that its text is not moved as
/// it grows.
pub(crate) const USUAL_JSON: usize = 512;

/// The name of a publisher that gave none.
pub(crate) const UNKNOWN: &str = "UNKNOWN";

/// A word from the broker itself. It is no part of the log, so it has no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemMessage<'m> {
    /// Its topic, below `/server/`.
    pub topic: &'m str,
    /// What it says.
    pub message: &'m str,
    /// When.
    pub time: Timestamp,
    /// The address of the client it is for.
    pub address: IpAddr,
}

impl<'m> SystemMessage<'m> {
    /// Tells a client how many of its messages were dropped, as a number,
    /// because its queue was full.
    #[must_use]
    pub fn dropped(count: &'m str, time: Timestamp, address: IpAddr) -> Self {
        Self {
            topic: "/server/notification/dropped",
            message: count,
            time,
            address,
        }
    }
}

impl SystemMessage<'static> {
    /// Tells a client that the broker does not know it: it is to subscribe
    /// again, which clients then do by themselves.
    #[must_use]
    pub fn resubscribe(time: Timestamp, address: IpAddr) -> Self {
        Self {
            topic: "/server/action/resubscribe",
            message: "resubscribe",
            time,
            address,
        }
    }
}

/// The fields of the wire, in their order.
#[derive(Serialize)]
pub(crate) struct MessageJson<'m> {
    from: &'m str,
    topic: &'m str,
    message: &'m str,
    updated_time: i64,
    updated_nicedatetime: LocalTime<'m>,
    subscribers: Subscribers<'m>,
    ip: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "is_zero")]
    redelivered: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks it so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl<'m> MessageJson<'m> {
    /// A message on its way to a client that subscribed to it.
    pub(crate) fn of_delivery(
        message: &'m Message,
        receiver: &'m ClientName,
        zone: &'m TimeZone,
        redelivered: u32,
    ) -> Self {
        Self {
            subscribers: Subscribers::Receiver(receiver.as_str()),
            redelivered,
            ..Self::of_value(message, zone)
        }
    }

    /// A message as a topic's last value. One that was put, not published,
    /// shows neither topic nor subscribers nor address.
    pub(crate) fn of_value(message: &'m Message, zone: &'m TimeZone) -> Self {
        let (topic, subscribers, ip) = match message.kind {
            MessageKind::Published | MessageKind::Notified => (
                message.topic.as_str(),
                Subscribers::Nobody,
                Address(Some(message.address)),
            ),
            MessageKind::Put | MessageKind::Deleted => ("", Subscribers::Absent, Address(None)),
        };
        let MessageId(id) = message.id;
        Self {
            from: message.from.as_ref().map_or(UNKNOWN, |from| from.as_str()),
            topic,
            message: &message.payload,
            updated_time: message.updated_time,
            updated_nicedatetime: LocalTime {
                seconds: message.updated_time,
                zone,
            },
            subscribers,
            ip,
            id: Some(id),
            redelivered: 0,
        }
    }

    pub(crate) fn of_system(message: &SystemMessage<'m>, zone: &'m TimeZone) -> Self {
        let seconds = message.time.seconds();
        Self {
            from: "SERVER",
            topic: message.topic,
            message: message.message,
            updated_time: seconds,
            updated_nicedatetime: LocalTime { seconds, zone },
            subscribers: Subscribers::Nobody,
            ip: Address(Some(message.address)),
            id: None,
            redelivered: 0,
        }
    }
}

/// Who receives a message: never more than the one who asks.
enum Subscribers<'m> {
    Absent,
    Nobody,
    Receiver(&'m str),
}

impl Serialize for Subscribers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let receiver = match self {
            Self::Absent => return serializer.serialize_unit(),
            Self::Nobody => None,
            Self::Receiver(receiver) => Some(receiver),
        };
        let mut map = serializer.serialize_map(Some(receiver.iter().count()))?;
        if let Some(receiver) = receiver {
            map.serialize_entry(receiver, &true)?;
        }
        map.end()
    }
}

/// An address, or an empty text for none.
struct Address(Option<IpAddr>);

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(address) => address.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS` in the zone's time, or nothing for a time that has no
/// such form: a publisher may give any number.
pub(crate) struct LocalTime<'m> {
    pub(crate) seconds: i64,
    pub(crate) zone: &'m TimeZone,
}

impl LocalTime<'_> {
    fn digits(&self) -> Option<[u8; 19]> {
        let timestamp = jiff::Timestamp::from_second(self.seconds).ok()?;
        let time = self.zone.to_datetime(timestamp);
        let date = [time.year(), time.month().into(), time.day().into()];
        let clock = [time.hour(), time.minute(), time.second()].map(i16::from);
        let mut numbers = date.into_iter().chain(clock).map(u16::try_from);
        // Every message has such a time, and the general formatter takes longer
        // over six padded numbers than the rest of the message does.
        let mut text = *b"0000-00-00 00:00:00";
        for slot in text.split_mut(|byte| !byte.is_ascii_digit()) {
            let mut number = numbers.next()?.ok()?;
            for digit in slot.iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        Some(text)
    }
}

impl fmt::Display for LocalTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let text = digits
            .as_ref()
            .and_then(|digits| std::str::from_utf8(digits).ok());
        f.write_str(text.unwrap_or_default())
    }
}

impl Serialize for LocalTime<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Appends the JSON text of a value.
pub(crate) fn write_json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Fails only when the writer does, and a vector does not, or when a key of
    // an object is no string, and every one here is.
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}

/// The JSON text of a value, encoded.
pub(crate) fn encode_json<T: Serialize + ?Sized>(value: &T, encoding: Encoding) -> Vec<u8> {
    let mut json = Vec::with_capacity(USUAL_JSON);
    write_json(value, &mut json);
    encode_text(json, encoding)
}

/// Encodes a text that is no longer needed otherwise.
pub(crate) fn encode_text(text: Vec<u8>, encoding: Encoding) -> Vec<u8> {
    if encoding == Encoding::Plain {
        return text;
    }
    let mut encoded = Vec::new();
    encoding.encode(&text, &mut encoded);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use moustique_core::{Limits, PublisherName, Topic};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn message(kind: MessageKind) -> Message {
        let limits = Limits::default();
        Message {
            id: MessageId(7),
            time: Timestamp(1_700_000_001_999),
            taken: moustique_core::RunTime(0),
            topic: Topic::parse("/a/b", &limits).unwrap(),
            payload: "hello".into(),
            from: Some(PublisherName::parse("tester", &limits).unwrap()),
            address: [127, 0, 0, 1].into(),
            updated_time: 1_700_000_000,
            kind,
        }
    }

    fn receiver() -> ClientName {
        ClientName::parse("c1", &Limits::default()).unwrap()
    }

    fn text(json: &MessageJson<'_>) -> String {
        let mut out = Vec::new();
        write_json(json, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_delivery_names_its_receiver_alone() {
        let (message, receiver) = (message(MessageKind::Published), receiver());
        assert_eq!(
            text(&MessageJson::of_delivery(
                &message,
                &receiver,
                &TimeZone::UTC,
                0
            )),
            r#"{"from":"tester","topic":"/a/b","message":"hello","updated_time":1700000000,"updated_nicedatetime":"2023-11-14 22:13:20","subscribers":{"c1":true},"ip":"127.0.0.1","id":7}"#
        );
    }

    #[test]
    fn a_published_value_names_nobody() {
        let message = message(MessageKind::Published);
        assert_eq!(
            text(&MessageJson::of_value(&message, &TimeZone::UTC)),
            r#"{"from":"tester","topic":"/a/b","message":"hello","updated_time":1700000000,"updated_nicedatetime":"2023-11-14 22:13:20","subscribers":{},"ip":"127.0.0.1","id":7}"#
        );
    }

    #[test]
    fn a_put_value_shows_neither_topic_nor_address() {
        let message = Message {
            from: None,
            ..message(MessageKind::Put)
        };
        assert_eq!(
            text(&MessageJson::of_value(&message, &TimeZone::UTC)),
            r#"{"from":"UNKNOWN","topic":"","message":"hello","updated_time":1700000000,"updated_nicedatetime":"2023-11-14 22:13:20","subscribers":null,"ip":"","id":7}"#
        );
    }

    #[test]
    fn a_word_from_the_broker_has_no_id() {
        let address = "fe80::1".parse().unwrap();
        let message = SystemMessage::resubscribe(Timestamp(1_700_000_001_999), address);
        assert_eq!(
            text(&MessageJson::of_system(&message, &TimeZone::UTC)),
            r#"{"from":"SERVER","topic":"/server/action/resubscribe","message":"resubscribe","updated_time":1700000001,"updated_nicedatetime":"2023-11-14 22:13:21","subscribers":{},"ip":"fe80::1"}"#
        );
    }

    #[test]
    fn the_readable_time_is_local_and_any_number_is_survived() {
        let time = |seconds, zone: &TimeZone| {
            let json = serde_json::to_value(LocalTime { seconds, zone }).unwrap();
            json.as_str().unwrap().to_owned()
        };
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(time(1_700_000_000, &east), "2023-11-15 00:13:20");
        assert_eq!(time(-1, &TimeZone::UTC), "1969-12-31 23:59:59");
        assert_eq!(time(253_370_764_800, &TimeZone::UTC), "9999-01-01 00:00:00");
        // The years 0 and -1, and what no calendar here reaches.
        assert_eq!(time(-62_167_219_200, &TimeZone::UTC), "0000-01-01 00:00:00");
        assert_eq!(time(-62_167_219_201, &TimeZone::UTC), "");
        for seconds in [i64::MIN, i64::MAX, 1_700_000_000_000, -1_700_000_000_000] {
            assert_eq!(time(seconds, &east), "", "{seconds}");
        }
    }

    #[test]
    fn summer_time_is_the_zones() {
        let rules = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let time = |seconds| {
            let zone = &rules;
            serde_json::to_value(LocalTime { seconds, zone }).unwrap()
        };
        assert_eq!(time(1_711_846_799), "2024-03-31 01:59:59");
        assert_eq!(time(1_711_846_800), "2024-03-31 03:00:00");
    }

    proptest! {
        #[test]
        fn any_text_and_number_is_read_back(
            payload in any::<String>(),
            topic in "[^+#\\pC]{1,40}",
            from in prop::option::of("\\PC{1,20}"),
            updated_time in any::<i64>(),
        ) {
            let limits = Limits::default();
            let message = Message {
                topic: Topic::parse(&topic, &limits).unwrap(),
                payload: payload.as_str().into(),
                from: from.as_ref().map(|from| PublisherName::parse(from, &limits).unwrap()),
                updated_time,
                ..message(MessageKind::Published)
            };
            let receiver = receiver();
            let json = text(&MessageJson::of_delivery(&message, &receiver, &TimeZone::UTC, 0));
            let mut read: Value = serde_json::from_str(&json).unwrap();
            let nice = read["updated_nicedatetime"].take();
            prop_assert!(matches!(nice.as_str().unwrap().len(), 0 | 19));
            prop_assert_eq!(read, json!({
                "from": from.unwrap_or_else(|| "UNKNOWN".to_owned()),
                "topic": topic,
                "message": payload,
                "updated_time": updated_time,
                "updated_nicedatetime": null,
                "subscribers": {"c1": true},
                "ip": "127.0.0.1",
                "id": 7,
            }));
        }
    }
}
