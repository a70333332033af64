//! Bodies and what both sides say about them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use moustique_protocol::Excerpt;
use serde::Serialize;

use crate::body;
use crate::classic;
use crate::limits::HttpLimits;
use crate::plain::rejection::PlainRejection;
use crate::refusal::Refusal;

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const JSON: &str = "application/json";

/// Reads a body within its bounds.
pub(crate) async fn bytes(
    headers: &HeaderMap,
    body: Body,
    limits: &HttpLimits,
) -> Result<Bytes, Refusal> {
    classic::check_content_encoding(headers)?;
    let read = body::read(body, limits).await;
    read.map_err(|error| Refusal::from_body(error, limits))
}

/// Reads a body that is text.
pub(crate) async fn text(
    headers: &HeaderMap,
    body: Body,
    limits: &HttpLimits,
) -> Result<String, Refusal> {
    let bytes = bytes(headers, body, limits).await?;
    String::from_utf8(bytes.into()).map_err(|_| PlainRejection::NotUtf8 { what: "the body" }.into())
}

/// Reads a body that is JSON and says so, or nothing of what it is.
pub(crate) async fn json(
    headers: &HeaderMap,
    body: Body,
    limits: &HttpLimits,
) -> Result<serde_json::Value, Refusal> {
    if let Some(given) = headers.get(CONTENT_TYPE) {
        let given = String::from_utf8_lossy(given.as_bytes());
        if !media_type(&given).eq_ignore_ascii_case(JSON) {
            let given = Excerpt::of(&given);
            let expected = JSON;
            return Err(PlainRejection::MediaType { given, expected }.into());
        }
    }
    let bytes = bytes(headers, body, limits).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let reason = error.to_string();
        PlainRejection::Json { reason }.into()
    })
}

/// Answers with JSON that is new each time.
pub(crate) fn answer<T: Serialize>(value: &T) -> Response {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(JSON))];
    match serde_json::to_vec(value) {
        Ok(json) => (headers, json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether a request names a content type among those it accepts.
pub(crate) fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter();
    accepted.any(|accepted| {
        let accepted = String::from_utf8_lossy(accepted.as_bytes());
        accepted
            .split(',')
            .any(|accepted| media_type(accepted).eq_ignore_ascii_case(wanted))
    })
}

/// Whether a list of tags has that tag, or all of them.
pub(crate) fn names(headers: &HeaderMap, list: &HeaderName, tag: &str) -> bool {
    headers.get_all(list).iter().any(|list| {
        let list = String::from_utf8_lossy(list.as_bytes());
        list.split(',')
            .map(str::trim)
            .any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
    })
}

/// A content type without its parameters.
fn media_type(given: &str) -> &str {
    let (kind, _) = given.split_once(';').unwrap_or((given, ""));
    kind.trim()
}
