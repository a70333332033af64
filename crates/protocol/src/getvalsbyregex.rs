//! `GETVALSBYREGEX`: read the last values of the topics in which a regular
//! expression is found.

use std::sync::Arc;

use jiff::tz::TimeZone;
use moustique_core::Message;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::encoding::Encoding;
use crate::fields::Fields;
use crate::message_json::{MessageJson, encode_json};
use crate::rejection::Rejection;
use crate::verb::Verb;

/// A question for the last values of the topics in which a regular expression is
/// found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetValsByRegex {
    /// The regular expression, of which nothing has been checked yet. The field
    /// is called `topic`. An empty one is found in every topic.
    pub pattern: String,
}

impl GetValsByRegex {
    /// Reads `topic`.
    ///
    /// # Errors
    /// When it is missing.
    pub fn decode(fields: &Fields<'_>) -> Result<Self, Rejection> {
        let pattern = fields.require(Verb::GetValsByRegex, "topic")?.to_owned();
        Ok(Self { pattern })
    }

    /// The body of the answer: a JSON object, topic to message, in the order
    /// given, encoded like the request. `zone` is the broker's own, for the
    /// readable times.
    #[must_use]
    pub fn reply(messages: &[Arc<Message>], zone: &TimeZone, encoding: Encoding) -> Vec<u8> {
        encode_json(&Values { messages, zone }, encoding)
    }
}

struct Values<'m> {
    messages: &'m [Arc<Message>],
    zone: &'m TimeZone,
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.messages.len()))?;
        for message in self.messages {
            let json = MessageJson::of_value(message, self.zone);
            map.serialize_entry(message.topic.as_str(), &json)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moustique_core::{Limits, MessageId, MessageKind, RunTime, Timestamp, Topic};

    #[test]
    fn values_stand_under_their_topics_in_their_order() {
        let message = |topic: &str, kind| {
            Arc::new(Message {
                id: MessageId(1),
                time: Timestamp(0),
                taken: RunTime(0),
                topic: Topic::parse(topic, &Limits::default()).unwrap(),
                payload: "å".into(),
                from: None,
                address: [127, 0, 0, 1].into(),
                updated_time: 0,
                kind,
            })
        };
        let found = [
            message("/b\"", MessageKind::Put),
            message("/a", MessageKind::Published),
        ];
        let plain = GetValsByRegex::reply(&found, &TimeZone::UTC, Encoding::Plain);
        let plain = String::from_utf8(plain).unwrap();
        assert!(plain.starts_with(r#"{"/b\"":{"from":"UNKNOWN","topic":"","message":"å","#));
        assert!(plain.contains(r#","/a":{"from":"UNKNOWN","topic":"/a","#));
        for encoding in [Encoding::Classic, Encoding::Inner] {
            let reply = GetValsByRegex::reply(&found, &TimeZone::UTC, encoding);
            let reply = String::from_utf8(reply).unwrap();
            assert_eq!(encoding.decode(&reply).unwrap(), plain);
        }
        assert_eq!(
            GetValsByRegex::reply(&[], &TimeZone::UTC, Encoding::Plain),
            b"{}"
        );
    }
}
