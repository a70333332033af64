//! `GETVAL`: read a topic's last value.

use jiff::tz::TimeZone;
use moustique_core::{Limits, Message, Topic};

use crate::encoding::Encoding;
use crate::fields::Fields;
use crate::message_json::{MessageJson, encode_json};
use crate::rejection::Rejection;
use crate::verb::Verb;

/// A question for a topic's last value. Without one, the answer is
/// [`Rejection::NoValue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetVal {
    /// Of which topic.
    pub topic: Topic,
}

impl GetVal {
    /// Reads `topic`.
    ///
    /// # Errors
    /// When it is missing or breaks a rule.
    pub fn decode(fields: &Fields<'_>, limits: &Limits) -> Result<Self, Rejection> {
        Ok(Self {
            topic: fields.topic(Verb::GetVal, "topic", limits)?,
        })
    }

    /// The body of the answer: the message as JSON, encoded like the request.
    /// `zone` is the broker's own, for the readable time.
    #[must_use]
    pub fn reply(message: &Message, zone: &TimeZone, encoding: Encoding) -> Vec<u8> {
        encode_json(&MessageJson::of_value(message, zone), encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moustique_core::{MessageId, MessageKind, Timestamp};

    #[test]
    fn the_reply_is_the_message_encoded_like_the_request() {
        let message = Message {
            id: MessageId(1),
            time: Timestamp(0),
            taken: moustique_core::RunTime(0),
            topic: Topic::parse("/t", &Limits::default()).unwrap(),
            payload: "åäö".into(),
            from: None,
            address: [127, 0, 0, 1].into(),
            updated_time: 0,
            kind: MessageKind::Published,
        };
        let reply = |encoding| {
            let reply = GetVal::reply(&message, &TimeZone::UTC, encoding);
            String::from_utf8(reply).unwrap()
        };
        let plain = reply(Encoding::Plain);
        assert!(
            plain.contains(r#""message":"åäö","updated_time":0,"#),
            "{plain}"
        );
        for encoding in [Encoding::Classic, Encoding::Inner] {
            assert_eq!(encoding.decode(&reply(encoding)).unwrap(), plain);
        }
    }
}
