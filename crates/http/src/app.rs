//! What every request needs.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use bytes::Bytes;
use http::Response;
use jiff::tz::TimeZone;
use moustique_broker::Broker;
use moustique_monitor::Source;
use tokio::sync::{mpsc, watch};
use tokio_rustls::rustls::ServerConfig;

use crate::access::Authenticator;
use crate::crooks::Crooks;
use crate::dialects::Dialects;
use crate::executable::Executable;
use crate::monitor::ReloadOrder;
use crate::rate::Rates;
use crate::recent_log::RecentLog;
use crate::refusal::Refusal;
use crate::route;
use crate::settings::Settings;
use crate::visitors::Visitors;

/// What a server is made from.
#[derive(Debug)]
pub struct AppOptions {
    /// The broker that is served.
    pub broker: Broker,
    /// What holds to begin with.
    pub settings: Settings,
    /// What `VERSION` answers.
    pub version: String,
    /// The news of the monitor.
    pub source: watch::Receiver<Source>,
    /// The last lines of the log.
    pub log: RecentLog,
    /// Who has the configuration read again. What it holds beside the order that
    /// is carried out is how many may wait; more are refused.
    pub reload: mpsc::Sender<ReloadOrder>,
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
    settings: ArcSwap<Settings>,
    pub(crate) version: String,
    pub(crate) source: watch::Receiver<Source>,
    pub(crate) dialects: Dialects,
    pub(crate) log: RecentLog,
    pub(crate) reload: mpsc::Sender<ReloadOrder>,
    pub(crate) crooks: Crooks,
    pub(crate) visitors: Visitors,
    pub(crate) executable: Executable,
    pub(crate) zone: TimeZone,
    pub(crate) authenticator: Authenticator,
    pub(crate) rates: Rates,
}

impl Inner {
    /// What holds now. Whoever lets a request in looks once and whoever carries
    /// it out looks once, so that each holds it to one set of rules.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Answers what is refused, and counts it where a bound was hit.
    pub(crate) fn refuse<B: From<Bytes>>(&self, refusal: Refusal) -> Response<B> {
        self.count(&refusal);
        refusal.into_response()
    }

    /// Counts what is refused where a bound was hit.
    pub(crate) fn count(&self, refusal: &Refusal) {
        if let Some(bound) = refusal.bound() {
            self.broker.counters().bound_hit(bound);
        }
    }
}

impl App {
    /// An app over a broker.
    #[must_use]
    pub fn new(options: AppOptions) -> Self {
        let inner = Arc::new(Inner {
            broker: options.broker,
            settings: ArcSwap::from_pointee(options.settings),
            version: options.version,
            source: options.source,
            dialects: Dialects::default(),
            log: options.log,
            reload: options.reload,
            crooks: Crooks::default(),
            visitors: Visitors::default(),
            executable: Executable::default(),
            zone: TimeZone::system(),
            authenticator: Authenticator::new(),
            rates: Rates::default(),
        });
        Self {
            router: route::router(Arc::clone(&inner)),
            inner,
        }
    }

    /// Changes what holds: for connections that are accepted and requests that
    /// come from now on. No connection is closed.
    pub fn change(&self, mut settings: Settings) {
        if settings.tls.is_none() {
            settings.tls.clone_from(&self.inner.settings().tls);
        }
        self.inner.settings.store(Arc::new(settings));
    }

    /// Has connections to the port for TLS opened with this from now on.
    pub fn change_certificate(&self, certificate: Arc<ServerConfig>) {
        self.change(Settings {
            tls: Some(certificate),
            ..Settings::clone(&self.inner.settings())
        });
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }
}
