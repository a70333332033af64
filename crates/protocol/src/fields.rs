//! The fields of a request, decoded: from here on it is text.

use std::borrow::Cow;
use std::sync::Arc;

use moustique_core::{
    ClientName, Filter, InvalidText, Limits, PublisherMessageId, PublisherName, Topic,
};

use crate::encoding::Encoding;
use crate::excerpt::Excerpt;
use crate::form::Form;
use crate::rejection::Rejection;
use crate::verb::Verb;

/// The one field that is about the others and never encoded itself.
pub(crate) const ENCODING: &str = "encoding";

/// Names and decoded values, without the field `encoding`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields<'f> {
    fields: Vec<(&'f str, Cow<'f, str>)>,
}

impl<'f> Fields<'f> {
    /// The fields of a form whose values are not encoded.
    #[must_use]
    pub fn plain(form: &'f Form<'_>) -> Self {
        Self {
            fields: encoded_fields(form)
                .map(|(name, value)| (name, Cow::Borrowed(value)))
                .collect(),
        }
    }

    /// The fields of a form whose values are all of the given encoding.
    ///
    /// # Errors
    /// When a value is not of it.
    pub fn decode(form: &'f Form<'_>, encoding: Encoding) -> Result<Self, Rejection> {
        Self::decode_with(form, |name, value| {
            encoding
                .decode(value)
                .map_err(|reason| Rejection::Undecodable {
                    field: Excerpt::of(name),
                    encoding,
                    reason,
                })
        })
    }

    /// Decodes value by value, and stops at the first that cannot be. An empty
    /// value is empty in every encoding.
    pub(crate) fn decode_with<E>(
        form: &'f Form<'_>,
        decode: impl Fn(&str, &'f str) -> Result<Cow<'f, str>, E>,
    ) -> Result<Self, E> {
        let fields = encoded_fields(form)
            .map(|(name, value)| Ok((name, decode(name, value)?)))
            .collect::<Result<_, E>>()?;
        Ok(Self { fields })
    }

    /// The value of a field, when the field is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Names and values in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (*name, value.as_ref()))
    }

    /// The value of a field that the verb cannot do without.
    pub(crate) fn require(&self, verb: Verb, field: &'static str) -> Result<&str, Rejection> {
        self.get(field)
            .ok_or(Rejection::MissingField { verb, field })
    }

    pub(crate) fn topic(
        &self,
        verb: Verb,
        field: &'static str,
        limits: &Limits,
    ) -> Result<Topic, Rejection> {
        let text = self.require(verb, field)?;
        Topic::parse(text, limits).map_err(invalid(field, text))
    }

    pub(crate) fn filter(
        &self,
        verb: Verb,
        field: &'static str,
        limits: &Limits,
    ) -> Result<Filter, Rejection> {
        let text = self.require(verb, field)?;
        Filter::parse(text, limits).map_err(invalid(field, text))
    }

    pub(crate) fn client(&self, verb: Verb, limits: &Limits) -> Result<ClientName, Rejection> {
        const FIELD: &str = "client";
        let text = self.require(verb, FIELD)?;
        ClientName::parse(text, limits).map_err(invalid(FIELD, text))
    }

    /// Who publishes. Clients that have no name send an empty one.
    pub(crate) fn from(&self, limits: &Limits) -> Result<Option<PublisherName>, Rejection> {
        const FIELD: &str = "from";
        match self.get(FIELD) {
            None | Some("") => Ok(None),
            Some(text) => PublisherName::parse(text, limits)
                .map(Some)
                .map_err(invalid(FIELD, text)),
        }
    }

    /// What the publisher calls its message. An empty id is none.
    pub(crate) fn repeat_id(
        &self,
        limits: &Limits,
    ) -> Result<Option<PublisherMessageId>, Rejection> {
        const FIELD: &str = "msg_id";
        match self.get(FIELD) {
            None | Some("") => Ok(None),
            Some(text) => PublisherMessageId::parse(text, limits)
                .map(Some)
                .map_err(invalid(FIELD, text)),
        }
    }

    /// The time the publisher gives, in seconds since 1970-01-01 UTC. What is
    /// no such number is passed over, as it always was.
    pub(crate) fn updated_time(&self) -> Option<i64> {
        self.get("updated_time")?.parse().ok()
    }
}

/// What a message says: any text, also an empty one.
pub(crate) fn payload(text: &str, limits: &Limits) -> Result<Arc<str>, Rejection> {
    if text.len() > limits.message_bytes {
        return Err(Rejection::MessageTooLong {
            bytes: text.len(),
            limit: limits.message_bytes,
        });
    }
    Ok(text.into())
}

fn encoded_fields<'f>(form: &'f Form<'_>) -> impl Iterator<Item = (&'f str, &'f str)> {
    form.iter().filter(|(name, _)| *name != ENCODING)
}

fn invalid(field: &'static str, given: &str) -> impl FnOnce(InvalidText) -> Rejection {
    move |reason| Rejection::InvalidField {
        field,
        given: Excerpt::of(given),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::FormLimits;

    fn form(text: &str) -> Form<'_> {
        Form::parse(text.as_bytes(), &FormLimits::default()).unwrap()
    }

    #[test]
    fn one_value_of_another_encoding_is_named() {
        let form = form("topic=L24vbw==&message=on!");
        let error = Fields::decode(&form, Encoding::Inner).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the field 'message' is not in the declared encoding inner: \
             character 3 is '!', which Base64 does not have there"
        );
    }

    #[test]
    fn what_is_not_changed_is_not_copied() {
        let form = form("topic=/a/b&message=on&encoding=plain");
        for (_, value) in &Fields::decode(&form, Encoding::Plain).unwrap().fields {
            assert!(matches!(value, Cow::Borrowed(_)));
        }
    }

    #[test]
    fn an_empty_publisher_is_none_and_a_bad_one_is_refused() {
        let limits = Limits::default();
        let from = |text| Fields::plain(&form(text)).from(&limits);
        assert_eq!(from("a=b"), Ok(None));
        assert_eq!(from("from="), Ok(None));
        assert_eq!(from("from=me").unwrap().unwrap().as_str(), "me");
        assert_eq!(from("from=a%00").unwrap_err().code(), "invalid_field");
    }

    #[test]
    fn a_time_is_a_whole_number_or_passed_over() {
        let time =
            |text: &str| Fields::plain(&form(&format!("updated_time={text}"))).updated_time();
        assert_eq!(time("0"), Some(0));
        assert_eq!(time("-9223372036854775808"), Some(i64::MIN));
        for text in ["", "x", "1.5", "9223372036854775808", "%201"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
