//! Publishing and following over one WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message as WsMessage, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::SinkExt;
use moustique_broker::{Bound, Follow, Followed, Refused};
use moustique_core::MessageId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{self, Instant, Interval};

use crate::app::Inner;
use crate::caller::Caller;
use crate::plain::batch;
use crate::plain::message::{MessageJson, Publication};
use crate::plain::problem::Problem;
use crate::plain::rejection::PlainRejection;
use crate::plain::stream::{GapJson, HEARTBEAT, Place, filters, heartbeat};
use crate::refusal::Refusal;
use crate::route::AppState;
use crate::upgrades::{Session as Upgraded, Upgrades};

/// Time in which the peer has to give a sign of life; it is asked for one every
/// [`HEARTBEAT`]. Longer: closed.
const SILENCE: Duration = Duration::from_secs(2 * HEARTBEAT.as_secs() + 5);

/// RFC 6455, 7.4.1: the server is going down.
const GOING_AWAY: u16 = 1001;

/// What a peer says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    subscribe: Option<Vec<String>>,
    since: Option<u64>,
    publish: Option<Publication>,
    /// Comes back in the answer.
    #[serde(rename = "ref")]
    reference: Option<Value>,
}

/// What a peer is told.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum News<'m> {
    Message(MessageJson<'m>),
    Gap(GapJson),
    /// The log cannot be read; it goes on with the next `subscribe`.
    Problem(Problem),
}

/// The answer to an order.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok(Done),
    Error(Problem),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Done {
    /// The id of the message, or none when it repeats an earlier one.
    Published { id: Option<u64> },
    /// Messages after this one follow.
    Subscribed { since: u64 },
}

/// Publish and follow over a WebSocket.
///
/// Text frames with JSON. The client says
/// `{"subscribe": ["/home/#"], "since": 17}` (`since` may be left out; it takes
/// the place of what was subscribed before) and
/// `{"publish": {"topic": "/home/lamp", "message": "on"}, "ref": 1}`. Each is
/// answered with `ok` or `error`, and `ref` if there was one. Messages come as
/// `{"message": …}`, gaps as `{"gap": …}`. A peer that does not answer pings is
/// cut after 35 s.
#[utoipa::path(
    get,
    path = "/v1/ws",
    operation_id = "websocket",
    tag = "Streams",
    responses((status = 101, description = "The connection is a WebSocket from here on")),
)]
pub(crate) async fn open(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    Extension(upgrades): Extension<Upgrades>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|rejection| {
        let reason = rejection.body_text();
        PlainRejection::NoUpgrade { reason }
    })?;
    let place = Place::take(&app)?;
    let bytes = app.settings().http.body_bytes;
    let upgrade = upgrade.max_message_size(bytes).max_frame_size(bytes);
    let begun = upgrades.begin();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let session = Session {
            socket,
            follow: None,
            heartbeat: heartbeat(),
            heard: Instant::now(),
            app,
            caller,
            _place: place,
        };
        // The connection may have been cut meanwhile.
        let _ = begun.send(Upgraded(Box::pin(session.run())));
    }))
}

/// One WebSocket.
struct Session {
    socket: WebSocket,
    follow: Option<Follow>,
    heartbeat: Interval,
    /// When the peer gave its last sign of life.
    heard: Instant,
    app: Arc<Inner>,
    caller: Caller,
    _place: Place,
}

/// What a session waits for.
enum Event {
    Stopping,
    Followed(Result<Followed, Refused>),
    Received(Option<Result<WsMessage, axum::Error>>),
    Heartbeat,
    Silence,
}

/// The session is over.
struct Over;

impl<E: std::error::Error> From<E> for Over {
    /// The connection is broken: there is nobody left to tell.
    fn from(_: E) -> Self {
        Self
    }
}

impl Session {
    async fn run(mut self) {
        let mut stopping = self.app.broker.stopping();
        loop {
            let event = tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => Event::Stopping,
                Some(followed) = next(&mut self.follow) => Event::Followed(followed),
                received = self.socket.recv() => Event::Received(received),
                _ = self.heartbeat.tick() => Event::Heartbeat,
                () = time::sleep_until(self.heard + SILENCE) => Event::Silence,
            };
            let step = match event {
                Event::Stopping => self.say_goodbye().await,
                Event::Followed(followed) => self.tell(followed).await,
                Event::Received(received) => self.hear(received).await,
                Event::Heartbeat => self.ask_for_life().await,
                Event::Silence => self.give_up(),
            };
            if step.is_err() {
                return;
            }
        }
    }

    async fn hear(&mut self, received: Option<Result<WsMessage, axum::Error>>) -> Result<(), Over> {
        let received = received.ok_or(Over)??;
        self.heard = Instant::now();
        match received {
            WsMessage::Text(text) => self.answer(text.as_str().as_bytes()).await,
            WsMessage::Binary(bytes) => self.answer(&bytes).await,
            // Pings are answered by the library.
            WsMessage::Ping(_) | WsMessage::Pong(_) => Ok(()),
            WsMessage::Close(_) => Err(Over),
        }
    }

    async fn answer(&mut self, order: &[u8]) -> Result<(), Over> {
        let order: Result<Order, _> = serde_json::from_slice(order);
        let (outcome, reference) = match order {
            Ok(mut order) => {
                let reference = order.reference.take();
                (self.carry_out(order).await, reference)
            }
            Err(error) => {
                let reason = error.to_string();
                (Err(PlainRejection::Json { reason }.into()), None)
            }
        };
        let outcome = match outcome {
            Ok(done) => Outcome::Ok(done),
            Err(refusal) => {
                self.app.count(&refusal);
                Outcome::Error(Problem::of(&refusal))
            }
        };
        self.send(&Answer { outcome, reference }).await
    }

    async fn carry_out(&mut self, order: Order) -> Result<Done, Refusal> {
        let settings = self.app.settings();
        let limits = &settings.requests.broker;
        match (order.subscribe, order.publish) {
            (Some(given), None) => {
                let filters = filters(given.iter().map(String::as_str), limits)?;
                let since = order.since.map(MessageId);
                let follow = self.app.broker.follow(filters, since);
                let since = follow.told().0;
                self.follow = Some(follow);
                Ok(Done::Subscribed { since })
            }
            (None, Some(publication)) => {
                let draft = publication.into_draft(limits, self.caller.address)?;
                let id = batch::id(self.app.broker.publish(draft).await?);
                Ok(Done::Published { id })
            }
            _ => {
                let reason = "expected is either 'subscribe' or 'publish'".into();
                Err(PlainRejection::Json { reason }.into())
            }
        }
    }

    async fn tell(&mut self, followed: Result<Followed, Refused>) -> Result<(), Over> {
        match followed {
            Ok(Followed::Messages(messages)) => {
                for message in &messages {
                    let news = News::Message(MessageJson::from(message.as_ref()));
                    self.socket.feed(text(&news)?).await?;
                }
                Ok(self.socket.flush().await?)
            }
            Ok(Followed::Gap(gap)) => self.send(&News::Gap(gap.into())).await,
            Err(refused) => {
                self.follow = None;
                let problem = Problem::of(&refused.into());
                self.send(&News::Problem(problem)).await
            }
        }
    }

    async fn ask_for_life(&mut self) -> Result<(), Over> {
        Ok(self.socket.send(WsMessage::Ping(Bytes::new())).await?)
    }

    fn give_up(&self) -> Result<(), Over> {
        self.app.broker.counters().bound_hit(Bound::Idle);
        Err(Over)
    }

    async fn say_goodbye(&mut self) -> Result<(), Over> {
        let goodbye = CloseFrame {
            code: GOING_AWAY,
            reason: "the broker is stopping".into(),
        };
        self.socket.send(WsMessage::Close(Some(goodbye))).await?;
        Err(Over)
    }

    async fn send<T: Serialize>(&mut self, value: &T) -> Result<(), Over> {
        Ok(self.socket.send(text(value)?).await?)
    }
}

/// What comes next, if anything is followed.
async fn next(follow: &mut Option<Follow>) -> Option<Result<Followed, Refused>> {
    follow.as_mut()?.next().await
}

fn text<T: Serialize>(value: &T) -> Result<WsMessage, Over> {
    Ok(WsMessage::text(serde_json::to_string(value)?))
}
