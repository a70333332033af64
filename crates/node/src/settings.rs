//! Changing the configuration of a broker, also while it runs.

mod catalog;
mod edit;
mod file;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use moustique_monitor::{
    Applied, Problem, Refusal, Setting, SettingChange, SettingKind, SettingValue, Settings,
    SettingsChanged,
};
use serde_json::Value;
use tokio::task;

use self::edit::EditError;
use self::file::File;
use crate::config::Config;
use crate::load::ConfigSource;
use crate::password_file;
use crate::run::{Inner, Running};

/// The key that names the file with the password.
const PASSWORD_FILE: &str = "security.password_file";

/// The name of that file where none is configured.
const OWN_PASSWORD_FILE: &str = "password";

impl ConfigSource {
    /// What is configured.
    ///
    /// # Errors
    /// When the file cannot be read or is no YAML.
    fn settings(&self) -> Result<Settings, Refusal> {
        let file = File::read(&self.paths.config)?;
        let tree = edit::tree(file.text()).map_err(|error| self.unreadable(&error))?;
        let settings: Vec<_> = catalog::entries()
            .iter()
            .map(|entry| Setting {
                key: entry.key.clone(),
                meaning: entry.meaning.clone(),
                kind: entry.kind.clone(),
                default: entry.default.clone(),
                value: edit::value(&tree, &entry.key).map(|value| shown(value, &entry.kind)),
            })
            .collect();
        let is_set = |setting: &Setting| setting.key == PASSWORD_FILE && setting.value.is_some();
        Ok(Settings {
            file: self.paths.config.display().to_string(),
            has_password: settings.iter().any(is_set),
            settings,
        })
    }

    fn unreadable(&self, error: &EditError) -> Refusal {
        let file = self.paths.config.display();
        Refusal::new("configuration", format!("{file}: {error}."))
    }
}

/// A value as the page shows it.
fn shown(value: &Value, kind: &SettingKind) -> SettingValue {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    match value {
        Value::Array(items) if *kind == SettingKind::List => {
            SettingValue::Many(items.iter().map(text).collect())
        }
        value => SettingValue::One(text(value)),
    }
}

impl Inner {
    pub(crate) async fn settings(&self) -> Result<Settings, Refusal> {
        let source = self.configuration.clone();
        blocking(move || source.settings()).await
    }

    /// Changes keys and has that hold, or leaves everything as it was.
    pub(crate) async fn change_settings(
        self: &Arc<Self>,
        changes: Vec<SettingChange>,
    ) -> Result<SettingsChanged, Refusal> {
        let mut running = self.running.lock().await;
        self.change_file(&mut running, changes).await
    }

    /// Writes the password to the file that is configured, or to one of our own,
    /// and has it hold; or takes the key for it out, which leaves the file.
    pub(crate) async fn change_password(
        self: &Arc<Self>,
        password: Option<String>,
    ) -> Result<SettingsChanged, Refusal> {
        let mut running = self.running.lock().await;
        let change = |value: Option<String>| {
            let key = PASSWORD_FILE.to_owned();
            let value = value.map(SettingValue::One);
            vec![SettingChange { key, value }]
        };
        let Some(password) = password else {
            return self.change_file(&mut running, change(None)).await;
        };
        let file = self.password_file().await?;
        let name = file.display().to_string();
        let before = blocking(move || {
            let before = File::read(&file)?;
            password_file::set_password(&file, &password)
                .map_err(|error| Refusal::new("invalid", format!("{error}.")))?;
            Ok(before)
        })
        .await?;
        let changed = self.change_file(&mut running, change(Some(name))).await;
        if changed.is_err() {
            blocking(move || before.put_back()).await?;
        }
        changed
    }

    async fn password_file(&self) -> Result<PathBuf, Refusal> {
        let source = self.configuration.clone();
        blocking(move || {
            let config = source
                .load()
                .map_err(|error| Refusal::new("configuration", format!("{error}.")))?;
            let configured = config.security.password_file;
            Ok(configured.unwrap_or_else(|| source.paths.config.with_file_name(OWN_PASSWORD_FILE)))
        })
        .await
    }

    /// Has the broker listen on a port that is free, from now on.
    pub(crate) async fn use_free_port(self: &Arc<Self>) -> Result<SettingsChanged, Refusal> {
        let mut running = self.running.lock().await;
        let source = self.configuration.clone();
        let port = blocking(move || {
            let config = source
                .load()
                .map_err(|error| Refusal::new("configuration", format!("{error}.")))?;
            free_port(&config).map_err(|error| {
                Refusal::new(
                    "no_port",
                    format!("The system gives no free port: {error}."),
                )
            })
        })
        .await?;
        let change = SettingChange {
            key: "server.port".to_owned(),
            value: Some(SettingValue::One(port.to_string())),
        };
        self.change_file(&mut running, vec![change]).await
    }

    async fn change_file(
        self: &Arc<Self>,
        running: &mut Option<Running>,
        changes: Vec<SettingChange>,
    ) -> Result<SettingsChanged, Refusal> {
        let source = self.configuration.clone();
        let before = blocking(move || {
            let file = File::read(&source.paths.config)?;
            let text = edit::edited(file.text(), &changes).map_err(|error| {
                Refusal::new("invalid", format!("It cannot be changed: {error}."))
            })?;
            Config::parse(&text, &source.paths.config)
                .map_err(|error| Refusal::new("invalid", format!("{}.", error.reason())))?;
            file.write(&text)?;
            Ok(file)
        })
        .await?;
        match self.hold(running).await {
            Ok(applied) => Ok(SettingsChanged {
                settings: self.settings().await?,
                applied,
            }),
            Err(problem) => {
                let put_back = blocking(move || before.put_back()).await;
                Err(self.undone(running, problem, put_back).await)
            }
        }
    }

    /// Has the file hold as it is now.
    async fn hold(self: &Arc<Self>, running: &mut Option<Running>) -> Result<Applied, Problem> {
        let Some(live) = running.as_mut().filter(|live| !live.task.is_finished()) else {
            return Ok(Applied::Written);
        };
        if self.change(live).await?.waiting.is_empty() {
            return Ok(Applied::Live);
        }
        self.stop(running).await;
        self.start(running).await?;
        Ok(Applied::Restarted)
    }

    /// Says what stood in the way, and has what held before hold again.
    async fn undone(
        self: &Arc<Self>,
        running: &mut Option<Running>,
        problem: Problem,
        put_back: Result<(), Refusal>,
    ) -> Refusal {
        let what = problem.what;
        if let Err(refusal) = put_back {
            return Refusal::new(&problem.code, format!("{what} {}", refusal.detail));
        }
        let again = match running.as_mut().filter(|live| !live.task.is_finished()) {
            Some(live) => self.change(live).await.map(|_| ()),
            None => self.start(running).await,
        };
        let then = match again {
            Ok(()) => "What held before holds again.".to_owned(),
            Err(problem) => format!("What held before cannot hold again: {}", problem.what),
        };
        tracing::error!("a setting was not changed: {what} {then}");
        Refusal::new(&problem.code, format!("{what} {then}"))
    }
}

/// A port that nothing listens on, at the address of the configuration.
fn free_port(config: &Config) -> io::Result<u16> {
    let listener = TcpListener::bind(SocketAddr::new(config.server.host, 0))?;
    Ok(listener.local_addr()?.port())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    match task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Refusal::new("unexpected", format!("{error}."))),
    }
}
