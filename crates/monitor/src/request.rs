//! What the user interface may ask.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One question or order of the user interface.
///
/// `start`, `stop` and `openInBrowser` are for the window alone: a page that
/// the broker serves cannot start the broker that serves it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "name", content = "payload", rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum Request {
    /// Publish a message to a topic. Answered when it is stored.
    Publish(Publish),
    /// Start the broker.
    Start,
    /// Stop the broker, draining what is under way.
    Stop,
    /// Show this page in the user's own browser.
    OpenInBrowser,
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
