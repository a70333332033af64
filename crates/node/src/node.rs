//! One broker that can be started and stopped many times.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use moustique_broker::{Broker, Options, Repair};
use moustique_core::Limits;
use moustique_http::{App, AppOptions, Drained, Server};
use moustique_monitor::{BrokerState, BrokerStatus, Problem, Publish, Refusal, Source};
use tokio::sync::{Mutex, watch};
use tokio::task::{self, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::addresses;
use crate::config::{Config, Tls};
use crate::load::ConfigSource;
use crate::rules::{self, Rules};
use crate::{logging, problem};

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The longest that requests under way may take to be answered when the
/// broker stops. With the closing of the store a stop takes at most a second
/// more.
pub const GRACE: Duration = Duration::from_secs(5);

/// One broker that can be started and stopped many times. Cloning gives
/// another handle to the same one.
///
/// The configuration is read anew at each start. Whatever happens, a start
/// that fails or a broker that ends by a fault, is a state in
/// [`Node::source`].
#[derive(Clone, Debug)]
pub struct Node {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    configuration: ConfigSource,
    source: watch::Sender<Source>,
    /// The bounds of the broker that was started last.
    limits: watch::Sender<Limits>,
    /// Held through a start or a stop, so that they follow one another.
    running: Mutex<Option<Running>>,
}

/// The task that serves, and how it is told to stop.
#[derive(Debug)]
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
    broker: Broker,
    app: App,
    /// What was read at the start. Of what is read later, some can only be
    /// compared with it.
    config: Config,
}

/// Everything that a start made.
struct Started {
    broker: Broker,
    repair: Option<Repair>,
    server: Server,
    app: App,
    config: Config,
    /// Of the certificate, where there is one.
    fingerprint: Option<String>,
}

impl Node {
    /// A node that is stopped.
    #[must_use]
    pub fn new(configuration: ConfigSource) -> Self {
        let source = watch::Sender::new(source(BrokerState::Stopped));
        Self {
            inner: Arc::new(Inner {
                configuration,
                source,
                limits: watch::Sender::new(Limits::default()),
                running: Mutex::new(None),
            }),
        }
    }

    /// Starts the broker; returns when it serves. A broker that serves
    /// already is left alone.
    ///
    /// # Errors
    /// What keeps it from serving. It is the state then, too.
    pub async fn start(&self) -> Result<(), Problem> {
        let mut running = self.inner.running.lock().await;
        if running
            .as_ref()
            .is_some_and(|running| !running.task.is_finished())
        {
            return Ok(());
        }
        self.inner
            .source
            .send_replace(source(BrokerState::Starting));
        match self.inner.build().await {
            Ok(started) => {
                *running = Some(self.inner.serve(started));
                Ok(())
            }
            Err(problem) => {
                tracing::error!("{} {}", problem.what, problem.remedy);
                self.inner.source.send_replace(failed(problem.clone()));
                Err(problem)
            }
        }
    }

    /// Stops the broker: answers what is under way, for at most [`GRACE`],
    /// refuses what is new, closes the port and the store. A problem of an
    /// earlier start is forgotten.
    pub async fn stop(&self) {
        let mut running = self.inner.running.lock().await;
        if let Some(Running { stop, task, .. }) = running.take() {
            stop.cancel();
            if let Err(error) = task.await {
                tracing::error!(%error, "the broker's task failed");
            }
        }
        self.inner.source.send_replace(source(BrokerState::Stopped));
    }

    /// Reads the configuration again and has it hold, without a pause: no
    /// connection is closed and no request is refused for it. Returns the keys
    /// that take effect only at the next start; the log names them, too. A
    /// broker that does not run reads it at its start anyway.
    ///
    /// # Errors
    /// What is wrong with the configuration. Then all that held before holds
    /// still, and the log says why.
    pub async fn reload(&self) -> Result<Vec<&'static str>, Problem> {
        let running = self.inner.running.lock().await;
        let Some(running) = running.as_ref() else {
            return Ok(Vec::new());
        };
        match self.inner.change(running).await {
            Ok(waiting) => {
                tracing::info!("the configuration was read again");
                if !waiting.is_empty() {
                    tracing::warn!("at the next start takes effect: {}", waiting.join(", "));
                }
                Ok(waiting)
            }
            Err(problem) => {
                tracing::error!("{} What held before holds still.", problem.what);
                Err(problem)
            }
        }
    }

    /// The state and its news.
    #[must_use]
    pub fn source(&self) -> watch::Receiver<Source> {
        self.inner.source.subscribe()
    }

    /// Returns when the broker has failed: it cannot serve, or it has ended by a
    /// fault.
    pub async fn failed(&self) {
        let mut source = self.source();
        // An error would say that the node is gone, which `self` is.
        let _ = source
            .wait_for(|source| source.status.state == BrokerState::Failed)
            .await;
    }

    /// Publishes a message for the user of this machine.
    ///
    /// # Errors
    /// When the broker is not running, or as [`moustique_monitor::publish`].
    pub async fn publish(&self, publish: Publish) -> Result<(), Refusal> {
        let broker = self.inner.source.borrow().broker.clone();
        let Some(broker) = broker else {
            let detail = "The broker is not running: start it first.";
            return Err(Refusal::new("not_running", detail));
        };
        let address = std::net::Ipv4Addr::LOCALHOST.into();
        let limits = self.inner.limits.borrow().clone();
        moustique_monitor::publish(&broker, &limits, publish, address).await
    }

    /// Where a browser on this machine finds the monitor, while it runs.
    #[must_use]
    pub fn local_url(&self) -> Option<String> {
        let source = self.inner.source.borrow();
        // The list ends with loopback, where the broker listens there.
        let address = source.status.addresses.last()?;
        Some(format!("{address}/"))
    }
}

impl Inner {
    /// Configuration, lock, store, broker, and only then the port: no client
    /// ever sees an empty broker.
    async fn build(&self) -> Result<Started, Problem> {
        let config = self
            .configuration
            .load()
            .map_err(|error| problem::configuration(&error))?;
        let database = self.database(&config);
        let rules = read_rules(&config, &database).await?;
        self.limits.send_replace(rules.options.limits.clone());
        let store = moustique_store::Options {
            durability: config.database.durability.into(),
            retention: rules.retention,
        };
        let (broker, repair) = open(&database, store, rules.options).await?;
        let address = SocketAddr::new(config.server.host, config.server.port);
        let server = match bind(address, config.server.tls.as_ref()) {
            Ok(server) => server,
            Err(problem) => {
                broker.stop().await;
                return Err(problem);
            }
        };
        let app = App::new(AppOptions {
            broker: broker.clone(),
            settings: rules.settings,
            version: VERSION.into(),
            source: self.source.subscribe(),
            log: logging::recent(),
        });
        Ok(Started {
            broker,
            repair,
            server,
            app,
            config,
            fingerprint: rules.fingerprint,
        })
    }

    fn database(&self, config: &Config) -> PathBuf {
        let configured = config.database.path.clone();
        configured.unwrap_or_else(|| self.configuration.paths.database())
    }

    /// Has another configuration hold for a broker that runs: all of it that
    /// can, or nothing when something stands in the way. Returns the keys that
    /// wait for the next start.
    async fn change(&self, running: &Running) -> Result<Vec<&'static str>, Problem> {
        let config = self
            .configuration
            .load()
            .map_err(|error| problem::configuration(&error))?;
        let log = logging::prepare(&config.logging).map_err(|error| problem::log(&error))?;
        let rules = read_rules(&config, &self.database(&running.config)).await?;
        // From here on nothing fails but for a broker that stops, which needs no
        // rules any more.
        log.apply();
        self.limits.send_replace(rules.options.limits.clone());
        let _ = running.broker.change(rules.options, rules.retention).await;
        running.app.change(rules.settings);
        Ok(rules::waiting(&running.config, &config))
    }

    fn serve(self: &Arc<Self>, started: Started) -> Running {
        let stop = CancellationToken::new();
        let status = BrokerStatus {
            addresses: addresses::reachable(started.server.address()),
            problem: started.repair.as_ref().map(problem::repaired),
            ..status(BrokerState::Running)
        };
        if let (Some(address), Some(fingerprint)) =
            (started.server.tls_address(), &started.fingerprint)
        {
            tracing::info!(
                "TLS on port {}: the SHA-256 fingerprint of the certificate is {fingerprint}",
                address.port()
            );
        }
        tracing::info!(
            "started: version {VERSION}, at {}",
            status.addresses.join(" and ")
        );
        self.source.send_replace(Source {
            status,
            broker: Some(started.broker.clone()),
        });
        let (broker, app) = (started.broker.clone(), started.app.clone());
        let config = started.config.clone();
        let task = tokio::spawn(Arc::clone(self).supervise(started, stop.clone()));
        Running {
            stop,
            task,
            broker,
            app,
            config,
        }
    }

    /// Serves until told to stop, or until the broker ends by a fault.
    async fn supervise(self: Arc<Self>, started: Started, stop: CancellationToken) {
        let Started {
            broker,
            server,
            app,
            ..
        } = started;
        let close = CancellationToken::new();
        let mut serving = task::spawn(server.serve(app, close.clone(), GRACE));
        let faulted = tokio::select! {
            () = stop.cancelled() => false,
            () = broker.ended() => true,
            _ = &mut serving => true,
        };
        if faulted {
            tracing::error!("the broker ended by a fault");
        } else {
            self.source.send_modify(|source| {
                source.status.state = BrokerState::Draining;
            });
        }
        // First nothing new and no more waiting, then the port, then the store.
        broker.drain();
        close.cancel();
        if !serving.is_finished()
            && let Ok(Drained::Cut { connections }) = serving.await
        {
            tracing::warn!(connections, "cut connections that did not end in time");
        }
        broker.stop().await;
        if faulted {
            self.source.send_replace(failed(problem::ended()));
        } else {
            tracing::info!("stopped");
        }
    }
}

/// Binds the ports: the plain one, and one for TLS where that is wanted.
fn bind(address: SocketAddr, tls: Option<&Tls>) -> Result<Server, Problem> {
    let mut server = Server::bind(address).map_err(|error| problem::bind(address, &error))?;
    if let Some(tls) = tls {
        let address = SocketAddr::new(address.ip(), tls.port);
        server
            .bind_tls(address)
            .map_err(|error| problem::bind(address, &error))?;
    }
    Ok(server)
}

/// What the configuration says, and the files that it names, off the async
/// threads: a password in plain text is hashed.
async fn read_rules(config: &Config, database: &Path) -> Result<Rules, Problem> {
    let config = config.clone();
    let folder = database.parent().unwrap_or(database).to_owned();
    match task::spawn_blocking(move || Rules::read(&config, &folder)).await {
        Ok(rules) => rules,
        Err(error) => {
            tracing::error!(%error, "reading the configuration failed");
            Err(problem::ended())
        }
    }
}

/// Opens the store and starts the broker, off the async threads: it reads the
/// whole database.
async fn open(
    database: &Path,
    store: moustique_store::Options,
    options: Options,
) -> Result<(Broker, Option<Repair>), Problem> {
    let path = database.to_owned();
    let opened = task::spawn_blocking(move || Broker::open(&path, store, options));
    match opened.await {
        Ok(Ok((broker, repair))) => {
            if let Some(repair) = &repair {
                tracing::error!("{repair}");
            }
            Ok((broker, repair))
        }
        Ok(Err(error)) => Err(problem::store(&error)),
        Err(error) => {
            tracing::error!(%error, "opening the store failed");
            Err(problem::ended())
        }
    }
}

fn status(state: BrokerState) -> BrokerStatus {
    BrokerStatus {
        state,
        addresses: Vec::new(),
        problem: None,
        version: VERSION.into(),
    }
}

fn source(state: BrokerState) -> Source {
    Source {
        status: status(state),
        broker: None,
    }
}

fn failed(problem: Problem) -> Source {
    Source {
        status: BrokerStatus {
            problem: Some(problem),
            ..status(BrokerState::Failed)
        },
        broker: None,
    }
}
