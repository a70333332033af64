//! Messages, and the JSON they arrive in.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer};

/// The topic of the word by which a broker says that it does not know the
/// client, or no longer, and that it is to subscribe again.
pub const RESUBSCRIBE_TOPIC: &str = "/server/action/resubscribe";

/// A message, as a subscriber gets it or as a topic keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Its place in the broker's log: later messages have greater numbers. A
    /// word from the broker itself has none.
    pub id: Option<u64>,
    /// Where it was published.
    #[serde(default)]
    pub topic: String,
    /// What it says.
    pub message: String,
    /// Who published it; `UNKNOWN` when that was not said.
    #[serde(default)]
    pub from: String,
    /// When, in seconds since 1970-01-01 UTC.
    #[serde(default)]
    pub updated_time: i64,
    /// The address it came from, where the broker tells.
    #[serde(default, rename = "ip", deserialize_with = "address")]
    pub address: Option<IpAddr>,
}

/// A message that was picked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The filter that matched. A message that several filters match arrives
    /// once for each of them.
    pub filter: String,
    /// The message.
    pub message: Message,
}

impl Received {
    /// Whether this is the broker asking the client to subscribe again.
    #[must_use]
    pub fn is_resubscribe(&self) -> bool {
        // A filter of the user's own that matches the topic is not meant.
        self.filter == RESUBSCRIBE_TOPIC && self.message.topic == RESUBSCRIBE_TOPIC
    }
}

/// Reads the reply to a pickup: for each filter, its messages. Returned in the
/// order in which they were published; words from the broker come first.
pub(crate) fn read_pickup(reply: &[u8]) -> Result<Vec<Received>, serde_json::Error> {
    let groups: BTreeMap<String, Vec<Message>> = serde_json::from_slice(reply)?;
    let mut received: Vec<Received> = groups
        .into_iter()
        .flat_map(|(filter, messages)| {
            messages.into_iter().map(move |message| Received {
                filter: filter.clone(),
                message,
            })
        })
        .collect();
    // Stable: the filters of one message stay in their own order.
    received.sort_by_key(|received| received.message.id);
    Ok(received)
}

/// Reads the reply to a question for a value. A value that was put, not
/// published, comes without its topic.
pub(crate) fn read_value(reply: &[u8], key: &str) -> Result<Message, serde_json::Error> {
    let mut message: Message = serde_json::from_slice(reply)?;
    if message.topic.is_empty() {
        key.clone_into(&mut message.topic);
    }
    Ok(message)
}

/// An address; none where the text is none, such as the empty one of a value
/// that was put.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_publishing_over_all_filters() {
        let reply = r##"{
            "b/#": [{"id": 2, "message": "2"}, {"id": 9, "message": "9"}],
            "a": [{"id": 1, "message": "1"}, {"id": 2, "message": "2"}, {"id": 10, "message": "10"}],
            "/server/notification/dropped": [{"message": "3"}]
        }"##;
        let received = read_pickup(reply.as_bytes()).unwrap();
        let order: Vec<_> = received
            .iter()
            .map(|received| (received.message.id, received.filter.as_str()))
            .collect();
        assert_eq!(
            order,
            [
                (None, "/server/notification/dropped"),
                (Some(1), "a"),
                (Some(2), "a"),
                (Some(2), "b/#"),
                (Some(9), "b/#"),
                (Some(10), "a"),
            ]
        );
        assert_eq!(read_pickup(b"{}").unwrap(), []);
    }

    #[test]
    fn all_of_a_message_is_read() {
        let reply = r##"{"#": [{"from":"me","topic":"/t","message":"å\n\"","updated_time":-5,
            "updated_nicedatetime":"","subscribers":{"c":true},"ip":"192.0.2.7","id":7}]}"##;
        let received = read_pickup(reply.as_bytes()).unwrap();
        assert_eq!(
            received,
            [Received {
                filter: "#".into(),
                message: Message {
                    id: Some(7),
                    topic: "/t".into(),
                    message: "å\n\"".into(),
                    from: "me".into(),
                    updated_time: -5,
                    address: Some([192, 0, 2, 7].into()),
                },
            }]
        );
    }

    #[test]
    fn a_value_that_was_put_gets_its_topic_back() {
        let reply = br#"{"from":"me","topic":"","message":"1","updated_time":7,
            "updated_nicedatetime":"","subscribers":null,"ip":"","id":3}"#;
        let message = read_value(reply, "/k").unwrap();
        assert_eq!((message.topic.as_str(), message.address), ("/k", None));
        let published = br#"{"topic":"/k","message":"1"}"#;
        assert_eq!(read_value(published, "/other").unwrap().topic, "/k");
    }

    #[test]
    fn only_the_broker_itself_asks_to_subscribe_again() {
        let word = |filter: &str| {
            let message = format!(r#"{{"topic":"{RESUBSCRIBE_TOPIC}","message":"resubscribe"}}"#);
            let reply = format!(r#"{{"{filter}":[{message}]}}"#);
            read_pickup(reply.as_bytes()).unwrap()[0].is_resubscribe()
        };
        assert!(word(RESUBSCRIBE_TOPIC));
        assert!(!word("#"));
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for reply in ["", "e30=", "[]", "{\"#\":{}}", "{\"#\":[{\"id\":1}]}"] {
            assert!(read_pickup(reply.as_bytes()).is_err(), "{reply}");
        }
        assert!(read_value(b"{}", "/k").is_err());
        assert!(read_value(b"{\"message\":\"\xff\"}", "/k").is_err());
    }
}
