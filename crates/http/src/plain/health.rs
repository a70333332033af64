//! Whether the broker lives and whether it can store.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};

use crate::plain::content::TEXT;
use crate::plain::problem::Problem;
use crate::refusal::Refusal;
use crate::route::AppState;

/// Whether the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "Operation",
    responses((status = 200, description = "It does", body = String, content_type = "text/plain")),
)]
pub(crate) async fn live() -> Response {
    said("alive\n")
}

/// Whether something can be stored.
///
/// Writes to the disk to find out, once a second at most: whoever asks more
/// often is told what was found out.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Operation",
    responses(
        (status = 200, description = "It can", body = String, content_type = "text/plain"),
        (status = 503, description = "It cannot: `code` says why", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn ready(State(app): AppState) -> Result<Response, Refusal> {
    match app.broker.check().await {
        Ok(()) => Ok(said("ready\n")),
        Err(refused) => Err(Refusal::NotReady(refused)),
    }
}

fn said(text: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(TEXT))];
    (headers, text).into_response()
}
