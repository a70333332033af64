//! What the tests of this crate start from.

use std::sync::Arc;

use crate::clock::{RunTime, Timestamp};
use crate::filter::Filter;
use crate::limits::Limits;
use crate::message::{Message, MessageId, MessageKind};
use crate::topic::Topic;

pub(crate) fn topic(text: &str) -> Topic {
    Topic::parse(text, &Limits::default()).unwrap()
}

pub(crate) fn filter(text: &str) -> Filter {
    Filter::parse(text, &Limits::default()).unwrap()
}

/// A message of the topic `t`.
pub(crate) fn message(id: u64, payload: &str) -> Arc<Message> {
    Arc::new(Message {
        id: MessageId(id),
        time: Timestamp(0),
        taken: RunTime(0),
        topic: topic("t"),
        payload: payload.into(),
        from: None,
        address: [127, 0, 0, 1].into(),
        updated_time: 0,
        kind: MessageKind::Published,
    })
}
