//! What the user interface may ask.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::application::{CloseAnswer, Folder, Preferences};
use crate::settings::{PasswordChange, SettingChange};

/// One question or order of the user interface.
///
/// From `settings` on they are for the window alone: a page that the broker serves
/// cannot start the broker that serves it, nor open a folder on its machine, and is
/// not its owner's alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "name", content = "payload", rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum Request {
    /// Publish a message to a topic. Answered when it is stored.
    Publish(Publish),
    /// Read the configuration again and have it hold. Answered with [`Reloaded`].
    Reload,
    /// What is configured? Answered with [`crate::Settings`].
    Settings,
    /// Change keys of the configuration and have that hold. Answered with
    /// [`crate::SettingsChanged`]; when the broker cannot run with it, all is as it
    /// was before.
    ChangeSettings(Vec<SettingChange>),
    /// Set or remove the password. Answered as a change of keys is.
    ChangePassword(PasswordChange),
    /// Have the broker listen on a port that is free, from now on, and start it.
    UseFreePort,
    /// Start the broker.
    Start,
    /// Stop the broker, draining what is under way.
    Stop,
    /// Show this page in the user's own browser.
    OpenInBrowser,
    /// Tell how the application stands. Answered with [`crate::Application`].
    Application,
    /// Have other preferences hold, all of them or, when one is wrong, none.
    SetPreferences(Preferences),
    /// Have the session start the application, or not.
    SetStartAtLogin(bool),
    /// The user has been told how the run before ended.
    ForgetCrash,
    /// Show a folder in the user's own file manager.
    OpenFolder(Folder),
    /// Answer the question that closing the window asks.
    Close(CloseAnswer),
}

/// A message to publish.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export, export_to = "monitor.ts")]
pub struct Publish {
    /// The topic's full name.
    pub topic: String,
    /// The message, which may be empty.
    pub message: String,
    /// Who publishes.
    pub from: String,
}

/// What came of reading the configuration again, by the names of its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Reloaded {
    /// What is another than before, and holds from now on. The content of a file
    /// counts for the key that names it.
    pub applied: Vec<String>,
    /// What is another than at the start, and holds only after the next one.
    pub waiting: Vec<String>,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
#[error("{detail}")]
pub struct Refusal {
    /// A fixed word to branch on: `invalid`, `not_running`, `storage`, …
    pub code: String,
    /// What was given, what was expected, what to do.
    pub detail: String,
}

impl Refusal {
    /// A refusal with a fixed word and a sentence for the user.
    #[must_use]
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.into(),
        }
    }
}
