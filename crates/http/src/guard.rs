//! What a web page may do, and what only this machine may.

use std::net::IpAddr;

use http::header::{HOST, HeaderValue, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Uri};

use crate::caller::Caller;
use crate::refusal::Refusal;

/// Refuses what a page of another host asks for. A browser says so itself;
/// devices and scripts send neither header and pass.
///
/// Without this, any page on the internet could have a visitor's browser
/// publish to the brokers of that visitor's network.
pub(crate) fn check_same_site(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site")
    {
        return Err(Refusal::CrossSite(
            "the request comes from another site".into(),
        ));
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    if origin_authority(origin).is_some_and(|origin| Some(origin) == host(headers)) {
        return Ok(());
    }
    let origin = String::from_utf8_lossy(origin.as_bytes())
        .escape_debug()
        .to_string();
    Err(Refusal::CrossSite(format!(
        "the request comes from the page of {origin}"
    )))
}

/// Refuses whoever is not on this machine, or does not know it by a loopback
/// name: a name of somebody else's that leads here makes a browser take a
/// foreign page for our own.
pub(crate) fn check_local(headers: &HeaderMap, caller: &Caller) -> Result<(), Refusal> {
    let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    let is_local_name = host(headers).is_some_and(|host| is_loopback_name(host.host()));
    if caller.address.is_loopback() && is_local_name && !is_forwarded {
        Ok(())
    } else {
        Err(Refusal::NotLocal)
    }
}

fn host(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?;
    match hosts.next() {
        Some(_) => None,
        None => Authority::try_from(host.as_bytes()).ok(),
    }
}

fn origin_authority(origin: &HeaderValue) -> Option<Authority> {
    let uri = Uri::try_from(origin.as_bytes()).ok()?;
    uri.scheme()?;
    uri.authority().cloned()
}

fn is_loopback_name(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn pages_of_the_same_host_and_devices_pass() {
        let passing: &[&[(&str, &str)]] = &[
            &[],
            &[("host", "192.168.0.2:33334")],
            &[("host", "broker:33334"), ("origin", "http://broker:33334")],
            &[
                ("host", "[::1]:1"),
                ("origin", "http://[::1]:1"),
                ("sec-fetch-site", "same-origin"),
            ],
        ];
        for pairs in passing {
            assert!(check_same_site(&headers(pairs)).is_ok(), "{pairs:?}");
        }
    }

    #[test]
    fn pages_of_other_hosts_do_not() {
        let refused: &[&[(&str, &str)]] = &[
            &[("host", "broker:33334"), ("origin", "http://evil.example")],
            &[("host", "broker:33334"), ("origin", "http://broker:80")],
            &[("host", "broker:33334"), ("origin", "null")],
            &[("host", "broker:33334"), ("origin", "")],
            &[("origin", "http://broker:33334")],
            &[("host", "a"), ("host", "b"), ("origin", "http://a")],
            &[("host", "broker"), ("sec-fetch-site", "cross-site")],
        ];
        for pairs in refused {
            assert!(check_same_site(&headers(pairs)).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn the_monitor_is_for_this_machine_by_a_name_of_its_own() {
        let caller = |address: &str| Caller {
            address: address.parse().unwrap(),
            local: "127.0.0.1".parse().unwrap(),
        };
        let (local, remote) = (caller("127.0.0.1"), caller("192.168.0.9"));
        for host in [
            "127.0.0.1:33334",
            "localhost",
            "LOCALHOST:1",
            "[::1]:33334",
            "127.9.9.9",
        ] {
            assert!(
                check_local(&headers(&[("host", host)]), &local).is_ok(),
                "{host}"
            );
            assert!(
                check_local(&headers(&[("host", host)]), &remote).is_err(),
                "{host}"
            );
        }
        let refused: &[&[(&str, &str)]] = &[
            &[],
            &[("host", "rebound.example:33334")],
            &[("host", "127.0.0.1.example")],
            &[("host", "localhost"), ("host", "localhost")],
            &[("host", "localhost"), ("x-forwarded-for", "10.0.0.1")],
        ];
        for pairs in refused {
            assert!(check_local(&headers(pairs), &local).is_err(), "{pairs:?}");
        }
    }
}
