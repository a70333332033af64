//! What a page of another origin, which may use the broker, is told so that
//! its browser lets it. Nobody else is told anything.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName, HeaderValue, VARY,
};
use http::{HeaderMap, Response, StatusCode};

/// What any route takes.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");

/// What a page may have to set on a request.
const HEADERS: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, Last-Event-ID, Moustique-Encoding");

/// What a page may have to read of an answer.
const EXPOSED: HeaderValue = HeaderValue::from_static("Moustique-Lease");

/// Seconds for which a browser need not ask again: so long an origin that is
/// no longer allowed may go on asking, and is refused.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Browsers ask this before a page of the internet may reach into a private
/// network, which is what this broker is in.
const REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// Tells what a page of an allowed origin may ask for.
pub(crate) fn preflight<B: From<Bytes>>(asked: &HeaderMap) -> Response<B> {
    let mut response = Response::new(B::from(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if asked.contains_key(REQUEST_PRIVATE_NETWORK) {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    response
}

/// Lets a page of an allowed origin read an answer. No credentials: those that
/// a browser adds by itself are for our own pages.
pub(crate) fn share(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

/// Says that an answer depends on who asks, so that no cache gives one page
/// what was made for another.
pub(crate) fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
}
