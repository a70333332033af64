//! Where a broker is.

use std::fmt;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::call::excerpt;
use crate::error::ClientError;

/// The address of a broker: `http://`, a host, and a port unless it is 80.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(Authority);

impl Address {
    pub(crate) fn parse(given: &str) -> Result<Self, ClientError> {
        let refuse = |reason: &str| ClientError::Address {
            given: excerpt(given),
            reason: reason.to_owned(),
        };
        let uri: Uri = given
            .parse()
            .map_err(|error: http::uri::InvalidUri| refuse(&error.to_string()))?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(_) => return Err(refuse("only http is spoken")),
            None => return Err(refuse("http:// is missing")),
        }
        // A broker is the whole of its port, and knows no accounts in URLs.
        if uri.path() != "/" || uri.query().is_some() {
            return Err(refuse("a path or a query follows the port"));
        }
        let Some(authority) = uri.into_parts().authority else {
            return Err(refuse("the host is missing"));
        };
        if authority.as_str().contains('@') {
            return Err(refuse("a user stands before the host"));
        }
        // What is no port is none to `Authority`, which says nothing of it.
        let port = authority.as_str().strip_prefix(authority.host());
        if port != Some("") && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(refuse("the port is no number from 1 to 65535"));
        }
        Ok(Self(authority))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_port_are_an_address() {
        for (given, shown) in [
            ("http://127.0.0.1:33334", "http://127.0.0.1:33334"),
            ("http://127.0.0.1:33334/", "http://127.0.0.1:33334"),
            ("HTTP://broker.lan", "http://broker.lan"),
            ("http://[::1]:33334/", "http://[::1]:33334"),
        ] {
            assert_eq!(Address::parse(given).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_was_given_and_why() {
        for (given, reason) in [
            ("", "empty string"),
            ("localhost:33334", "http:// is missing"),
            ("broker", "http:// is missing"),
            ("/", "http:// is missing"),
            ("https://broker:33334", "only http is spoken"),
            ("ftp://broker", "only http is spoken"),
            ("http://broker/v1", "a path or a query follows the port"),
            ("http://broker/?a=b", "a path or a query follows the port"),
            ("http://me:secret@broker", "a user stands before the host"),
            ("http://broker:", "the port is no number from 1 to 65535"),
            ("http://broker:0", "the port is no number from 1 to 65535"),
            (
                "http://broker:123456",
                "the port is no number from 1 to 65535",
            ),
            ("http://", "empty string"),
            ("http://a b", "invalid uri character"),
        ] {
            let error = Address::parse(given).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "'{given}' is no address of a broker: {reason}; \
                     expected is http://host:port, such as http://127.0.0.1:33334"
                )
            );
        }
    }
}
