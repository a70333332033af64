//! One run of a broker, from its configuration to its end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moustique_broker::{Broker, Options, Repair};
use moustique_core::Limits;
use moustique_http::{App, AppOptions, Drained, ReloadOrder, Server};
use moustique_monitor::{
    self as monitor, BrokerState, BrokerStatus, Certificate, Problem, Refusal, Reloaded, Source,
};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::{self, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::addresses;
use crate::certificate;
use crate::changes::{self, Held};
use crate::config::{Config, Tls};
use crate::load::ConfigSource;
use crate::node::{GRACE, VERSION};
use crate::presence::Listening;
use crate::rules::Rules;
use crate::state::{failed, source, status};
use crate::{logging, problem, upkeep};

/// Orders of the monitor that may wait for the one that is carried out.
const WAITING_ORDERS: usize = 1;

/// What all handles of a node share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) configuration: ConfigSource,
    pub(crate) source: watch::Sender<Source>,
    /// The bounds of the broker that was started last.
    pub(crate) limits: watch::Sender<Limits>,
    /// Held through a start or a stop, so that they follow one another.
    pub(crate) running: Mutex<Option<Running>>,
}

/// The task that serves, and how it is told to stop.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
    /// What is done beside the serving.
    pub(crate) upkeep: JoinHandle<()>,
    broker: Broker,
    pub(crate) app: App,
    /// What was read at the start. Of what is read later, some can only be
    /// compared with it.
    pub(crate) config: Config,
    pub(crate) held: Held,
}

/// Everything that a start made.
pub(crate) struct Started {
    broker: Broker,
    repair: Option<Repair>,
    server: Server,
    app: App,
    config: Config,
    held: Held,
    /// What is told of the certificate, where there is one.
    certificate: Option<Certificate>,
    /// What the monitor asks for.
    orders: mpsc::Receiver<ReloadOrder>,
}

impl Inner {
    /// Starts the broker; returns when it serves. A broker that serves already is
    /// left alone.
    pub(crate) async fn start(
        self: &Arc<Self>,
        running: &mut Option<Running>,
    ) -> Result<(), Problem> {
        if running
            .as_ref()
            .is_some_and(|running| !running.task.is_finished())
        {
            return Ok(());
        }
        self.source.send_replace(source(BrokerState::Starting));
        match self.build().await {
            Ok(started) => {
                *running = Some(self.serve(started));
                Ok(())
            }
            Err(problem) => {
                tracing::error!("{} {}", problem.what, problem.remedy);
                self.source.send_replace(failed(problem.clone()));
                Err(problem)
            }
        }
    }

    /// Stops the broker, if it runs, and closes the port and the store.
    pub(crate) async fn stop(&self, running: &mut Option<Running>) {
        if let Some(Running {
            stop, task, upkeep, ..
        }) = running.take()
        {
            stop.cancel();
            for task in [task, upkeep] {
                if let Err(error) = task.await {
                    tracing::error!(%error, "a task of the broker failed");
                }
            }
        }
        self.source.send_replace(source(BrokerState::Stopped));
    }

    /// Configuration, lock, store, broker, and only then the port: no client
    /// ever sees an empty broker.
    pub(crate) async fn build(&self) -> Result<Started, Problem> {
        let config = self
            .configuration
            .load()
            .map_err(|error| problem::configuration(&error))?;
        let database = self.database(&config);
        let rules = read_rules(&config, &database).await?;
        let held = Held::new(config.clone(), &rules);
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
        let (reload, orders) = mpsc::channel(WAITING_ORDERS);
        let app = App::new(AppOptions {
            broker: broker.clone(),
            settings: rules.settings,
            version: VERSION.into(),
            source: self.source.subscribe(),
            log: logging::recent(),
            reload,
        });
        Ok(Started {
            broker,
            repair,
            server,
            app,
            config,
            held,
            certificate: rules.certificate,
            orders,
        })
    }

    pub(crate) fn database(&self, config: &Config) -> PathBuf {
        let configured = config.database.path.clone();
        configured.unwrap_or_else(|| self.configuration.paths.database())
    }

    /// Has the configuration read again, and says in the log how that went.
    pub(crate) async fn reload(&self) -> Result<Reloaded, Refusal> {
        let mut running = self.running.lock().await;
        let Some(running) = running.as_mut() else {
            let detail = "The broker is not running; it reads its configuration when it starts.";
            return Err(Refusal::new("not_running", detail));
        };
        match self.change(running).await {
            Ok(reloaded) => {
                tracing::info!("the configuration was read again");
                if !reloaded.waiting.is_empty() {
                    let waiting = reloaded.waiting.join(", ");
                    tracing::warn!("at the next start takes effect: {waiting}");
                }
                Ok(reloaded)
            }
            Err(problem) => {
                let detail = format!("{} What held before holds still.", problem.what);
                tracing::error!("{detail}");
                Err(Refusal::new("configuration", detail))
            }
        }
    }

    /// Has another configuration hold for a broker that runs: all of it that
    /// can, or nothing when something stands in the way.
    pub(crate) async fn change(&self, running: &mut Running) -> Result<Reloaded, Problem> {
        let config = self
            .configuration
            .load()
            .map_err(|error| problem::configuration(&error))?;
        let log = logging::prepare(&config.logging).map_err(|error| problem::log(&error))?;
        let rules = read_rules(&config, &self.database(&running.config)).await?;
        let held = Held::new(config, &rules);
        // From here on nothing fails but for a broker that stops, which needs no
        // rules any more.
        log.apply();
        self.limits.send_replace(rules.options.limits.clone());
        let _ = running.broker.change(rules.options, rules.retention).await;
        running.app.change(rules.settings);
        if let Some(certificate) = rules.certificate {
            self.tell_certificate(certificate);
        }
        let reloaded = changes::between(&running.config, &running.held, &held);
        running.held = held;
        Ok(reloaded)
    }

    pub(crate) fn serve(self: &Arc<Self>, started: Started) -> Running {
        let Started {
            broker,
            repair,
            server,
            app,
            config,
            held,
            certificate,
            orders,
        } = started;
        let stop = CancellationToken::new();
        let listening = Listening {
            plain: server.address(),
            tls: server.tls_address(),
        };
        let status = BrokerStatus {
            addresses: addresses::reachable("http", listening.plain),
            tls: server.tls_address().zip(certificate).map(tls),
            configuration: Some(self.configuration.paths.config.display().to_string()),
            problem: repair.as_ref().map(problem::repaired),
            ..status(BrokerState::Running)
        };
        tracing::info!(
            "started: version {VERSION}, at {}",
            status.addresses.join(" and ")
        );
        self.source.send_replace(Source {
            status,
            broker: Some(broker.clone()),
        });
        let upkeep = upkeep::run(Arc::clone(self), orders, listening, stop.clone());
        let supervision =
            Arc::clone(self).supervise(broker.clone(), server, app.clone(), stop.clone());
        Running {
            stop,
            task: tokio::spawn(supervision),
            upkeep: tokio::spawn(upkeep),
            broker,
            app,
            config,
            held,
        }
    }

    /// Tells of the certificate that connections are opened with from now on,
    /// where there is a port for them.
    pub(crate) fn tell_certificate(&self, certificate: Certificate) {
        self.source.send_if_modified(|source| {
            let Some(tls) = &mut source.status.tls else {
                return false;
            };
            certificate::warn(&certificate);
            let is_another = tls.certificate != certificate;
            if is_another {
                tracing::info!(
                    "TLS: the SHA-256 fingerprint of the new certificate is {}",
                    certificate.fingerprint
                );
                tls.certificate = certificate;
            }
            is_another
        });
    }

    /// Serves until told to stop, or until the broker ends by a fault.
    async fn supervise(
        self: Arc<Self>,
        broker: Broker,
        server: Server,
        app: App,
        stop: CancellationToken,
    ) {
        let close = CancellationToken::new();
        let mut serving = task::spawn(server.serve(app, close.clone(), GRACE));
        let faulted = tokio::select! {
            () = stop.cancelled() => false,
            () = broker.ended() => true,
            _ = &mut serving => true,
        };
        if faulted {
            tracing::error!("the broker ended by a fault");
            stop.cancel();
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

/// How the broker is reached over TLS; the log has it, too.
fn tls((address, certificate): (SocketAddr, Certificate)) -> monitor::Tls {
    tracing::info!(
        "TLS on port {}: the SHA-256 fingerprint of the certificate is {}",
        address.port(),
        certificate.fingerprint
    );
    certificate::warn(&certificate);
    monitor::Tls {
        addresses: addresses::reachable("https", address),
        certificate,
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
    let folder = folder_of(database);
    match task::spawn_blocking(move || Rules::read(&config, &folder)).await {
        Ok(rules) => rules,
        Err(error) => {
            tracing::error!(%error, "reading the configuration failed");
            Err(problem::ended())
        }
    }
}

/// Where the broker keeps what it makes beside its database.
pub(crate) fn folder_of(database: &Path) -> PathBuf {
    database.parent().unwrap_or(database).to_owned()
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
