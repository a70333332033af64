//! What the user chose for the application itself, kept in a file beside the
//! configuration of the broker.

mod file;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moustique_monitor::{OnClose, Preferences, Refusal};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::alerts::{self, Rule};

/// The file, in the folder of the configuration.
pub(crate) const FILE: &str = "desktop.json";

/// What is kept in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Kept {
    #[serde(flatten)]
    preferences: Preferences,
    /// Whether the user was told that the broker goes on when the window is
    /// closed: once is enough.
    knows_of_tray: bool,
}

/// What holds now. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    kept: Kept,
    /// The rules, ready to be watched for.
    rules: Arc<[Rule]>,
}

impl Held {
    /// What `kept` means.
    ///
    /// # Errors
    /// When a rule is wrong.
    fn of(kept: Kept) -> Result<Self, Refusal> {
        let rules = alerts::rules(&kept.preferences.alerts)?;
        Ok(Self {
            kept,
            rules: rules.into(),
        })
    }

    pub(crate) fn preferences(&self) -> &Preferences {
        &self.kept.preferences
    }

    pub(crate) fn rules(&self) -> &Arc<[Rule]> {
        &self.rules
    }

    pub(crate) fn knows_of_tray(&self) -> bool {
        self.kept.knows_of_tray
    }
}

/// The preferences of the application. Whatever depends on them follows
/// [`Chosen::news`].
#[derive(Debug)]
pub(crate) struct Chosen {
    path: PathBuf,
    held: watch::Sender<Held>,
    /// All that the file has, also what only another version understands. Held
    /// while a change is written: changes come one after the other.
    document: Mutex<file::Document>,
}

impl Chosen {
    /// Reads the file. One that cannot be used is set aside, and the defaults
    /// hold: the application must begin, and the user must find what was there.
    pub(crate) fn read(path: PathBuf) -> Self {
        let (held, document) = match understand(&path) {
            Ok(read) => read,
            Err(problem) => {
                set_aside(&path, &problem);
                Default::default()
            }
        };
        Self {
            path,
            held: watch::Sender::new(held),
            document: Mutex::new(document),
        }
    }

    pub(crate) fn held(&self) -> Held {
        self.held.borrow().clone()
    }

    pub(crate) fn news(&self) -> watch::Receiver<Held> {
        self.held.subscribe()
    }

    /// Has other preferences hold. Waits for the disk.
    ///
    /// # Errors
    /// When one of them is wrong or they cannot be kept: what held before holds
    /// still.
    pub(crate) fn set(&self, preferences: Preferences) -> Result<(), Refusal> {
        self.change(|kept| kept.preferences = preferences)
    }

    /// Has notifications come, or not for the time being. Waits for the disk.
    ///
    /// # Errors
    /// As [`Chosen::set`].
    pub(crate) fn toggle_pause(&self) -> Result<(), Refusal> {
        self.change(|kept| kept.preferences.paused = !kept.preferences.paused)
    }

    /// Remembers what closing the window does, as the user was asked. Waits for
    /// the disk.
    ///
    /// # Errors
    /// As [`Chosen::set`].
    pub(crate) fn set_on_close(&self, on_close: OnClose) -> Result<(), Refusal> {
        self.change(|kept| kept.preferences.on_close = on_close)
    }

    /// Remembers that the user knows where the broker goes when the window is
    /// closed. Waits for the disk.
    ///
    /// # Errors
    /// As [`Chosen::set`].
    pub(crate) fn note_knows_of_tray(&self) -> Result<(), Refusal> {
        self.change(|kept| kept.knows_of_tray = true)
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), Refusal> {
        let mut document = self.lock();
        let mut kept = self.held.borrow().kept.clone();
        change(&mut kept);
        let held = Held::of(kept)?;
        let mut changed = document.clone();
        let written = changed
            .merge(&held.kept)
            .and_then(|()| changed.write(&self.path));
        written.map_err(|error| {
            Refusal::new(
                "storage",
                format!(
                    "The preferences cannot be kept in {}: {error}. What held before holds still.",
                    self.path.display()
                ),
            )
        })?;
        *document = changed;
        self.held.send_replace(held);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, file::Document> {
        // It is replaced whole: no panic leaves half of it.
        self.document.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn understand(path: &std::path::Path) -> Result<(Held, file::Document), String> {
    let Some(document) = file::Document::read(path).map_err(|error| error.to_string())? else {
        return Ok(Default::default());
    };
    let kept = document.kept().map_err(|error| error.to_string())?;
    let held = Held::of(kept).map_err(|refusal| refusal.detail)?;
    Ok((held, document))
}

fn set_aside(path: &std::path::Path, problem: &str) {
    let aside = path.with_extension("json.unusable");
    match std::fs::rename(path, &aside) {
        Ok(()) => tracing::warn!(
            "The preferences in {} cannot be used ({problem}): they are kept as {}, and the \
             defaults hold.",
            path.display(),
            aside.display()
        ),
        Err(error) => tracing::warn!(
            "The preferences in {} cannot be used ({problem}), nor set aside ({error}): the \
             defaults hold.",
            path.display()
        ),
    }
}

#[cfg(test)]
mod tests;
