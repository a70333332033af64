//! The plain API (spec/PROTOCOL.md, section 2): the same broker for people with
//! curl, an ESP32 or a browser.
//!
//! Handlers return a [`Refusal`] where they refuse, which becomes problem JSON.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http::{Method, Uri};
use moustique_broker::Bound;
use moustique_protocol::Excerpt;

use crate::app::Inner;
use crate::body::ReplyBody;
use crate::refusal::Refusal;
use crate::route::AppState;

mod batch;
mod content;
mod description;
mod docs;
mod health;
mod history;
mod message;
mod metrics;
mod problem;
mod query;
pub(crate) mod rejection;
mod socket;
mod stream;
#[cfg(test)]
mod tests;
mod topics;
mod values;

use rejection::PlainRejection;

/// The routes. `/v1/monitor` is not among them.
pub(crate) fn router(app: Arc<Inner>) -> Router {
    let topic = put(topics::publish)
        .post(topics::publish)
        .get(topics::value)
        .delete(topics::forget);
    Router::new()
        .route("/v1/topics", topic.clone())
        .route("/v1/topics/", topic.clone())
        .route("/v1/topics/{*topic}", topic)
        .route("/v1/values", get(values::page))
        .route("/v1/history", get(history::page))
        .route("/v1/publish", post(batch::publish))
        .route("/v1/stream", get(stream::stream))
        .route("/v1/ws", get(socket::open))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(description::json))
        .route("/docs", get(docs::page))
        .route("/docs.css", get(docs::style))
        .method_not_allowed_fallback(method)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), count))
        .with_state(app)
}

/// Whether a path is one of the plain API's, be there something or not: what is
/// refused there is refused with problem JSON.
pub(crate) fn is_plain(uri: &Uri) -> bool {
    const OTHERS: [&str; 4] = ["/v1/monitor/", "/v1/session", "/v1/login", "/v1/logout"];
    const ALONE: [&str; 6] = [
        "/v1",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
    ];
    let path = uri.path();
    let is_other = OTHERS.iter().any(|other| path.starts_with(other));
    ALONE.contains(&path) || (path.starts_with("/v1/") && !is_other)
}

/// Refuses before a handler is asked, in the words of whatever the path belongs
/// to, and counts it where a bound was hit.
pub(crate) fn refuse(app: &Inner, uri: &Uri, refusal: Refusal) -> http::Response<ReplyBody> {
    if is_plain(uri) {
        app.count(&refusal);
        return IntoResponse::into_response(refusal).map(ReplyBody::Routed);
    }
    app.refuse(refusal)
}

/// Nothing is at a path.
pub(crate) fn unknown(uri: &Uri) -> Response {
    let given = Excerpt::of(uri.path());
    IntoResponse::into_response(Refusal::from(PlainRejection::UnknownPath { given }))
}

async fn method(method: Method) -> Refusal {
    let given = Excerpt::of(method.as_str());
    PlainRejection::Method { given }.into()
}

/// Counts the bounds at which handlers refused.
async fn count(State(app): AppState, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(bound) = response.extensions().get::<Bound>() {
        app.broker.counters().bound_hit(*bound);
    }
    response
}
