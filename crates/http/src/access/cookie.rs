//! The cookies that name a session.
//!
//! There is one for connections that are encrypted and another one for those
//! that are not: a browser keeps cookies by host, not by port, and sends a
//! `Secure` one over TLS alone. Were they of one name, a login at the plain port
//! could not set its own, and one who sits between the two could put his in the
//! place of the other.
//!
//! They have no `Path`, so they are for the folder of the login's path and for
//! nothing else of the host: `/v1`, or `/broker/v1` where a proxy gives the
//! broker a place below its own, which only the browser knows.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// The cookie of a session that was opened in the open.
pub(crate) const PLAIN: &str = "moustique_session";

/// The cookie of one that was opened over TLS. What a name begins with so,
/// browsers take over TLS and with `Secure` alone.
const SECURE: &str = "__Secure-moustique_session";

/// The tokens of the sessions that a request names, at most one of each cookie.
/// The one for TLS counts there alone: elsewhere no browser sends it.
pub(super) fn tokens(headers: &HeaderMap, is_encrypted: bool) -> Vec<String> {
    let names = names(is_encrypted).iter();
    let tokens = names.filter_map(|name| value(headers, name));
    tokens.map(String::from).collect()
}

/// What has a browser keep a token, for so many seconds.
pub(super) fn opened(token: &str, seconds: u64, is_encrypted: bool) -> Option<HeaderValue> {
    let name = names(is_encrypted).first()?;
    set(name, token, seconds)
}

/// What has a browser forget all that it may have sent.
pub(super) fn closed(is_encrypted: bool) -> impl Iterator<Item = HeaderValue> {
    let names = names(is_encrypted).iter();
    names.filter_map(|name| set(name, "", 0))
}

/// The cookies that count, the one that is set first.
fn names(is_encrypted: bool) -> &'static [&'static str] {
    if is_encrypted {
        &[SECURE, PLAIN]
    } else {
        &[PLAIN]
    }
}

fn set(name: &str, token: &str, seconds: u64) -> Option<HeaderValue> {
    let secure = if name == SECURE { "; Secure" } else { "" };
    let text = format!("{name}={token}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(text).ok()
}

fn value<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).iter();
    let pairs = cookies.filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transport_has_a_cookie_of_its_own_and_takes_what_may_come_there() {
        let mut headers = HeaderMap::new();
        for cookies in [
            "theme=dark; moustique_session=plain; moustique_session=later",
            "__Secure-moustique_session=secure;moustique_sessions=x",
        ] {
            headers.append(COOKIE, HeaderValue::from_static(cookies));
        }
        assert_eq!(tokens(&headers, false), ["plain"]);
        assert_eq!(tokens(&headers, true), ["secure", "plain"]);
        assert!(tokens(&HeaderMap::new(), true).is_empty());
    }

    #[test]
    fn a_cookie_is_taken_away_with_the_flags_that_it_was_set_with() {
        let plain = "moustique_session=t; Max-Age=9; HttpOnly; SameSite=Strict";
        assert_eq!(opened("t", 9, false).unwrap(), plain);
        let secure = "__Secure-moustique_session=t; Max-Age=9; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(opened("t", 9, true).unwrap(), secure);
        let taken = |text: &str| text.replace("=t; Max-Age=9", "=; Max-Age=0");
        let closed = |is_encrypted| closed(is_encrypted).collect::<Vec<_>>();
        assert_eq!(closed(false), [taken(plain)]);
        assert_eq!(closed(true), [taken(secure), taken(plain)]);
        assert_eq!(opened("\n", 9, true), None);
    }
}
