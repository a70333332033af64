//! The names by which a broker is reached, as requests and configurations
//! write them.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The longest name that the domain name system knows.
const MAX_NAME_BYTES: usize = 253;

/// What a `Host` header or an origin names: an address or a name, and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) port: Option<u16>,
}

/// An address or a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name<'a> {
    Address(IpAddr),
    /// In the writing it was given in; a name's case has no meaning.
    Text(&'a str),
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Address(one), Self::Address(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one.eq_ignore_ascii_case(other),
            _ => false,
        }
    }
}

impl Eq for Name<'_> {}

impl<'a> Host<'a> {
    /// `name`, `name:port`, `192.0.2.1:port` or `[2001:db8::1]:port`; `None`
    /// for anything else.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            let port = match port.strip_prefix(':') {
                Some(port) => parse_port(port)?,
                None if port.is_empty() => None,
                None => return None,
            };
            return Some(Self {
                name: Name::Address(address.into()),
                port,
            });
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, parse_port(port)?),
            None => (text, None),
        };
        let address = || name.parse().ok().map(|v4| Name::Address(IpAddr::V4(v4)));
        // The root of all names may be written, and means nothing.
        let text = || {
            let name = name.strip_suffix('.').unwrap_or(name);
            is_name(name).then_some(Name::Text(name))
        };
        Some(Self {
            name: address().or_else(text)?,
            port,
        })
    }

    /// Whether it is a name or an address that only ever leads to the machine
    /// that asks.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.name {
            Name::Address(address) => address.to_canonical().is_loopback(),
            Name::Text(name) => name.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// A port; nothing after the colon is none.
fn parse_port(text: &str) -> Option<Option<u16>> {
    if text.is_empty() {
        return Some(None);
    }
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten().map(Some)
}

fn is_name(text: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !text.is_empty() && text.len() <= MAX_NAME_BYTES && text.bytes().all(is_of_name)
}

/// A name by which the broker may be reached, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    /// The name, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Not a name of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoHostName;

impl FromStr for HostName {
    type Err = NoHostName;

    fn from_str(text: &str) -> Result<Self, NoHostName> {
        let name = text.strip_suffix('.').unwrap_or(text);
        is_name(name)
            .then(|| Self(name.to_owned()))
            .ok_or(NoHostName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_a_port_or_without() {
        let address = |text: &str| Name::Address(text.parse().unwrap());
        for (text, name, port) in [
            ("broker", Name::Text("broker"), None),
            (
                "Broker.local.:33334",
                Name::Text("broker.LOCAL"),
                Some(33_334),
            ),
            ("a_b-c.d:", Name::Text("a_b-c.d"), None),
            ("192.0.2.1", address("192.0.2.1"), None),
            ("192.0.2.1:80", address("192.0.2.1"), Some(80)),
            ("[2001:db8::1]", address("2001:db8::1"), None),
            ("[::1]:65535", address("::1"), Some(65_535)),
            // No address to those who read it strictly, so a name like others.
            ("127.1", Name::Text("127.1"), None),
        ] {
            assert_eq!(Host::parse(text), Some(Host { name, port }), "{text}");
        }
        for text in [
            "",
            ":80",
            "a b",
            "a:b",
            "a:-1",
            "a:+1",
            "a:65536",
            "a:1:2",
            "::1",
            "[::1",
            "[::1]x",
            "[::1]x:1",
            "[1.2.3.4]",
            "user@host",
            "http://a",
            "a/b",
            "ä",
            "a\tb",
            "a,b",
            ".",
            "[fe80::1%eth0]",
        ] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }

    #[test]
    fn loopback_has_a_name_and_many_addresses() {
        for text in [
            "localhost",
            "LOCALHOST.:1",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(Host::parse(text).unwrap().is_loopback(), "{text}");
        }
        for text in [
            "localhost.example",
            "127.0.0.1.example",
            "0.0.0.0",
            "192.168.0.1",
            "[::]",
        ] {
            assert!(!Host::parse(text).unwrap().is_loopback(), "{text}");
        }
    }

    #[test]
    fn a_configured_name_has_no_port_and_no_scheme() {
        assert_eq!(
            "Broker.lan.".parse::<HostName>().unwrap().as_str(),
            "Broker.lan"
        );
        for text in ["", "*", "*.lan", "a:1", "http://a", "a/b", " a"] {
            assert_eq!(text.parse::<HostName>(), Err(NoHostName), "{text}");
        }
    }
}
