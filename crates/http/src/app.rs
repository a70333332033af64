//! What every request needs.

use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use http::Response;
use jiff::tz::TimeZone;
use moustique_broker::Broker;
use moustique_core::Limits;
use moustique_monitor::Source;
use moustique_protocol::{Encoding, RequestLimits};
use tokio::sync::watch;

use crate::dialects::Dialects;
use crate::limits::HttpLimits;
use crate::peers::PeerRules;
use crate::refusal::Refusal;
use crate::route;

/// What a server is made from.
#[derive(Debug)]
pub struct AppOptions {
    /// The broker that is served.
    pub broker: Broker,
    /// The bounds of what requests say.
    pub limits: Limits,
    /// The bounds of connections and requests.
    pub http: HttpLimits,
    /// Who may connect.
    pub peers: PeerRules,
    /// The encoding of requests that do not show one.
    pub encoding: Encoding,
    /// What `VERSION` answers.
    pub version: String,
    /// The news of the monitor.
    pub source: watch::Receiver<Source>,
}

/// What every request needs. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct App {
    inner: Arc<Inner>,
    router: Router,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) broker: Broker,
    pub(crate) limits: RequestLimits,
    pub(crate) http: HttpLimits,
    pub(crate) peers: PeerRules,
    pub(crate) encoding: Encoding,
    pub(crate) version: String,
    pub(crate) source: watch::Receiver<Source>,
    pub(crate) dialects: Dialects,
    pub(crate) zone: TimeZone,
}

impl Inner {
    /// Answers what is refused, and counts it where a bound was hit.
    pub(crate) fn refuse<B: From<Bytes>>(&self, refusal: Refusal) -> Response<B> {
        if let Some(bound) = refusal.bound() {
            self.broker.counters().bound_hit(bound);
        }
        refusal.into_response()
    }
}

impl App {
    /// An app over a broker.
    #[must_use]
    pub fn new(options: AppOptions) -> Self {
        let inner = Arc::new(Inner {
            broker: options.broker,
            limits: RequestLimits {
                form: options.http.form.clone(),
                broker: options.limits,
            },
            http: options.http,
            peers: options.peers,
            encoding: options.encoding,
            version: options.version,
            source: options.source,
            dialects: Dialects::default(),
            zone: TimeZone::system(),
        });
        Self {
            router: route::router(Arc::clone(&inner)),
            inner,
        }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }
}
