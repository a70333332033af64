//! The values of many topics.

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use moustique_broker::MAX_VALUES;
use moustique_core::Limits;
use serde::Serialize;
use utoipa::ToSchema;

use crate::plain::content;
use crate::plain::message::MessageJson;
use crate::plain::query::{self, Query};
use crate::plain::rejection::PlainRejection;
use crate::refusal::Refusal;
use crate::route::AppState;

/// A page of values.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Values<'m> {
    /// The last messages of the topics, sorted by topic.
    values: Vec<MessageJson<'m>>,
    /// What to give as `after` to get the next page; `null` when this is the
    /// last one.
    next: Option<&'m str>,
}

/// Read the values of many topics.
///
/// In pages, sorted by topic. A page has at most `limit` values, and ends early
/// when it has 4 MiB of them.
#[utoipa::path(
    get,
    path = "/v1/values",
    operation_id = "values",
    tag = "Topics",
    params(
        ("filter" = Option<String>, Query, description = "Which topics: `+` stands for one level, a last `#` for all below (send them as `%2B` and `%23`); all when it is left out"),
        ("regex" = Option<String>, Query, description = "Instead of `filter`: topics in which this regular expression is found"),
        ("after" = Option<String>, Query, description = "Topics after this one: `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Values in a page, 100 when it is left out", minimum = 1, maximum = 1000),
    ),
    responses((status = 200, description = "A page of values", body = Values<'_>)),
)]
pub(crate) async fn page(State(app): AppState, uri: Uri) -> Result<Response, Refusal> {
    let query = Query::parse(&uri, &["filter", "regex", "after", "limit"])?;
    let (after, limit) = (query.one("after")?, query.limit(MAX_VALUES)?);
    let limits = &app.settings().requests.broker;
    let (messages, more) = match (query.one("filter")?, query.one("regex")?) {
        (Some(_), Some(_)) => {
            let (one, other) = ("filter", "regex");
            return Err(PlainRejection::Contradiction { one, other }.into());
        }
        (None, Some(pattern)) => {
            let limits = Limits {
                regex_results: limit.min(limits.regex_results),
                ..limits.clone()
            };
            let found = app.broker.search_after(pattern, after, &limits).await?;
            (found.messages, found.is_cut)
        }
        (filter, None) => {
            let filter = query::filter(filter.unwrap_or("#"), limits)?;
            let page = app.broker.values(&filter, after, limit).await;
            (page.messages, page.more)
        }
    };
    let last = messages.last().filter(|_| more);
    Ok(content::answer(&Values {
        next: last.map(|last| last.topic.as_str()),
        values: messages
            .iter()
            .map(|m| MessageJson::from(m.as_ref()))
            .collect(),
    }))
}
