//! The earlier messages of a topic.

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use moustique_broker::{MAX_HISTORY, MAX_HISTORY_BYTES, Span};
use moustique_core::{Message, MessageId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::plain::content;
use crate::plain::message::MessageJson;
use crate::plain::query::{self, Query};
use crate::plain::rejection::PlainRejection;
use crate::refusal::Refusal;
use crate::route::AppState;

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History<'m> {
    /// The messages: oldest first with `since`, else newest first.
    messages: Vec<MessageJson<'m>>,
    /// What to give as `since` or `before`, as in this request, to get the next
    /// page; `null` when this is the last one.
    next: Option<u64>,
}

/// Read the earlier messages of a topic.
///
/// As far back as the retention keeps them, in pages. A page has at most `limit`
/// messages, and ends early when it has 4 MiB of them.
#[utoipa::path(
    get,
    path = "/v1/history",
    operation_id = "history",
    tag = "Topics",
    params(
        ("topic" = String, Query, description = "The topic", min_length = 1),
        ("since" = Option<u64>, Query, description = "The messages after the one with this id, oldest first", minimum = 0),
        ("before" = Option<u64>, Query, description = "The messages before the one with this id, newest first; before all to come when neither is given", minimum = 0),
        ("limit" = Option<u32>, Query, description = "Messages in a page, 100 when it is left out", minimum = 1, maximum = 1000),
    ),
    responses((status = 200, description = "A page of messages", body = History<'_>)),
)]
pub(crate) async fn page(State(app): AppState, uri: Uri) -> Result<Response, Refusal> {
    let query = Query::parse(&uri, &["topic", "since", "before", "limit"])?;
    let topic = query.required("topic")?;
    let topic = query::topic(topic, &app.settings().requests.broker)?;
    let span = match (query.id("since")?, query.id("before")?) {
        (Some(_), Some(_)) => {
            let (one, other) = ("since", "before");
            return Err(PlainRejection::Contradiction { one, other }.into());
        }
        (Some(since), None) => Span::After(since),
        (None, before) => Span::Before(before.unwrap_or(MessageId(u64::MAX))),
    };
    let limit = query.limit(MAX_HISTORY)?;
    let messages = app.broker.history(topic, span, limit).await?;
    let bytes: usize = messages.iter().map(Message::bytes).sum();
    let is_full = messages.len() == limit || bytes >= MAX_HISTORY_BYTES;
    let last = messages.last().filter(|_| is_full);
    Ok(content::answer(&History {
        next: last.map(|last| last.id.0),
        messages: messages.iter().map(MessageJson::from).collect(),
    }))
}
