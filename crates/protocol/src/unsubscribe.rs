//! `UNSUBSCRIBE`: a client no longer wants what matches a filter.

use moustique_core::{ClientName, Filter, Limits};

use crate::fields::Fields;
use crate::rejection::Rejection;
use crate::verb::Verb;

/// The end of a subscription. Answered with an empty body, also when there was
/// none: the request may come twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// To what. The field is called `topic`.
    pub filter: Filter,
    /// Who.
    pub client: ClientName,
}

impl Unsubscribe {
    /// Reads `topic` and `client`.
    ///
    /// # Errors
    /// When one of them is missing or breaks a rule.
    pub fn decode(fields: &Fields<'_>, limits: &Limits) -> Result<Self, Rejection> {
        Ok(Self {
            filter: fields.filter(Verb::Unsubscribe, "topic", limits)?,
            client: fields.client(Verb::Unsubscribe, limits)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Form, FormLimits};

    #[test]
    fn both_fields_are_needed() {
        let unsubscribe = |form: &str| {
            let form = Form::parse(form.as_bytes(), &FormLimits::default()).unwrap();
            Unsubscribe::decode(&Fields::plain(&form), &Limits::default())
        };
        let read = unsubscribe("topic=/a/%2B&client=c").unwrap();
        assert_eq!((read.filter.as_str(), read.client.as_str()), ("/a/+", "c"));
        for (form, field) in [("client=c", "topic"), ("topic=/a", "client")] {
            let verb = Verb::Unsubscribe;
            let missing = Rejection::MissingField { verb, field };
            assert_eq!(unsubscribe(form), Err(missing));
        }
    }
}
