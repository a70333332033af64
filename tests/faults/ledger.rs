//! Publishes with a topic each, and what was said of them.

use std::collections::{BTreeMap, BTreeSet};

use moustique_tests::{Caller, Reply};

/// Every publish goes to a topic of its own, so that each can be asked for:
/// `/ledger/7` has the value `7 xxx`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    next: u64,
    /// What follows the number in each message.
    padding: String,
    acknowledged: BTreeMap<String, String>,
    refused: BTreeSet<String>,
}

impl Ledger {
    /// What matches every topic.
    pub(crate) const FILTER: &'static str = "/ledger/+";

    /// A ledger whose messages have that many bytes and a little more.
    pub(crate) fn with_padding(bytes: usize) -> Self {
        Self {
            padding: "x".repeat(bytes),
            ..Self::default()
        }
    }

    /// Publishes once, and notes the answer: 200, or a refusal, which says that
    /// nothing was stored.
    pub(crate) fn publish(&mut self, caller: &Caller) -> Reply {
        let topic = format!("/ledger/{}", self.next);
        let message = format!("{} {}", self.next, self.padding);
        self.next += 1;
        let fields = [("topic", topic.as_str()), ("message", message.as_str())];
        let reply = caller.post("POST", &fields);
        match reply.status {
            200 => {
                self.acknowledged.insert(topic, message);
            }
            503 | 507 => {
                let is_said = reply.body.contains("nothing was stored");
                assert!(is_said, "{reply:?}");
                self.refused.insert(topic);
            }
            _ => panic!("{reply:?}"),
        }
        reply
    }

    pub(crate) fn refusals(&self) -> usize {
        self.refused.len()
    }

    pub(crate) fn acknowledgements(&self) -> usize {
        self.acknowledged.len()
    }

    /// What was acknowledged is there, what was refused is not.
    pub(crate) fn check(&self, caller: &Caller) {
        for (topic, message) in &self.acknowledged {
            assert_eq!(caller.value(topic).as_ref(), Some(message), "{topic}");
        }
        for topic in &self.refused {
            assert_eq!(caller.value(topic), None, "{topic} was refused");
        }
    }

    /// The same of all that waits for a client that subscribed before the
    /// first publish: each message once, in its order.
    pub(crate) fn check_pickups(&self, caller: &Caller, client: &str) {
        let mut picked = Vec::new();
        loop {
            let reply = caller.pickup(client, "0");
            let Some(messages) = reply[Self::FILTER].as_array() else {
                assert_eq!(reply, serde_json::json!({}), "{client} is not known");
                break;
            };
            let text = |field: &serde_json::Value| field.as_str().unwrap().to_owned();
            picked.extend(messages.iter().map(|message| text(&message["topic"])));
        }
        let number = |topic: &str| topic.rsplit_once('/').unwrap().1.parse::<u64>().unwrap();
        let mut expected: Vec<String> = self.acknowledged.keys().cloned().collect();
        expected.sort_by_key(|topic| number(topic));
        assert_eq!(picked, expected);
    }
}
