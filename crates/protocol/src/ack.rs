//! `ACK`: let go of messages that were handed over under a lease.

use moustique_core::{ClientName, LeaseToken, Limits};

use crate::excerpt::Excerpt;
use crate::fields::Fields;
use crate::rejection::Rejection;
use crate::verb::Verb;

/// The field that names a lease, here and in a pickup.
const FIELD: &str = "ack";

/// The end of a lease before its time. Answered with an empty body, also when
/// it comes twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Whose lease.
    pub client: ClientName,
    /// Which one. The field is called `ack`.
    pub lease: LeaseToken,
}

impl Ack {
    /// Reads `client` and `ack`.
    ///
    /// # Errors
    /// When one of them is missing or breaks a rule.
    pub fn decode(fields: &Fields<'_>, limits: &Limits) -> Result<Self, Rejection> {
        let client = fields.client(Verb::Ack, limits)?;
        let missing = Rejection::MissingField {
            verb: Verb::Ack,
            field: FIELD,
        };
        let lease = lease(fields)?.ok_or(missing)?;
        Ok(Self { client, lease })
    }
}

/// The lease that a request lets go of. An empty name is none, so that a client
/// can send the field always.
pub(crate) fn lease(fields: &Fields<'_>) -> Result<Option<LeaseToken>, Rejection> {
    match fields.get(FIELD) {
        None | Some("") => Ok(None),
        Some(text) => match text.parse() {
            Ok(token) => Ok(Some(token)),
            Err(_) => Err(Rejection::InvalidLease {
                given: Excerpt::of(text),
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Form, FormLimits};

    #[test]
    fn a_lease_is_named_as_the_header_named_it() {
        let ack = |form: &str| {
            let form = Form::parse(form.as_bytes(), &FormLimits::default()).unwrap();
            Ack::decode(&Fields::plain(&form), &Limits::default())
        };
        let read = ack("client=c&ack=00000000000000ff").unwrap();
        assert_eq!(read.lease.to_string(), "00000000000000ff");
        assert_eq!(ack("client=c").unwrap_err().code(), "missing_field");
        assert_eq!(ack("client=c&ack=").unwrap_err().code(), "missing_field");
        let refused = ack("client=c&ack=1").unwrap_err();
        assert_eq!((refused.status(), refused.code()), (400, "invalid_lease"));
        assert_eq!(
            refused.to_string(),
            "the field 'ack' is '1'; expected are the 16 hexadecimal digits of a \
             Moustique-Lease header"
        );
    }
}
