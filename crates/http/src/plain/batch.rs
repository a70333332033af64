//! Several messages in one request.

use axum::extract::{Extension, Request, State};
use axum::response::Response;
use moustique_core::Outcome;
use serde::Deserialize;

use crate::caller::Caller;
use crate::plain::content;
use crate::plain::message::Publication;
use crate::plain::query::Query;
use crate::plain::rejection::PlainRejection;
use crate::refusal::Refusal;
use crate::route::AppState;

/// Publish several messages.
///
/// All of them or, when one is refused, none: they are stored together. The
/// answer has their ids in their order, and `null` for one that repeats an
/// earlier message.
#[utoipa::path(
    post,
    path = "/v1/publish",
    operation_id = "publish_several",
    tag = "Topics",
    request_body(content = Vec<Publication>, description = "At most 1,000 messages"),
    responses((status = 200, description = "Stored", body = Vec<Option<u64>>)),
)]
pub(crate) async fn publish(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let settings = app.settings();
    Query::parse(&head.uri, &[])?;
    let json = content::json(&head.headers, body, &settings.http).await?;
    let serde_json::Value::Array(publications) = json else {
        let reason = "expected is an array of messages".into();
        return Err(PlainRejection::Json { reason }.into());
    };
    let (given, limit) = (publications.len(), settings.http.batch_messages);
    if given > limit {
        return Err(PlainRejection::BatchTooLong { given, limit }.into());
    }
    let mut drafts = Vec::with_capacity(given);
    for (index, publication) in publications.into_iter().enumerate() {
        let publication = Publication::deserialize(publication).map_err(|error| {
            let reason = error.to_string();
            Refusal::from(PlainRejection::Json { reason }).of_message(index)
        })?;
        let draft = publication.into_draft(&settings.requests.broker, caller.address);
        drafts.push(draft.map_err(|rejection| Refusal::from(rejection).of_message(index))?);
    }
    let outcomes = app.broker.publish_all(drafts).await.map_err(|refused| {
        let refusal = Refusal::from(refused.refused);
        match refused.index {
            Some(index) => refusal.of_message(index),
            None => refusal,
        }
    })?;
    let ids: Vec<Option<u64>> = outcomes.into_iter().map(id).collect();
    Ok(content::answer(&ids))
}

/// The id that a message was given.
pub(crate) fn id(outcome: Outcome) -> Option<u64> {
    match outcome {
        Outcome::Logged(id) => Some(id.0),
        Outcome::Changed | Outcome::Unchanged | Outcome::Repeated => None,
    }
}
