//! The origin of a web page: scheme, host and port.

use std::fmt;
use std::str::FromStr;

use crate::host::{Host, Name};

/// An origin whose pages may use the broker, as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Why a text is no origin that can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOrigin {
    /// `*`.
    Everyone,
    /// `null`, which the pages of nobody in particular have.
    Null,
    /// Anything else.
    Malformed,
}

impl fmt::Display for NoOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Self::Everyone => {
                "lets every page of the internet use this broker through its visitors' browsers; \
                 name each origin"
            }
            Self::Null => {
                "is the origin of files, sandboxes and redirections, whoever made them; \
                 serve the page from an origin of its own"
            }
            Self::Malformed => {
                "is not an origin: scheme, host and port if it is not the scheme's own, without a \
                 path, such as https://panel.example or http://192.168.1.7:8080"
            }
        };
        f.write_str(reason)
    }
}

impl std::error::Error for NoOrigin {}

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        match text {
            "*" => return Err(NoOrigin::Everyone),
            "null" => return Err(NoOrigin::Null),
            _ => {}
        }
        let parts = Parts::parse(text).ok_or(NoOrigin::Malformed)?;
        // As browsers write it, so that bytes can be compared.
        let host = match parts.host.name {
            Name::Address(address) if address.is_ipv6() => format!("[{address}]"),
            Name::Address(address) => address.to_string(),
            Name::Text(name) => name.to_ascii_lowercase(),
        };
        let scheme = parts.scheme.to_ascii_lowercase();
        let port = parts
            .host
            .port
            .filter(|port| Some(*port) != own_port(&scheme));
        Ok(Self(match port {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }
}

impl Origin {
    /// Whether a header names it.
    pub(crate) fn is(&self, header: &[u8]) -> bool {
        self.0.as_bytes() == header
    }
}

/// Whether a page of that origin came from that host, be it through a proxy
/// that encrypts.
pub(crate) fn is_of_host(origin: &[u8], host: &Host<'_>) -> bool {
    let parts = str::from_utf8(origin).ok().and_then(Parts::parse);
    parts.is_some_and(|Parts { scheme, host: of }| {
        let own = own_port(scheme);
        own.is_some() && of.name == host.name && of.port.or(own) == host.port.or(own)
    })
}

/// The port that is left out, of the schemes that a page of ours can have.
fn own_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

struct Parts<'a> {
    scheme: &'a str,
    host: Host<'a>,
}

impl<'a> Parts<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, host) = text.split_once("://")?;
        let is_of_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let is_scheme = !scheme.is_empty() && scheme.bytes().all(is_of_scheme);
        Some(Self {
            scheme: is_scheme.then_some(scheme)?,
            host: Host::parse(host)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_written_as_browsers_do() {
        for (text, written) in [
            ("https://Panel.Example", "https://panel.example"),
            ("https://panel.example:443", "https://panel.example"),
            ("http://panel.example:443", "http://panel.example:443"),
            ("http://192.168.1.7:8080", "http://192.168.1.7:8080"),
            ("HTTP://[2001:DB8::1]:80", "http://[2001:db8::1]"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert!(
                text.parse::<Origin>().unwrap().is(written.as_bytes()),
                "{text}"
            );
        }
        for (text, reason) in [
            ("*", NoOrigin::Everyone),
            ("null", NoOrigin::Null),
            ("", NoOrigin::Malformed),
            ("panel.example", NoOrigin::Malformed),
            ("https://panel.example/", NoOrigin::Malformed),
            ("https://*.example", NoOrigin::Malformed),
            ("https://", NoOrigin::Malformed),
            ("://a", NoOrigin::Malformed),
            ("https://user@a", NoOrigin::Malformed),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(reason), "{text}");
        }
    }

    #[test]
    fn a_page_is_of_the_host_that_its_origin_names() {
        for (origin, host, expected) in [
            ("http://broker:33334", "broker:33334", true),
            ("http://Broker:33334", "BROKER:33334", true),
            ("http://broker", "broker:80", true),
            ("https://broker", "broker", true),
            ("https://broker:443", "broker", true),
            ("http://[::1]:1", "[::1]:1", true),
            ("http://broker", "broker:33334", false),
            ("http://broker:33334", "broker", false),
            ("http://broker:80", "broker:33334", false),
            ("http://other:33334", "broker:33334", false),
            ("ftp://broker", "broker", false),
            ("null", "broker", false),
            ("", "broker", false),
            ("http://broker/", "broker", false),
        ] {
            let host = Host::parse(host).unwrap();
            assert_eq!(is_of_host(origin.as_bytes(), &host), expected, "{origin}");
        }
    }
}
