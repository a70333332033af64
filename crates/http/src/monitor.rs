//! The monitor API over HTTP: requests by POST, frames as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use moustique_monitor::{Frames, Refusal, Reloaded, Request, publish};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{oneshot, watch};

use crate::access::Pass;
use crate::app::Inner;
use crate::body;
use crate::caller::Caller;
use crate::refusal;
use crate::route::AppState;

/// Time between two signs of life on a quiet stream, so that both ends and all
/// in between know that the connection stands.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Where the outcome of reading the configuration again is awaited.
pub type ReloadOrder = oneshot::Sender<Result<Reloaded, Refusal>>;

/// Carries out a request of the user interface.
pub(crate) async fn rpc(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Response {
    let settings = app.settings();
    let bytes = match body::read(body, &settings.http).await {
        Ok(bytes) => bytes,
        Err(error) => {
            let refusal = refusal::Refusal::from_body(error, &settings.http);
            return app.refuse(refusal);
        }
    };
    let request = match serde_json::from_slice(&bytes) {
        Ok(request) => request,
        Err(error) => {
            let detail = format!("The request is not understood: {error}.");
            return refused(&Refusal::new("invalid", detail));
        }
    };
    let result = match request {
        Request::Publish(order) => {
            let limits = &settings.requests.broker;
            let published = publish(&app.broker, limits, order, caller.address).await;
            published.map(|()| StatusCode::NO_CONTENT.into_response())
        }
        Request::Reload => {
            let reloaded = reload(&app).await;
            reloaded.map(|reloaded| axum::Json(reloaded).into_response())
        }
        Request::Settings
        | Request::ChangeSettings(_)
        | Request::ChangePassword(_)
        | Request::UseFreePort
        | Request::Start
        | Request::Stop
        | Request::OpenInBrowser
        | Request::ForgetCrash
        | Request::Application
        | Request::SetPreferences(_)
        | Request::SetStartAtLogin(_)
        | Request::OpenFolder(_)
        | Request::Close(_) => Err(Refusal::new(
            "window_only",
            "Only the desktop window can do that.",
        )),
    };
    result.unwrap_or_else(|refusal| refused(&refusal))
}

/// Has the configuration read again. That goes on to its end also when whoever
/// asked for it has gone.
async fn reload(app: &Inner) -> Result<Reloaded, Refusal> {
    let gone = || Refusal::new("not_running", "The broker is about to stop.");
    let (reply, outcome) = oneshot::channel();
    app.reload.try_send(reply).map_err(|error| match error {
        TrySendError::Full(_) => Refusal::new(
            "busy",
            "The configuration is being read already: try again in a moment.",
        ),
        TrySendError::Closed(_) => gone(),
    })?;
    let mut stopping = app.broker.stopping();
    // A stop waits for this answer, and the reading for the stop.
    tokio::select! {
        outcome = outcome => outcome.unwrap_or_else(|_| Err(gone())),
        _ = stopping.wait_for(|stopping| *stopping) => Err(gone()),
    }
}

/// The frames from now on. Ends when the broker begins to stop, and when whoever
/// listens would not be let in any more: a logout in one window ends the streams
/// of all.
pub(crate) async fn stream(State(app): AppState, Extension(pass): Extension<Pass>) -> Response {
    let position = Position {
        frames: Frames::new(app.source.clone()),
        stopping: app.broker.stopping(),
        app,
        pass,
    };
    let events = stream::unfold(position, next_event);
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    ([(CACHE_CONTROL, "no-store")], stream).into_response()
}

struct Position {
    frames: Frames,
    stopping: watch::Receiver<bool>,
    app: Arc<Inner>,
    pass: Pass,
}

async fn next_event(mut position: Position) -> Option<(Result<Event, Infallible>, Position)> {
    let Position {
        frames, stopping, ..
    } = &mut position;
    let news = tokio::select! {
        biased;
        _ = stopping.wait_for(|stopping| *stopping) => return None,
        news = frames.next() => news?,
    };
    // There is news of the traffic each second, so it is asked as often.
    if !position.pass.holds(&position.app) {
        return None;
    }
    let json = serde_json::to_string(&news).ok()?;
    Some((Ok(Event::default().data(json)), position))
}

fn refused(refusal: &Refusal) -> Response {
    let status = match refusal.code.as_str() {
        "invalid" | "configuration" => StatusCode::BAD_REQUEST,
        "window_only" => StatusCode::FORBIDDEN,
        "full" => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, axum::Json(refusal)).into_response()
}
