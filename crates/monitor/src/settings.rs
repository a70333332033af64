//! The configuration as the user interface shows and changes it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Settings {
    /// The file that holds it; it need not exist.
    pub file: String,
    /// Every key there is, in the order of the documented example.
    pub settings: Vec<Setting>,
    /// Whether a password is set.
    pub has_password: bool,
}

/// One key of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Setting {
    /// Its path: `server.port`.
    pub key: String,
    /// What it means, with its unit and its bounds; paragraphs are lines.
    pub meaning: String,
    /// What values it has.
    pub kind: SettingKind,
    /// What holds when it is left out; `null` where the meaning says it.
    pub default: Option<String>,
    /// What the file says; `null` when it is left out.
    pub value: Option<SettingValue>,
}

/// What values a key has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum SettingKind {
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice {
        /// The words, in their order.
        choices: Vec<String>,
    },
    /// A number, a time, a size, an address, a path.
    Text,
    /// A list of texts.
    List,
    /// Rules of several keys each, which are changed in the file alone.
    Rules,
}

/// A value as the file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(untagged)]
#[ts(export, export_to = "monitor.ts")]
pub enum SettingValue {
    /// One value; of rules, how they are written.
    One(String),
    /// The items of a list.
    Many(Vec<String>),
}

/// A key that is to have another value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export, export_to = "monitor.ts")]
pub struct SettingChange {
    /// Its path: `server.port`.
    pub key: String,
    /// The value; `null` for what holds when it is left out.
    pub value: Option<SettingValue>,
}

/// A password that is to be set.
#[derive(Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export, export_to = "monitor.ts")]
pub struct PasswordChange {
    /// The password; `null` for none.
    pub password: Option<String>,
}

impl std::fmt::Debug for PasswordChange {
    /// Without the password: a request may end in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_set = self.password.is_some();
        f.debug_struct("PasswordChange")
            .field("is_set", &is_set)
            .finish()
    }
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct SettingsChanged {
    /// What is configured now.
    pub settings: Settings,
    /// How it came to hold.
    pub applied: Applied,
}

/// How a change came to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum Applied {
    /// At once, while the broker went on.
    Live,
    /// The broker was started anew.
    Restarted,
    /// It holds when the broker is started.
    Written,
}
