//! A refusal as problem JSON (RFC 9457).

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;

use crate::refusal::Refusal;

/// The content type of a refusal.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is, and
    /// `code` says more.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The name of the status.
    title: &'static str,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was given and what was expected, for people.
    detail: String,
    /// A word for programs. It never changes.
    code: &'static str,
    /// Which message of several is at fault, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    index: Option<usize>,
}

impl Problem {
    /// What is said of a refusal.
    pub(crate) fn of(refusal: &Refusal) -> Self {
        let (status, code) = refusal.row();
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            detail: refusal.text(),
            code,
            index: refusal.index(),
        }
    }

    /// The same as text.
    pub(crate) fn json(&self) -> Vec<u8> {
        // There is nothing in it that JSON could not say.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Refusals of handlers are answered as problem JSON; the refusal goes along for
/// the bound that it may be about to be counted.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Bytes::from(Problem::of(&self).json()).into());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        self.set_headers(headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        self.note(response.extensions_mut());
        if let Some(bound) = self.bound() {
            response.extensions_mut().insert(bound);
        }
        response
    }
}
