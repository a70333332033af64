//! A message as the plain API shows it, and as it is told to publish one.

use std::net::IpAddr;

use moustique_core::{Draft, Limits, Message, MessageKind, PublisherMessageId, PublisherName};
use moustique_protocol::{Excerpt, Rejection};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::plain::query;

/// A message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageJson<'m> {
    /// Its place among all messages. Ids only grow.
    id: u64,
    /// Where it was published.
    topic: &'m str,
    /// What it says.
    message: &'m str,
    /// Who published it, when that was said.
    from: Option<&'m str>,
    /// When the broker took it, in milliseconds since 1970.
    time: i64,
    /// The time that its publisher gave, else when the broker took it, in
    /// seconds since 1970.
    updated_time: i64,
    /// The address it came from.
    #[schema(value_type = String)]
    ip: IpAddr,
    /// What it did.
    kind: Kind,
}

/// What a message does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// It was delivered, and became the value of its topic.
    Published,
    /// It became the value of its topic, and nobody was told.
    Put,
    /// It was delivered, and the value of its topic stayed.
    Notified,
    /// It ended the value of its topic.
    Deleted,
}

impl<'m> From<&'m Message> for MessageJson<'m> {
    fn from(message: &'m Message) -> Self {
        Self {
            id: message.id.0,
            topic: message.topic.as_str(),
            message: &message.payload,
            from: message.from.as_ref().map(|from| from.as_str()),
            time: message.time.0,
            updated_time: message.updated_time,
            ip: message.address,
            kind: match message.kind {
                MessageKind::Published => Kind::Published,
                MessageKind::Put => Kind::Put,
                MessageKind::Notified => Kind::Notified,
                MessageKind::Deleted => Kind::Deleted,
            },
        }
    }
}

impl MessageJson<'_> {
    /// The same as text.
    pub(crate) fn json(&self) -> Vec<u8> {
        // There is nothing in it that JSON could not say.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// A message to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publication {
    /// Where.
    #[schema(min_length = 1, max_length = 512)]
    pub(crate) topic: String,
    /// What it says; may be empty.
    pub(crate) message: String,
    /// Who publishes it. An empty name is none.
    #[serde(default)]
    #[schema(max_length = 128)]
    pub(crate) from: Option<String>,
    /// What the publisher calls it. With it, the same message may be sent again
    /// within ten minutes: it is published once. An empty one is none.
    #[serde(default)]
    #[schema(max_length = 128)]
    pub(crate) msg_id: Option<String>,
    /// Whether it becomes the value of its topic. It is delivered in any case.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) retain: bool,
}

fn yes() -> bool {
    true
}

impl Publication {
    /// The same as the broker takes it.
    pub(crate) fn into_draft(self, limits: &Limits, address: IpAddr) -> Result<Draft, Rejection> {
        if self.message.len() > limits.message_bytes {
            return Err(Rejection::MessageTooLong {
                bytes: self.message.len(),
                limit: limits.message_bytes,
            });
        }
        let invalid = |field: &'static str, given: &str| {
            let given = Excerpt::of(given);
            move |reason| Rejection::InvalidField {
                field,
                given,
                reason,
            }
        };
        let named = |name: Option<String>| name.filter(|name| !name.is_empty());
        let from = named(self.from);
        let msg_id = named(self.msg_id);
        Ok(Draft {
            topic: query::topic(&self.topic, limits)?,
            payload: self.message.into(),
            from: from
                .map(|name| PublisherName::parse(&name, limits).map_err(invalid("from", &name)))
                .transpose()?,
            address,
            updated_time: None,
            kind: if self.retain {
                MessageKind::Published
            } else {
                MessageKind::Notified
            },
            repeat_id: msg_id
                .map(|id| PublisherMessageId::parse(&id, limits).map_err(invalid("msg_id", &id)))
                .transpose()?,
        })
    }
}
