//! `SUBSCRIBE`: a client wants what matches a filter.

use moustique_core::{ClientName, Filter, Limits};

use crate::fields::Fields;
use crate::rejection::Rejection;
use crate::verb::Verb;

/// A subscription. Answered with an empty body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// To what. The field is called `topic`.
    pub filter: Filter,
    /// Who.
    pub client: ClientName,
}

impl Subscribe {
    /// Reads `topic` and `client`.
    ///
    /// # Errors
    /// When one of them is missing or breaks a rule.
    pub fn decode(fields: &Fields<'_>, limits: &Limits) -> Result<Self, Rejection> {
        Ok(Self {
            filter: fields.filter(Verb::Subscribe, "topic", limits)?,
            client: fields.client(Verb::Subscribe, limits)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Form, FormLimits};

    #[test]
    fn the_first_fault_is_named() {
        let subscribe = |form: &str| {
            let form = Form::parse(form.as_bytes(), &FormLimits::default()).unwrap();
            Subscribe::decode(&Fields::plain(&form), &Limits::default())
        };
        assert!(subscribe("topic=/a/%2B/%23&client=c").is_ok());
        let field = "topic";
        let verb = Verb::Subscribe;
        assert_eq!(subscribe(""), Err(Rejection::MissingField { verb, field }));
        let refused = subscribe("topic=/a%23&client=").unwrap_err().to_string();
        assert!(
            refused.starts_with("the field 'topic' is '/a#'"),
            "{refused}"
        );
    }
}
