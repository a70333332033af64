//! `PUTVAL`: set a topic's last value, and notify nobody.

use std::net::IpAddr;
use std::sync::Arc;

use moustique_core::{Draft, Limits, MessageKind, PublisherName, Topic};

use crate::fields::{Fields, payload};
use crate::rejection::Rejection;
use crate::verb::Verb;

/// A value to set. Answered with an empty body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutVal {
    /// Of which topic.
    pub valname: Topic,
    /// What it says; may be empty.
    pub val: Arc<str>,
    /// Who sets it, when that is said.
    pub from: Option<PublisherName>,
    /// The time the publisher gives, in seconds since 1970-01-01 UTC.
    pub updated_time: Option<i64>,
}

impl PutVal {
    /// Reads `valname`, `val` (or, without it, `message`), `from` and
    /// `updated_time`.
    ///
    /// # Errors
    /// When `valname`, or both `val` and `message`, are missing, or a value
    /// breaks a rule.
    pub fn decode(fields: &Fields<'_>, limits: &Limits) -> Result<Self, Rejection> {
        let valname = fields.topic(Verb::PutVal, "valname", limits)?;
        let val = match fields.get("message") {
            Some(message) => fields.get("val").unwrap_or(message),
            None => fields.require(Verb::PutVal, "val")?,
        };
        Ok(Self {
            valname,
            val: payload(val, limits)?,
            from: fields.from(limits)?,
            updated_time: fields.updated_time(),
        })
    }

    /// The same as the broker takes it. `address` is the peer's.
    #[must_use]
    pub fn into_draft(self, address: IpAddr) -> Draft {
        Draft {
            topic: self.valname,
            payload: self.val,
            from: self.from,
            address,
            updated_time: self.updated_time,
            kind: MessageKind::Put,
            repeat_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Form, FormLimits};

    #[test]
    fn the_broker_is_told_to_notify_nobody() {
        let form = b"valname=/v&val=x&from=f&updated_time=-5";
        let form = Form::parse(form, &FormLimits::default()).unwrap();
        let put = PutVal::decode(&Fields::plain(&form), &Limits::default()).unwrap();
        let draft = put.into_draft([192, 0, 2, 1].into());
        assert_eq!(draft.kind, MessageKind::Put);
        assert_eq!((draft.topic.as_str(), draft.payload.as_ref()), ("/v", "x"));
        assert_eq!(draft.from.unwrap().as_str(), "f");
        assert_eq!(draft.updated_time, Some(-5));
        assert_eq!(draft.address, IpAddr::from([192, 0, 2, 1]));
    }
}
