//! One broker that can be started and stopped many times.

use std::sync::Arc;
use std::time::Duration;

use moustique_core::Limits;
use moustique_monitor::{
    BrokerState, Problem, Publish, Refusal, Reloaded, SettingChange, Settings, SettingsChanged,
    Source,
};
use tokio::sync::{Mutex, watch};

use crate::load::ConfigSource;
use crate::run::Inner;
use crate::state::source;

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
    pub(crate) inner: Arc<Inner>,
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
        self.inner.start(&mut running).await
    }

    /// Stops the broker: answers what is under way, for at most [`GRACE`],
    /// refuses what is new, closes the port and the store. A problem of an
    /// earlier start is forgotten.
    pub async fn stop(&self) {
        let mut running = self.inner.running.lock().await;
        self.inner.stop(&mut running).await;
    }

    /// Reads the configuration again and has it hold, without a pause: no
    /// connection is closed and no request is refused for it. The log says what
    /// waits for the next start, too.
    ///
    /// # Errors
    /// What is wrong with the configuration: then all that held before holds
    /// still, and the log says why. Or that the broker does not run: it reads the
    /// configuration at its start anyway.
    pub async fn reload(&self) -> Result<Reloaded, Refusal> {
        self.inner.reload().await
    }

    /// What is configured, key by key.
    ///
    /// # Errors
    /// When the file cannot be read or is no YAML.
    pub async fn settings(&self) -> Result<Settings, Refusal> {
        self.inner.settings().await
    }

    /// Writes changes into the configuration file, where everything else stays as
    /// it is, and has them hold: at once where that can be, else by stopping and
    /// starting the broker.
    ///
    /// # Errors
    /// What is wrong with a value, or keeps the broker from running with it. Then
    /// the file is as it was, and what held before holds.
    pub async fn change_settings(
        &self,
        changes: Vec<SettingChange>,
    ) -> Result<SettingsChanged, Refusal> {
        self.inner.change_settings(changes).await
    }

    /// Sets the password, or removes it.
    ///
    /// # Errors
    /// As [`Node::change_settings`].
    pub async fn change_password(
        &self,
        password: Option<String>,
    ) -> Result<SettingsChanged, Refusal> {
        self.inner.change_password(password).await
    }

    /// Writes a port that is free into the configuration: for whoever cannot have
    /// the one that is configured. Starts nothing that does not run.
    ///
    /// # Errors
    /// As [`Node::change_settings`].
    pub async fn use_free_port(&self) -> Result<SettingsChanged, Refusal> {
        self.inner.use_free_port().await
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
