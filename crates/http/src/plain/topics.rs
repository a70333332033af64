//! One topic: publish to it, read its value, forget it.

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, StatusCode, Uri};
use moustique_core::{Draft, Message, MessageKind, Outcome, Topic};
use moustique_protocol::{Excerpt, Rejection};

use crate::caller::Caller;
use crate::plain::content;
use crate::plain::message::{MessageJson, Publication};
use crate::plain::problem::Problem;
use crate::plain::query::{self, Query};
use crate::plain::rejection::PlainRejection;
use crate::refusal::Refusal;
use crate::route::AppState;

/// The id of the message that was stored, or is shown.
pub(crate) const ID: HeaderName = HeaderName::from_static("moustique-id");

/// Says that the publish repeats an earlier one.
const REPEATED: HeaderName = HeaderName::from_static("moustique-repeated");

const TIME: HeaderName = HeaderName::from_static("moustique-time");
const FROM: HeaderName = HeaderName::from_static("moustique-from");

/// Publish the body.
///
/// The body is the message, as it is: any UTF-8 text, an empty one, too. What is
/// answered with 204 is stored.
#[utoipa::path(
    put,
    path = "/v1/topics/{topic}",
    tag = "Topics",
    params(
        ("topic" = String, Path, description = "The topic without its leading slash, which it gets", min_length = 1),
        ("from" = Option<String>, Query, description = "Who publishes; an empty name is none"),
        ("retain" = Option<bool>, Query, description = "`false`: deliver the message, but leave the value of the topic as it is"),
        ("msg_id" = Option<String>, Query, description = "What the publisher calls the message: the same again within ten minutes is accepted and changes nothing"),
    ),
    request_body(content = Option<String>, content_type = "text/plain", description = "The message"),
    responses((
        status = 204,
        description = "Stored",
        headers(
            ("Moustique-Id" = u64, description = "The id of the message; not there when it repeats an earlier one"),
            ("Moustique-Repeated" = bool, description = "`true` when it repeats an earlier one"),
        ),
    )),
)]
pub(crate) async fn publish(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let settings = app.settings();
    let (topic, query) = target(&head.uri, &["topic", "from", "retain", "msg_id"])?;
    refuse_multipart(&head.headers)?;
    let text = |name| Ok::<_, Refusal>(query.one(name)?.map(str::to_owned));
    let publication = Publication {
        topic,
        from: text("from")?,
        msg_id: text("msg_id")?,
        retain: query.switch("retain")?,
        message: content::text(&head.headers, body, &settings.http).await?,
    };
    let draft = publication.into_draft(&settings.requests.broker, caller.address)?;
    let outcome = app.broker.publish(draft).await?;
    Ok(stored(outcome))
}

/// Read the value.
///
/// The last message of the topic, as it was published. With
/// `Accept: application/json` all that is known of it.
#[utoipa::path(
    get,
    path = "/v1/topics/{topic}",
    tag = "Topics",
    params(
        ("topic" = String, Path, description = "The topic without its leading slash, which it gets", min_length = 1),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of a value that is known already"),
    ),
    responses(
        (
            status = 200,
            description = "The value",
            content((String = "text/plain"), (MessageJson<'_> = "application/json")),
            headers(
                ("ETag" = String, description = "Names this value"),
                ("Moustique-Id" = u64, description = "The id of the message"),
                ("Moustique-Time" = i64, description = "When the broker took it, in milliseconds since 1970"),
                ("Moustique-From" = String, description = "Who published it, when that was said, in UTF-8"),
            ),
        ),
        (status = 304, description = "It is the value that is known already"),
        (status = 404, description = "The topic has no value", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn value(
    State(app): AppState,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (topic, _) = target(&uri, &["topic"])?;
    let topic = query::topic(&topic, &app.settings().requests.broker)?;
    let Some(message) = app.broker.value(topic.as_str()) else {
        return Err(Rejection::NoValue { topic }.into());
    };
    Ok(shown(&message, &headers))
}

/// Forget the value.
///
/// Earlier messages stay in the history.
#[utoipa::path(
    delete,
    path = "/v1/topics/{topic}",
    tag = "Topics",
    params(("topic" = String, Path, description = "The topic without its leading slash, which it gets", min_length = 1)),
    responses(
        (status = 204, description = "Forgotten", headers(("Moustique-Id" = u64, description = "The id of the message that says so in the history"))),
        (status = 404, description = "The topic has no value", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn forget(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let (topic, _) = target(&uri, &["topic"])?;
    let topic = query::topic(&topic, &app.settings().requests.broker)?;
    let outcome = app.broker.publish(tombstone(&topic, caller)).await?;
    match outcome {
        Outcome::Unchanged => Err(Rejection::NoValue { topic }.into()),
        outcome => Ok(stored(outcome)),
    }
}

/// The topic that the path names, or else the query.
fn target(uri: &Uri, expected: &'static [&'static str]) -> Result<(String, Query), Refusal> {
    let of_path = query::topic_of_path(uri)?;
    let expected = match (&of_path, expected) {
        // The path says it.
        (Some(_), [_, others @ ..]) => others,
        _ => expected,
    };
    let query = Query::parse(uri, expected)?;
    let topic = match of_path {
        Some(topic) => topic,
        None => query.required("topic")?.to_owned(),
    };
    Ok((topic, query))
}

/// A form of a page would be stored with its boundaries and all.
fn refuse_multipart(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let given = String::from_utf8_lossy(given.unwrap_or_default());
    let is_multipart = given.trim_start().get(..10);
    if is_multipart.is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/")) {
        return Err(PlainRejection::MediaType {
            given: Excerpt::of(&given),
            expected: "the message as it is, such as text/plain",
        }
        .into());
    }
    Ok(())
}

fn tombstone(topic: &Topic, caller: Caller) -> Draft {
    Draft {
        topic: topic.clone(),
        payload: "".into(),
        from: None,
        address: caller.address,
        updated_time: None,
        kind: MessageKind::Deleted,
        repeat_id: None,
    }
}

fn stored(outcome: Outcome) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    match outcome {
        Outcome::Logged(id) => drop(headers.insert(ID, id.0.into())),
        Outcome::Repeated => drop(headers.insert(REPEATED, HeaderValue::from_static("true"))),
        Outcome::Changed | Outcome::Unchanged => {}
    }
    response
}

fn shown(message: &Message, asked: &HeaderMap) -> Response {
    let is_json = content::accepts(asked, "application/json");
    // Two forms of one value are two things to a cache.
    let form = if is_json { ".json" } else { "" };
    let tag = format!("\"{}{form}\"", message.id.0);
    let is_known = content::names(asked, &IF_NONE_MATCH, &tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else if is_json {
        let json = MessageJson::from(message).json();
        ([(CONTENT_TYPE, content::JSON)], json).into_response()
    } else {
        let text = message.payload.as_bytes().to_vec();
        ([(CONTENT_TYPE, content::TEXT)], Body::from(text)).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ID, message.id.0.into());
    headers.insert(TIME, message.time.0.into());
    if let Some(from) = &message.from
        && let Ok(from) = HeaderValue::from_bytes(from.as_str().as_bytes())
    {
        headers.insert(FROM, from);
    }
    response
}
