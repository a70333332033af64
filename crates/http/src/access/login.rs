//! Logging in and out: a cookie instead of the password.

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use moustique_protocol::{Form, FormLimits};
use serde::Deserialize;

use super::{Credentials, Pass, cookie, sessions};
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

/// Says that it is a session that lets in, which can be ended.
const MOUSTIQUE_SESSION: HeaderName = HeaderName::from_static("moustique-session");

/// Whether the caller is let in, without doing anything: 204 or 401.
pub(crate) async fn state(Extension(pass): Extension<Pass>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if pass.is_session() {
        headers.insert(MOUSTIQUE_SESSION, HeaderValue::from_static("open"));
    }
    response
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
        Some(token) => {
            let seconds = sessions::LASTS.as_secs();
            with_cookies(cookie::opened(&token, seconds, caller.is_encrypted))
        }
        None => app.refuse(Refusal::PasswordsBusy),
    }
}

/// Ends the sessions that the cookies name.
pub(crate) async fn logout(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    for token in cookie::tokens(&headers, caller.is_encrypted) {
        app.authenticator.close_session(&token);
    }
    with_cookies(cookie::closed(caller.is_encrypted))
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
fn with_cookies(cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
