//! `POST`: publish a message.

use std::net::IpAddr;
use std::sync::Arc;

use moustique_core::{Draft, Limits, MessageKind, PublisherMessageId, PublisherName, Topic};

use crate::fields::{Fields, payload};
use crate::rejection::Rejection;
use crate::verb::Verb;

/// A message to publish. Answered with an empty body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Where.
    pub topic: Topic,
    /// What it says; may be empty.
    pub message: Arc<str>,
    /// Who publishes it, when that is said.
    pub from: Option<PublisherName>,
    /// The time the publisher gives, in seconds since 1970-01-01 UTC.
    pub updated_time: Option<i64>,
    /// What the publisher calls it, to be able to send it again. The field is
    /// called `msg_id`.
    pub repeat_id: Option<PublisherMessageId>,
}

impl Post {
    /// Reads `topic`, `message`, `from`, `updated_time` and `msg_id`.
    ///
    /// # Errors
    /// When `topic` or `message` is missing, or a value breaks a rule.
    pub fn decode(fields: &Fields<'_>, limits: &Limits) -> Result<Self, Rejection> {
        Ok(Self {
            topic: fields.topic(Verb::Post, "topic", limits)?,
            message: payload(fields.require(Verb::Post, "message")?, limits)?,
            from: fields.from(limits)?,
            updated_time: fields.updated_time(),
            repeat_id: fields.repeat_id(limits)?,
        })
    }

    /// The same as the broker takes it. `address` is the peer's.
    #[must_use]
    pub fn into_draft(self, address: IpAddr) -> Draft {
        Draft {
            topic: self.topic,
            payload: self.message,
            from: self.from,
            address,
            updated_time: self.updated_time,
            kind: MessageKind::Published,
            repeat_id: self.repeat_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Form, FormLimits};

    #[test]
    fn the_broker_gets_all_of_it() {
        let form = b"topic=/t&message=m&from=f&updated_time=5&msg_id=7";
        let form = Form::parse(form, &FormLimits::default()).unwrap();
        let post = Post::decode(&Fields::plain(&form), &Limits::default()).unwrap();
        let draft = post.into_draft([192, 0, 2, 1].into());
        assert_eq!(draft.kind, MessageKind::Published);
        assert_eq!((draft.topic.as_str(), draft.payload.as_ref()), ("/t", "m"));
        assert_eq!(draft.from.unwrap().as_str(), "f");
        assert_eq!(draft.updated_time, Some(5));
        assert_eq!(draft.repeat_id.unwrap().as_str(), "7");
        assert_eq!(draft.address, IpAddr::from([192, 0, 2, 1]));
    }
}
