//! What is let in: under which name of the broker, from which web page, and
//! what only this machine may ask.
//!
//! Everything here is judged from the head of a request, before a byte of its
//! body is read, so what is refused has changed nothing.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, Request, Version};

use crate::caller::Caller;
use crate::head::BadHead;
use crate::host::{Host, HostName, Name};
use crate::origin::{self, Origin};
use crate::plain;
use crate::refusal::Refusal;
use crate::settings::Settings;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// By which names the broker is reached, and which web pages may use it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteRules {
    /// Names by which it may be reached, besides loopback names and addresses.
    pub hosts: Vec<HostName>,
    /// Origins of other web pages that may use it.
    pub origins: Vec<Origin>,
}

/// A request that may be answered.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// Who makes it.
    pub(crate) caller: Caller,
    /// The origin of the page that makes it, if it is one that
    /// [`SiteRules::origins`] names.
    pub(crate) origin: Option<HeaderValue>,
    /// Whether it asks what such a page may do, rather than to do it.
    pub(crate) is_preflight: bool,
}

/// Lets a request in, or says why not.
pub(crate) fn admit<B>(
    request: &Request<B>,
    connection: Caller,
    settings: &Settings,
) -> Result<Admitted, Refusal> {
    let host = check_host(request, &settings.sites)?;
    let headers = request.headers();
    let caller = connection.of_request(headers, &settings.peers)?;
    if caller.address != connection.address {
        let admitted = settings.peers.admit(caller.address, caller.local);
        admitted.map_err(Refusal::Peer)?;
    }
    let origin = check_site(request, host.as_ref(), &settings.sites)?;
    let is_preflight = origin.is_some()
        && request.method() == Method::OPTIONS
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    // Neither has a meaning here; what follows a CONNECT would not be HTTP.
    // The plain API says of each path which methods it takes.
    let is_trace = *request.method() == Method::TRACE && !plain::is_plain(request.uri());
    if *request.method() == Method::CONNECT || is_trace {
        return Err(Refusal::Method(request.method().clone()));
    }
    Ok(Admitted {
        caller,
        origin,
        is_preflight,
    })
}

/// Refuses what is not for this broker, by the name that it is asked under.
///
/// A name of somebody else's that leads here ("DNS rebinding") makes a browser
/// take this broker for the site of that name: a page of that site then reads
/// and writes here as if it had come from here, and no other header tells. It
/// takes a name: an address in a URL leads to that address and nowhere else,
/// so any address is good. That is as well for brokers behind NAT or in
/// containers, which do not know the addresses by which they are reached.
fn check_host<'r, B>(
    request: &'r Request<B>,
    rules: &SiteRules,
) -> Result<Option<Host<'r>>, Refusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let Some(given) = hosts.next() else {
        // Before HTTP/1.1 there was no such header; browsers always send it.
        return match request.version() {
            Version::HTTP_09 | Version::HTTP_10 if request.uri().authority().is_none() => Ok(None),
            _ => Err(BadHead::Malformed("the request has no Host; HTTP/1.1 expects one").into()),
        };
    };
    if hosts.next().is_some() {
        return Err(Refusal::ManyHosts);
    }
    let host = given.to_str().ok().and_then(Host::parse);
    let Some(host) = host.filter(|host| rules.is_ours(host)) else {
        return Err(Refusal::host(given.as_bytes()));
    };
    // The target may be written with the host in it, as to a proxy.
    if let Some(authority) = request.uri().authority()
        && Host::parse(authority.as_str()) != Some(host)
    {
        return Err(BadHead::Malformed(
            "the request's target names another host than its Host; expected is the same",
        )
        .into());
    }
    Ok(Some(host))
}

/// Refuses what a page of another site asks for, unless its origin is one that
/// may. A browser says so itself; devices and scripts send none of these
/// headers and pass. Returns the origin when it is another's that may.
///
/// Without this, any page on the internet could have a visitor's browser
/// publish to the brokers of that visitor's network, or read from them.
fn check_site<B>(
    request: &Request<B>,
    host: Option<&Host<'_>>,
    rules: &SiteRules,
) -> Result<Option<HeaderValue>, Refusal> {
    let headers = request.headers();
    let mut origins = headers.get_all(ORIGIN).iter();
    if let Some(given) = origins.next() {
        let is_alone = origins.next().is_none();
        if is_alone && rules.allows(given) {
            return Ok(Some(given.clone()));
        }
        if !is_alone || !host.is_some_and(|host| origin::is_of_host(given.as_bytes(), host)) {
            return Err(Refusal::origin(given.as_bytes()));
        }
    }
    // Also a page of another port of this host, or of a host beside it in its
    // domain, is somebody else's ("same-site").
    let is_ours = |site: &HeaderValue| {
        let is = |word: &str| site.as_bytes().eq_ignore_ascii_case(word.as_bytes());
        is("same-origin") || is("none")
    };
    if !headers.get_all(SEC_FETCH_SITE).iter().all(is_ours) && !opens_the_page(request) {
        return Err(Refusal::CrossSite(
            "the request comes from a page of another site, another host or another port".into(),
        ));
    }
    Ok(None)
}

/// Whether somebody follows a link of another site to the page of the user
/// interface: a whole window shows it, which the other site cannot look into,
/// and nothing but that page can be had so.
fn opens_the_page<B>(request: &Request<B>) -> bool {
    let navigates = |mode: &HeaderValue| mode == "navigate";
    request.method() == Method::GET
        && request.uri().path() == "/"
        && !request.headers().contains_key(ORIGIN)
        && request.headers().get(SEC_FETCH_MODE).is_some_and(navigates)
}

/// Refuses whoever is not on this machine, or does not know it by a loopback
/// name.
pub(crate) fn check_local(headers: &HeaderMap, caller: &Caller) -> Result<(), Refusal> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_local_name = host
        .and_then(Host::parse)
        .is_some_and(|host| host.is_loopback());
    if caller.is_local && is_local_name {
        Ok(())
    } else {
        Err(Refusal::NotLocal)
    }
}

impl SiteRules {
    /// Whether a host is a way to say this broker.
    fn is_ours(&self, host: &Host<'_>) -> bool {
        match host.name {
            Name::Address(_) => true,
            Name::Text(name) => {
                host.is_loopback()
                    || self
                        .hosts
                        .iter()
                        .any(|ours| ours.as_str().eq_ignore_ascii_case(name))
            }
        }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.origins
            .iter()
            .any(|allowed| allowed.is(origin.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Transport;
    use std::net::IpAddr;

    const OURS: &str = "broker.lan:33334";

    fn rules() -> SiteRules {
        SiteRules {
            hosts: vec!["Broker.lan".parse().unwrap()],
            origins: vec!["https://panel.example".parse().unwrap()],
        }
    }

    fn request(line: (&str, &str), pairs: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().method(line.0).uri(line.1);
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    fn status(line: (&str, &str), pairs: &[(&str, &str)]) -> u16 {
        let request = request(line, pairs);
        let host = match check_host(&request, &rules()) {
            Ok(host) => host,
            Err(refusal) => return refusal.status().as_u16(),
        };
        match check_site(&request, host.as_ref(), &rules()) {
            Ok(_) => 200,
            Err(refusal) => refusal.status().as_u16(),
        }
    }

    #[test]
    fn a_request_names_this_broker_once() {
        for (hosts, expected) in [
            (&["localhost"][..], 200),
            (&["broker.LAN"], 200),
            (&["8.8.8.8:1"], 200),
            (&["[2001:db8::1]"], 200),
            (&["rebound.example"], 421),
            (&["broker.lan.example"], 421),
            (&["lan"], 421),
            (&[""], 421),
            (&["broker.lan, localhost"], 421),
            (&["user@broker.lan"], 421),
            (&["localhost", "localhost"], 421),
            (&[], 400),
        ] {
            let pairs: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            assert_eq!(status(("POST", "/POST"), &pairs), expected, "{hosts:?}");
        }
        for (target, host, expected) in [
            ("http://broker.lan:33334/", OURS, 200),
            ("http://localhost/", OURS, 400),
            ("http://broker.lan/", OURS, 400),
        ] {
            let pairs = [("host", host)];
            assert_eq!(status(("GET", target), &pairs), expected, "{target}");
        }
        let mut old = request(("GET", "/"), &[]);
        *old.version_mut() = Version::HTTP_10;
        assert_eq!(check_host(&old, &rules()).unwrap(), None);
    }

    #[test]
    fn a_page_is_ours_or_of_an_origin_that_is_named() {
        let host = ("host", OURS);
        let cases: [(&[(&str, &str)], u16); 21] = [
            (&[host], 200),
            (&[host, ("origin", "http://broker.lan:33334")], 200),
            (&[host, ("origin", "https://panel.example")], 200),
            (
                &[
                    host,
                    ("origin", "https://panel.example"),
                    ("sec-fetch-site", "cross-site"),
                ],
                200,
            ),
            (&[host, ("sec-fetch-site", "same-origin")], 200),
            (&[host, ("sec-fetch-site", "none")], 200),
            (&[host, ("sec-fetch-site", "cross-site")], 403),
            (&[host, ("sec-fetch-site", "Cross-Site")], 403),
            (&[host, ("sec-fetch-site", "same-site")], 403),
            (&[host, ("sec-fetch-site", "Same-Site")], 403),
            (&[host, ("sec-fetch-site", "")], 403),
            (
                &[
                    host,
                    ("sec-fetch-site", "same-origin"),
                    ("sec-fetch-site", "same-site"),
                ],
                403,
            ),
            (
                &[
                    host,
                    ("origin", "https://panel.example"),
                    ("sec-fetch-site", "same-site"),
                ],
                200,
            ),
            (
                &[
                    host,
                    ("origin", "http://broker.lan:33334"),
                    ("sec-fetch-site", "same-site"),
                ],
                403,
            ),
            (
                &[
                    host,
                    ("origin", "http://broker.lan:8080"),
                    ("sec-fetch-site", "same-site"),
                ],
                403,
            ),
            (&[host, ("origin", "http://panel.example")], 403),
            (&[host, ("origin", "http://broker.lan")], 403),
            (&[host, ("origin", "null")], 403),
            (&[host, ("origin", "")], 403),
            (
                &[
                    host,
                    ("origin", "https://panel.example"),
                    ("origin", "https://panel.example"),
                ],
                403,
            ),
            (
                &[
                    host,
                    ("origin", "http://broker.lan:33334"),
                    ("sec-fetch-site", "cross-site"),
                ],
                403,
            ),
        ];
        for (pairs, expected) in cases {
            for method in ["GET", "POST", "OPTIONS"] {
                assert_eq!(status((method, "/GETVAL"), pairs), expected, "{pairs:?}");
            }
        }
    }

    #[test]
    fn a_link_leads_to_the_page_and_to_nothing_else() {
        for site in ["cross-site", "same-site"] {
            let link = [
                ("host", OURS),
                ("sec-fetch-site", site),
                ("sec-fetch-mode", "navigate"),
            ];
            assert_eq!(status(("GET", "/"), &link), 200);
            for line in [
                ("POST", "/"),
                ("GET", "/GETVAL?topic=/a"),
                ("GET", "/v1/monitor/stream"),
            ] {
                assert_eq!(status(line, &link), 403, "{line:?} {site}");
            }
            let framed = [link[0], link[1], ("sec-fetch-mode", "no-cors")];
            assert_eq!(status(("GET", "/"), &framed), 403, "{site}");
        }
    }

    #[test]
    fn the_monitor_is_for_this_machine_by_a_name_of_its_own() {
        let caller = |peer: &str| {
            let local: IpAddr = "127.0.0.1".parse().unwrap();
            Caller::of_connection(peer.parse().unwrap(), local, Transport::Plain)
        };
        let allowed = |peer: &str, host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            check_local(&headers, &caller(peer)).is_ok()
        };
        for host in ["127.0.0.1:33334", "localhost", "[::1]:1", "127.9.9.9"] {
            assert!(allowed("127.0.0.1", host), "{host}");
            assert!(!allowed("192.168.0.9", host), "{host}");
        }
        for host in ["rebound.example:33334", "127.0.0.1.example", "8.8.8.8", ""] {
            assert!(!allowed("127.0.0.1", host), "{host}");
        }
        assert!(check_local(&HeaderMap::new(), &caller("::1")).is_err());
    }
}
