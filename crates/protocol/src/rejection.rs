//! The one table of what is refused: statuses, codes and texts.

use moustique_core::{ClientName, InvalidText, LeaseToken, Topic};
use thiserror::Error;

use crate::encoding::{Encoding, Undecodable};
use crate::excerpt::Excerpt;
use crate::verb::Verb;

/// Why a request is not carried out.
///
/// Its text is for people and says what was given and what was expected; its
/// [`Rejection::code`] is for programs. It is sent as plain text, never
/// encoded: the encoding of a refused request is often what is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// `%` without two hexadecimal digits after it.
    #[error(
        "byte {position} of the form begins the escape '{found}', which is not % and two hexadecimal digits; a % itself is written %25"
    )]
    MalformedEscape {
        /// Which byte of the form the `%` is, counted from 1.
        position: usize,
        /// The `%` and what follows it.
        found: Excerpt,
    },
    /// A value that is no text once unescaped.
    #[error("the field '{field}' is not UTF-8 once its escapes are resolved")]
    FieldNotUtf8 {
        /// The field.
        field: Excerpt,
    },
    /// A name that is no text once unescaped.
    #[error("the name of field {number} is not UTF-8 once its escapes are resolved")]
    FieldNameNotUtf8 {
        /// Which field it is, counted from 1.
        number: usize,
    },
    /// `=` with nothing before it.
    #[error("field {number} has no name before its '='")]
    NamelessField {
        /// Which field it is, counted from 1.
        number: usize,
    },
    /// A name longer than allowed.
    #[error("the name of a field has {bytes} bytes; at most {limit} are allowed")]
    FieldNameTooLong {
        /// Length of what was given.
        bytes: usize,
        /// Length that is allowed.
        limit: usize,
    },
    /// More fields than allowed.
    #[error("the form has more than {limit} fields; at most {limit} are allowed")]
    TooManyFields {
        /// Fields that are allowed.
        limit: usize,
    },
    /// A field twice: which of its values is meant cannot be known.
    #[error("the field '{field}' is there twice; each field is expected once")]
    RepeatedField {
        /// The field.
        field: Excerpt,
    },
    /// An encoding by a word that is none.
    #[error("'{given}' is no encoding; expected is classic, inner or plain")]
    UnknownEncoding {
        /// What was given.
        given: Excerpt,
    },
    /// A value that is not of the encoding that the request declares.
    #[error("the field '{field}' is not in the declared encoding {encoding}: {reason}")]
    Undecodable {
        /// The field.
        field: Excerpt,
        /// The declared encoding.
        encoding: Encoding,
        /// Why it is not.
        reason: Undecodable,
    },
    /// A topic, filter or name that breaks a rule.
    #[error("the field '{field}' is '{given}', which is not valid: {reason}")]
    InvalidField {
        /// The field.
        field: &'static str,
        /// What was given.
        given: Excerpt,
        /// The rule that it breaks.
        reason: InvalidText,
    },
    /// A number that is none, or none of those expected.
    #[error("the field '{field}' is '{given}'; expected is {expected}")]
    InvalidNumber {
        /// The field.
        field: &'static str,
        /// What was given.
        given: Excerpt,
        /// What is expected.
        expected: &'static str,
    },
    /// A lease by a name that is none.
    #[error(
        "the field 'ack' is '{given}'; expected are the 16 hexadecimal digits of a Moustique-Lease header"
    )]
    InvalidLease {
        /// What was given.
        given: Excerpt,
    },
    /// A lease that is not held.
    #[error("{client} holds no lease {lease}: it has ended, and its messages come again")]
    NoLease {
        /// Who was said to hold it.
        client: ClientName,
        /// What was given.
        lease: LeaseToken,
    },
    /// A client that is not known.
    #[error("the client {client} is not known; it has to subscribe first")]
    UnknownClient {
        /// What was given.
        client: ClientName,
    },
    /// Not let in.
    #[error("Access denied: {reason}")]
    AccessDenied {
        /// Why not.
        reason: String,
    },
    /// A path that names no verb.
    #[error("there is no call '{given}'; expected is {}", known_verbs())]
    UnknownVerb {
        /// What was given.
        given: Excerpt,
    },
    /// A required field that is not there.
    #[error("{verb} needs the field '{field}', which is missing")]
    MissingField {
        /// The call.
        verb: Verb,
        /// The field.
        field: &'static str,
    },
    /// A topic without a value.
    #[error("the topic '{}' has no value", Excerpt::of(.topic.as_str()))]
    NoValue {
        /// The topic.
        topic: Topic,
    },
    /// A method the verb does not take.
    #[error("{verb} does not take the method {method}; it takes {}", .verb.allow())]
    MethodNotAllowed {
        /// The call.
        verb: Verb,
        /// What was given.
        method: Excerpt,
    },
    /// A message longer than allowed.
    #[error("the message has {bytes} bytes; at most {limit} are allowed")]
    MessageTooLong {
        /// Length of what was given.
        bytes: usize,
        /// Length that is allowed.
        limit: usize,
    },
    /// A body longer than allowed; how long it would be is not waited for.
    #[error("the body has more than {limit} bytes; at most {limit} are allowed")]
    BodyTooLong {
        /// Length that is allowed.
        limit: usize,
    },
    /// A bound of the broker's memory is reached.
    #[error(transparent)]
    Full(#[from] moustique_core::Rejection),
    /// The broker cannot do it now; nothing of it is kept.
    #[error("{reason}; try again")]
    Unavailable {
        /// What stands in the way.
        reason: String,
    },
}

impl Rejection {
    /// The HTTP status it is answered with.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.row().0
    }

    /// A word that names the kind of refusal and never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.row().1
    }

    /// The value of the `Allow` header that belongs to the answer.
    #[must_use]
    pub fn allow(&self) -> Option<&'static str> {
        match self {
            Self::MethodNotAllowed { verb, .. } => Some(verb.allow()),
            _ => None,
        }
    }

    fn row(&self) -> (u16, &'static str) {
        match self {
            Self::MalformedEscape { .. } => (400, "malformed_escape"),
            Self::FieldNotUtf8 { .. } | Self::FieldNameNotUtf8 { .. } => (400, "not_utf8"),
            Self::NamelessField { .. } => (400, "nameless_field"),
            Self::FieldNameTooLong { .. } => (400, "field_name_too_long"),
            Self::TooManyFields { .. } => (400, "too_many_fields"),
            Self::RepeatedField { .. } => (400, "repeated_field"),
            Self::UnknownEncoding { .. } => (400, "unknown_encoding"),
            Self::Undecodable { .. } => (400, "undecodable"),
            Self::InvalidField { .. } => (400, "invalid_field"),
            Self::InvalidNumber { .. } => (400, "invalid_number"),
            Self::InvalidLease { .. } => (400, "invalid_lease"),
            Self::AccessDenied { .. } => (401, "access_denied"),
            Self::UnknownVerb { .. } => (404, "unknown_verb"),
            Self::MissingField { .. } => (404, "missing_field"),
            Self::NoValue { .. } => (404, "no_value"),
            Self::NoLease { .. } => (404, "no_lease"),
            Self::UnknownClient { .. } => (404, "unknown_client"),
            Self::MethodNotAllowed { .. } => (405, "method_not_allowed"),
            Self::MessageTooLong { .. } => (413, "message_too_long"),
            Self::BodyTooLong { .. } => (413, "body_too_long"),
            Self::Full(_) => (507, "full"),
            Self::Unavailable { .. } => (503, "unavailable"),
        }
    }
}

/// The calls that there are: `A, B or C`.
fn known_verbs() -> String {
    let names = Verb::ALL.map(Verb::name);
    match names.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moustique_core::Limits;

    #[test]
    fn the_brokers_bounds_keep_their_own_words() {
        let topic = Topic::parse("/t", &Limits::default()).unwrap();
        let full = moustique_core::Rejection::TooManyTopics { topic, limit: 7 };
        let rejection = Rejection::from(full.clone());
        assert_eq!((rejection.status(), rejection.code()), (507, "full"));
        assert_eq!(rejection.to_string(), full.to_string());
    }

    #[test]
    fn what_was_given_is_shown_safely() {
        let topic = Topic::parse(&"x".repeat(512), &Limits::default()).unwrap();
        let text = Rejection::NoValue { topic }.to_string();
        assert_eq!(
            text,
            format!("the topic '{}…' has no value", "x".repeat(80))
        );
        let denied = Rejection::AccessDenied {
            reason: "192.0.2.1 is not in allowed_ips".to_owned(),
        };
        assert_eq!(
            denied.to_string(),
            "Access denied: 192.0.2.1 is not in allowed_ips"
        );
        assert_eq!(denied.status(), 401);
    }
}
