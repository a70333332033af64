//! Which code answers which request.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request as AxumRequest, State};
use axum::middleware::{self, Next};
use axum::response::Response as AxumResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body;
use moustique_protocol::{Excerpt, Rejection, Verb};
use tower::ServiceExt;

use crate::UNGUARDED;
use crate::access::{self, Credentials, Pass, login};
use crate::app::{App, Inner};
use crate::body::ReplyBody;
use crate::caller::Caller;
use crate::crooks::Denied;
use crate::guard::Admitted;
use crate::rate::Allowance;
use crate::refusal::Refusal;
use crate::upgrades::Upgrades;
use crate::{classic, cors, guard, monitor, plain, ui};

/// Answers a request on a connection, if it is let in.
pub(crate) async fn answer<B>(
    app: &App,
    request: Request<B>,
    connection: Caller,
    allowance: &Allowance,
    upgrades: &Upgrades,
) -> Response<ReplyBody>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if UNGUARDED {
        return carry_out(app, request, connection, upgrades).await;
    }
    let settings = app.inner().settings();
    let mut address = connection.address;
    let (rates, limit) = (&app.inner().rates, settings.http.requests_per_second);
    let admitted = if settings.peers.trusts(connection.address) {
        // What a proxy passes on counts for those it speaks for.
        guard::admit(&request, connection, &settings).and_then(|admitted| {
            rates.check(&rates.of(admitted.caller.address), limit)?;
            Ok(admitted)
        })
    } else {
        rates
            .check(allowance, limit)
            .and_then(|()| guard::admit(&request, connection, &settings))
    };
    let (origin, mut response) = match admitted {
        Ok(Admitted {
            caller,
            origin,
            is_preflight,
        }) => {
            address = caller.address;
            let response = if is_preflight {
                cors::preflight(request.headers())
            } else {
                carry_out(app, request, caller, upgrades).await
            };
            (origin, response)
        }
        Err(refusal) => (None, plain::refuse(app.inner(), request.uri(), refusal)),
    };
    // A proxy's own address only where it is not known whom it speaks for.
    if let Some(denied) = response.extensions().get::<Denied>() {
        app.inner().crooks.note(address, *denied);
    }
    if let Some(origin) = origin {
        cors::share(response.headers_mut(), origin);
    }
    if !settings.sites.origins.is_empty() {
        cors::vary(response.headers_mut());
    }
    response
}

/// Answers a request that is let in. A classic verb is answered at once,
/// everything else by the router.
async fn carry_out<B>(
    app: &App,
    mut request: Request<B>,
    caller: Caller,
    upgrades: &Upgrades,
) -> Response<ReplyBody>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if let Ok(verb) = Verb::parse(request.uri().path()) {
        return classic::answer(app.inner(), verb, request, caller)
            .await
            .unwrap_or_else(|refusal| app.inner().refuse(refusal));
    }
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(upgrades.clone());
    let routed = app
        .router()
        .oneshot(request.map(axum::body::Body::new))
        .await;
    match routed {
        Ok(response) => response.map(ReplyBody::Routed),
        Err(never) => match never {},
    }
}

/// Everything but the classic API.
pub(crate) fn router(app: Arc<Inner>) -> Router {
    let page = Router::new()
        .route("/", get(ui::page))
        .route("/assets/{*path}", get(ui::asset))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), page_only));
    let monitor = Router::new()
        .route("/v1/monitor/rpc", post(monitor::rpc))
        .route("/v1/monitor/stream", get(monitor::stream))
        .route("/v1/session", get(login::state))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guarded));
    let login = Router::new()
        .route("/v1/login", post(login::login))
        .route("/v1/logout", post(login::logout));
    let own = page
        .merge(monitor)
        .merge(login)
        .with_state(Arc::clone(&app));
    own.merge(plain::router(app)).fallback(unknown)
}

/// The page tells nothing: where there is a password whoever may connect may
/// have it, to name the password there.
async fn page_only(State(app): AppState, request: AxumRequest, next: Next) -> AxumResponse {
    if app.settings().password.is_some() {
        return next.run(request).await;
    }
    local_only(request, next).await
}

/// What the broker tells of itself.
async fn guarded(State(app): AppState, mut request: AxumRequest, next: Next) -> AxumResponse {
    let caller = request.extensions().get::<Caller>().copied();
    let (true, Some(caller)) = (app.settings().password.is_some(), caller) else {
        request.extensions_mut().insert(Pass::LOCAL);
        return local_only(request, next).await;
    };
    let credentials = Credentials::of(request.headers(), &caller);
    match access::check(&app, &caller, credentials).await {
        Ok(pass) => {
            request.extensions_mut().insert(pass);
            next.run(request).await
        }
        Err(refusal) => app.refuse(refusal),
    }
}

async fn local_only(request: AxumRequest, next: Next) -> AxumResponse {
    let allowed = match request.extensions().get::<Caller>() {
        Some(caller) => guard::check_local(request.headers(), caller),
        None => Err(Refusal::NotLocal),
    };
    match allowed {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn unknown(uri: Uri) -> AxumResponse {
    if plain::is_plain(&uri) {
        return plain::unknown(&uri);
    }
    let given = Excerpt::of(uri.path().trim_matches('/'));
    let refusal = Refusal::from(Rejection::UnknownVerb { given });
    refusal.into_response()
}

/// The state that handlers of the router share.
pub(crate) type AppState = State<Arc<Inner>>;
