//! Who asks.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};

use crate::connection::Transport;
use crate::peers::PeerRules;
use crate::refusal::Refusal;

/// Whom a proxy serves, and whom the proxies before it served: the last
/// address is what the last proxy saw itself.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The scheme of the URL that a proxy was asked for.
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Who makes a request, as its connection and its head tell. Addresses are
/// canonical: no IPv4 address is written as IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Where it comes from: the peer of the connection, or whom that names if
    /// it is a trusted proxy.
    pub(crate) address: IpAddr,
    /// The address of ours that it came to.
    pub(crate) local: IpAddr,
    /// Whether it is a program of this machine, which may do more than others.
    /// Not so where somebody speaks for another: what a proxy of this machine
    /// that nobody trusts passes on may come from anywhere, and a proxy of
    /// another machine cannot vouch for a program of this one.
    pub(crate) is_local: bool,
    /// Whether nobody on the way from its browser can read along: it speaks TLS
    /// with us, or with a trusted proxy that says so.
    pub(crate) is_encrypted: bool,
}

impl Caller {
    /// The peer of a connection, as it speaks for itself.
    pub(crate) fn of_connection(peer: IpAddr, local: IpAddr, transport: Transport) -> Self {
        let address = peer.to_canonical();
        Self {
            address,
            local: local.to_canonical(),
            is_local: address.is_loopback(),
            is_encrypted: transport == Transport::Tls,
        }
    }

    /// Who makes a request on a connection of `self`.
    ///
    /// `X-Forwarded-For` counts only from a trusted proxy. It is walked from
    /// its end, where the proxy wrote what it saw, past other trusted proxies;
    /// what is before the first that is not trusted was written by that one,
    /// and says nothing.
    ///
    /// # Errors
    /// When a trusted proxy names no address: whom it speaks for is not known,
    /// and to take the proxy's own rights would give them to everyone.
    pub(crate) fn of_request(
        self,
        headers: &HeaderMap,
        rules: &PeerRules,
    ) -> Result<Self, Refusal> {
        let is_proxy = rules.trusts(self.address);
        if !is_proxy && (!self.is_local || !may_be_forwarded(headers)) {
            return Ok(self);
        }
        let is_named = headers.contains_key(X_FORWARDED_FOR);
        if is_proxy {
            let is_encrypted = said_encrypted(headers).unwrap_or(self.is_encrypted);
            let caller = Self {
                is_encrypted,
                ..self
            };
            return match is_named {
                true => caller.named_by_proxies(headers, rules),
                false => Ok(caller.unless_forwarded(headers)),
            };
        }
        Ok(self.unless_forwarded(headers))
    }

    /// Without the rights of this machine where somebody speaks for another.
    fn unless_forwarded(self, headers: &HeaderMap) -> Self {
        let is_named = headers.contains_key(X_FORWARDED_FOR);
        let is_forwarded =
            is_named || headers.contains_key(FORWARDED) || headers.contains_key(X_REAL_IP);
        Self {
            is_local: self.is_local && !is_forwarded,
            ..self
        }
    }

    fn named_by_proxies(self, headers: &HeaderMap, rules: &PeerRules) -> Result<Self, Refusal> {
        let mut caller = self;
        let lists = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
        let names = lists.flat_map(|list| list.as_bytes().rsplit(|byte| *byte == b','));
        for name in names {
            caller.address = forwarded_address(name).ok_or_else(|| Refusal::forwarded(name))?;
            caller.is_local &= caller.address.is_loopback();
            if !rules.trusts(caller.address) {
                break;
            }
        }
        Ok(caller)
    }
}

/// Whether any header may be one that proxies write. To look for each of them costs
/// more than to look at the few that a device sends.
fn may_be_forwarded(headers: &HeaderMap) -> bool {
    let begins = |name: &HeaderName| name.as_str().starts_with(['x', 'f']);
    headers.keys().any(begins)
}

/// What proxies say of how they were spoken to; all of them, where there are
/// several. A browser drops a cookie that says `Secure` wrongly, so doubt counts
/// for "no".
fn said_encrypted(headers: &HeaderMap) -> Option<bool> {
    let said = headers.get_all(X_FORWARDED_PROTO).into_iter();
    let words = said.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    let mut words = words.map(<[u8]>::trim_ascii).peekable();
    words.peek()?;
    Some(words.all(|word| word.eq_ignore_ascii_case(b"https")))
}

/// An address with a port or without, an IPv6 address in brackets or not: all
/// of these are in use.
fn forwarded_address(name: &[u8]) -> Option<IpAddr> {
    let name = str::from_utf8(name).ok()?.trim_matches([' ', '\t']);
    let bare = || name.parse().ok();
    let bracketed = || {
        let inner = name.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse().ok().map(IpAddr::V6)
    };
    let with_port = || {
        let address: Option<SocketAddr> = name.parse().ok();
        address.map(|address| address.ip())
    };
    bare()
        .or_else(bracketed)
        .or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn rules(proxies: &[&str]) -> PeerRules {
        PeerRules {
            proxies: proxies.iter().map(|net| net.parse().unwrap()).collect(),
            ..PeerRules::default()
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    /// Address and privilege of a request of that peer.
    fn caller(
        peer: &str,
        pairs: &[(&'static str, &'static str)],
        rules: &PeerRules,
    ) -> Option<(String, bool)> {
        let local = "127.0.0.1".parse().unwrap();
        let connection = Caller::of_connection(peer.parse().unwrap(), local, Transport::Plain);
        let caller = connection.of_request(&headers(pairs), rules).ok()?;
        Some((caller.address.to_string(), caller.is_local))
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        let none = rules(&[]);
        let cases = [
            ("127.0.0.1", &[][..], "127.0.0.1", true),
            ("::1", &[], "::1", true),
            ("::ffff:127.0.0.1", &[], "127.0.0.1", true),
            (
                "127.9.9.9",
                &[("x-forwarded-for", "8.8.8.8")],
                "127.9.9.9",
                false,
            ),
            (
                "127.0.0.1",
                &[("forwarded", "for=8.8.8.8")],
                "127.0.0.1",
                false,
            ),
            ("127.0.0.1", &[("x-real-ip", "rubbish")], "127.0.0.1", false),
            (
                "10.0.0.9",
                &[("x-forwarded-for", "127.0.0.1")],
                "10.0.0.9",
                false,
            ),
            (
                "10.0.0.9",
                &[("x-forwarded-for", "rubbish")],
                "10.0.0.9",
                false,
            ),
        ];
        for (peer, pairs, address, is_local) in cases {
            let expected = Some((address.to_owned(), is_local));
            assert_eq!(caller(peer, pairs, &none), expected, "{peer} {pairs:?}");
        }
    }

    #[test]
    fn encryption_is_seen_or_said_by_a_proxy_that_is_trusted() {
        use Transport::{Plain, Tls};
        let trusted = rules(&["10.0.0.1/32"]);
        let cases: [(&str, Transport, &[&'static str], bool); 12] = [
            ("10.0.0.9", Plain, &[], false),
            ("10.0.0.9", Tls, &[], true),
            ("10.0.0.9", Plain, &["https"], false),
            ("127.0.0.1", Plain, &["https"], false),
            ("10.0.0.9", Tls, &["http"], true),
            ("10.0.0.1", Plain, &[], false),
            ("10.0.0.1", Plain, &["https"], true),
            ("10.0.0.1", Plain, &["HTTPS , https"], true),
            ("10.0.0.1", Plain, &["https", "http"], false),
            ("10.0.0.1", Tls, &[], true),
            ("10.0.0.1", Tls, &["http"], false),
            ("10.0.0.1", Tls, &["rubbish"], false),
        ];
        for (peer, transport, said, expected) in cases {
            for forwarded in [&[][..], &[("x-forwarded-for", "8.8.8.8")]] {
                let pairs: Vec<_> = said
                    .iter()
                    .map(|word| ("x-forwarded-proto", *word))
                    .collect();
                let headers = headers(&[&pairs[..], forwarded].concat());
                let local = "127.0.0.1".parse().unwrap();
                let connection = Caller::of_connection(peer.parse().unwrap(), local, transport);
                let caller = connection.of_request(&headers, &trusted).unwrap();
                assert_eq!(
                    caller.is_encrypted, expected,
                    "{peer} {transport:?} {said:?}"
                );
            }
        }
    }

    #[test]
    fn a_trusted_proxy_is_believed_as_far_as_it_saw() {
        let trusted = rules(&["127.0.0.1/32", "10.0.0.0/24", "fd00::/16"]);
        let cases: [(&str, &[&'static str], &str, bool); 14] = [
            ("127.0.0.1", &["8.8.8.8"], "8.8.8.8", false),
            ("127.0.0.1", &["127.0.0.1"], "127.0.0.1", true),
            ("127.0.0.1", &["::1"], "::1", true),
            // Whoever asked the proxy wrote the beginning.
            ("127.0.0.1", &["127.0.0.1, 8.8.8.8"], "8.8.8.8", false),
            ("127.0.0.1", &["rubbish, 8.8.8.8"], "8.8.8.8", false),
            ("127.0.0.1", &["127.0.0.1", "8.8.8.8"], "8.8.8.8", false),
            // Past other proxies that are trusted.
            ("10.0.0.1", &["8.8.8.8, 10.0.0.2"], "8.8.8.8", false),
            (
                "fd00::1",
                &["8.8.8.8,fd00::2", "10.0.0.3"],
                "8.8.8.8",
                false,
            ),
            // All trusted: the first.
            ("10.0.0.1", &["10.0.0.9, 10.0.0.2"], "10.0.0.9", false),
            // A proxy elsewhere cannot vouch for a program of this machine.
            ("10.0.0.1", &["127.0.0.1"], "127.0.0.1", false),
            ("127.0.0.1", &["127.0.0.1, 10.0.0.1"], "127.0.0.1", false),
            ("10.0.0.1", &["8.8.8.8:4711"], "8.8.8.8", false),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1", false),
            ("10.0.0.1", &["\t[::ffff:8.8.8.8] "], "8.8.8.8", false),
        ];
        for (peer, lists, address, is_local) in cases {
            let pairs: Vec<_> = lists
                .iter()
                .map(|list| ("x-forwarded-for", *list))
                .collect();
            let expected = Some((address.to_owned(), is_local));
            assert_eq!(caller(peer, &pairs, &trusted), expected, "{peer} {lists:?}");
        }
        for list in [
            "",
            "rubbish",
            "8.8.8.8,",
            "unknown",
            "8.8.8.8.",
            "[::1",
            "::1]",
            "fe80::1%2",
        ] {
            let pairs = [("x-forwarded-for", list)];
            assert_eq!(caller("10.0.0.1", &pairs, &trusted), None, "{list:?}");
        }
        // It speaks for somebody, and does not say for whom.
        let pairs = [("x-real-ip", "127.0.0.1")];
        let expected = Some(("127.0.0.1".to_owned(), false));
        assert_eq!(caller("127.0.0.1", &pairs, &trusted), expected);
    }
}
