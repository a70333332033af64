//! Messages as they come, in an answer that does not end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Uri};
use moustique_broker::{Follow, Followed, Gap};
use moustique_core::{Filter, Limits, MessageId};
use serde::Serialize;
use tokio::time::{self, Instant, Interval, MissedTickBehavior};
use utoipa::ToSchema;

use crate::app::Inner;
use crate::plain::content;
use crate::plain::message::MessageJson;
use crate::plain::problem::Problem;
use crate::plain::query::{self, Query};
use crate::plain::rejection::PlainRejection;
use crate::refusal::Refusal;
use crate::route::AppState;

/// Time between two signs of life, so that both ends and all in between know
/// that the connection stands.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// Where a browser that connects again goes on.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

const EVENTS: &str = "text/event-stream";
const LINES: &str = "application/x-ndjson";

/// Messages between these two may be missing: they are not in the log any more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gap)]
pub(crate) struct GapJson {
    /// The last message before the gap.
    after: u64,
    /// From this one on all are there.
    first: u64,
}

impl From<Gap> for GapJson {
    fn from(gap: Gap) -> Self {
        Self {
            after: gap.after.0,
            first: gap.first.0,
        }
    }
}

/// A place among the streams that may be open.
pub(crate) struct Place {
    app: Arc<Inner>,
}

impl Place {
    /// Takes a place, if one is left.
    pub(crate) fn take(app: &Arc<Inner>) -> Result<Self, Refusal> {
        let limit = app.settings().http.streams;
        if app.broker.counters().stream_opened(limit) {
            let app = Arc::clone(app);
            return Ok(Self { app });
        }
        Err(PlainRejection::TooManyStreams { limit }.into())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.app.broker.counters().stream_closed();
    }
}

/// The filters of a stream, at least one.
pub(crate) fn filters<'f>(
    given: impl Iterator<Item = &'f str>,
    limits: &Limits,
) -> Result<Vec<Filter>, Refusal> {
    let given: Vec<_> = given.collect();
    if given.is_empty() {
        return Err(PlainRejection::MissingParameter { name: "filter" }.into());
    }
    let (count, limit) = (given.len(), limits.filters_per_client);
    if count > limit {
        let given = count;
        return Err(PlainRejection::TooManyFilters { given, limit }.into());
    }
    let filters = given.into_iter().map(|given| query::filter(given, limits));
    Ok(filters.collect::<Result<_, _>>()?)
}

/// Follow messages.
///
/// What is published to the topics that a filter matches, as server-sent events:
/// `id` is the id of the message, `data` the message as JSON. A browser that
/// connects again goes on where it was. With `Accept: application/x-ndjson` each
/// line is a message as JSON. Where messages may be missing because the log does
/// not have them any more, there is an event `gap`, or a line with `gap`.
/// Every 15 s without a message there is a comment, or an empty line.
#[utoipa::path(
    get,
    path = "/v1/stream",
    operation_id = "stream",
    tag = "Streams",
    params(
        ("filter" = Vec<String>, Query, description = "Which topics: `+` stands for one level, a last `#` for all below (send them as `%2B` and `%23`); may be there again, at most 256 times"),
        ("since" = Option<u64>, Query, description = "Begin with the messages after the one with this id, and not with those to come", minimum = 0),
        ("Last-Event-ID" = Option<u64>, Header, description = "The same, as browsers send it; it is above `since`", minimum = 0),
    ),
    responses((
        status = 200,
        description = "Messages until one side ends it",
        content((String = "text/event-stream"), (String = "application/x-ndjson")),
    )),
)]
pub(crate) async fn stream(
    State(app): AppState,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let query = Query::parse(&uri, &["filter", "since"])?;
    let filters = filters(query.all("filter"), &app.settings().requests.broker)?;
    let since = match last_event(&headers)? {
        None => query.id("since")?,
        last => last,
    };
    let is_lines = content::accepts(&headers, LINES);
    let place = Place::take(&app)?;
    let following = Following {
        follow: app.broker.follow(filters, since),
        format: if is_lines {
            Format::Lines
        } else {
            Format::Events
        },
        heartbeat: heartbeat(),
        begun: false,
        failed: false,
        _place: place,
    };
    let chunks = stream::unfold(following, |mut following| async {
        let chunk = following.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(chunk)), following))
    });
    let kind = if is_lines { LINES } else { EVENTS };
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind))];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// Ticks while a stream is quiet, the first time when it has been.
pub(crate) fn heartbeat() -> Interval {
    let mut heartbeat = time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat
}

fn last_event(headers: &HeaderMap) -> Result<Option<MessageId>, Refusal> {
    let Some(last) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let last = String::from_utf8_lossy(last.as_bytes());
    query::message_id("Last-Event-ID", &last).map(Some)
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Events,
    Lines,
}

/// One stream.
struct Following {
    follow: Follow,
    format: Format,
    heartbeat: Interval,
    begun: bool,
    failed: bool,
    _place: Place,
}

impl Following {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Option<Vec<u8>> {
        if !self.begun {
            // At once, so that it is seen that the stream stands.
            self.begun = true;
            return Some(self.format.beginning(self.follow.told()));
        }
        if self.failed {
            return None;
        }
        tokio::select! {
            followed = self.follow.next() => {
                self.heartbeat.reset();
                match followed? {
                    Ok(followed) => Some(self.format.followed(&followed)),
                    Err(refused) => {
                        self.failed = true;
                        Some(self.format.problem(&Problem::of(&refused.into())))
                    }
                }
            }
            _ = self.heartbeat.tick() => Some(self.format.heartbeat(self.follow.told())),
        }
    }
}

impl Format {
    /// An id without data: a browser that loses the connection before the first
    /// message goes on from here.
    fn beginning(self, told: MessageId) -> Vec<u8> {
        match self {
            Self::Events => format!("retry: {}\nid: {}\n\n", RETRY.as_millis(), told.0).into(),
            Self::Lines => b"\n".into(),
        }
    }

    fn heartbeat(self, told: MessageId) -> Vec<u8> {
        match self {
            Self::Events => format!(":\nid: {}\n\n", told.0).into(),
            Self::Lines => b"\n".into(),
        }
    }

    fn followed(self, followed: &Followed) -> Vec<u8> {
        let mut bytes = Vec::new();
        match followed {
            Followed::Messages(messages) => {
                for message in messages {
                    let json = MessageJson::from(message.as_ref()).json();
                    if matches!(self, Self::Events) {
                        bytes.extend(format!("id: {}\ndata: ", message.id.0).into_bytes());
                    }
                    bytes.extend(json);
                    bytes.extend(self.end());
                }
            }
            Followed::Gap(gap) => {
                let json = serde_json::to_vec(&GapJson::from(*gap)).unwrap_or_default();
                self.named("gap", &json, &mut bytes);
            }
        }
        bytes
    }

    fn problem(self, problem: &Problem) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.named("problem", &problem.json(), &mut bytes);
        bytes
    }

    fn named(self, name: &str, json: &[u8], bytes: &mut Vec<u8>) {
        let (before, after) = match self {
            Self::Events => (format!("event: {name}\ndata: "), ""),
            Self::Lines => (format!("{{\"{name}\":"), "}"),
        };
        bytes.extend(before.into_bytes());
        bytes.extend(json);
        bytes.extend(after.as_bytes());
        bytes.extend(self.end());
    }

    /// JSON has no line breaks of its own.
    fn end(self) -> &'static [u8] {
        match self {
            Self::Events => b"\n\n",
            Self::Lines => b"\n",
        }
    }
}
