//! Logging in and out: a cookie instead of the password.

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use moustique_protocol::{Form, FormLimits};
use serde::Deserialize;

use super::{Credentials, SESSION_COOKIE, sessions};
use crate::body;
use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::route::AppState;

/// What the body of a login says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    password: String,
}

/// Whether the caller is let in, without doing anything: 204 or 401.
pub(crate) async fn state() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Opens a session for whoever names the password.
pub(crate) async fn login(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let settings = app.settings();
    let bytes = match body::read(body, &settings.http).await {
        Ok(bytes) => bytes,
        Err(error) => return app.refuse(Refusal::from_body(error, &settings.http)),
    };
    let password = match password(&headers, &bytes, &settings.requests.form) {
        Ok(password) => password,
        Err(refusal) => return app.refuse(refusal),
    };
    let Some(held) = &settings.password else {
        return app.refuse(Refusal::NoPassword);
    };
    let offered = Credentials::default().with_pwd(vec![password]);
    if let Err(refusal) = super::check(&app, &caller, offered).await {
        return app.refuse(refusal);
    }
    match app.authenticator.open_session(held) {
        Some(token) => with_cookie(&token, sessions::LASTS.as_secs()),
        None => app.refuse(Refusal::PasswordsBusy),
    }
}

/// Ends the session that the cookie names.
pub(crate) async fn logout(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    if let Some(token) = Credentials::of(&headers, &caller).session {
        app.authenticator.close_session(&token);
    }
    with_cookie("", 0)
}

fn password(headers: &HeaderMap, body: &[u8], limits: &FormLimits) -> Result<String, Refusal> {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_json = kind.is_some_and(|kind| kind.starts_with(b"application/json"));
    if is_json {
        return serde_json::from_slice(body)
            .map(|Login { password }| password)
            // Not the reason: it may show what was given.
            .map_err(|_| Refusal::Login);
    }
    let form = Form::parse(body, limits)?;
    let password = form.get("password").ok_or(Refusal::Login)?;
    Ok(password.to_owned())
}

/// The answer to a login or a logout.
///
/// The cookie has no `Path`, so it is for the folder of this request's path and
/// for nothing else of the host: `/v1`, or `/broker/v1` where a proxy gives the
/// broker a place below its own, which only the browser knows.
fn with_cookie(token: &str, seconds: u64) -> Response {
    let cookie = format!("{SESSION_COOKIE}={token}; Max-Age={seconds}; HttpOnly; SameSite=Strict");
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        headers.insert(SET_COOKIE, cookie);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
