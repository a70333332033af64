//! What the user chose for the desktop application itself, beside the broker.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The desktop application, as its settings show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Application {
    /// What the user chose.
    pub preferences: Preferences,
    /// Whether the session starts it; `null` where that cannot be.
    pub starts_at_login: Option<bool>,
    /// Whether there is a tray to stay in when the window is closed.
    pub has_tray: bool,
    /// Where its files are.
    pub folders: Folders,
    /// How the run before ended, when that was not as it should and the user was
    /// not told yet.
    pub crash: Option<CrashNotice>,
}

/// A run of the application that ended without being told to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct CrashNotice {
    /// When it had begun, milliseconds since 1970-01-01 UTC.
    #[ts(type = "number")]
    pub began_at: i64,
    /// The file with what it wrote about its end; `null` where it could write
    /// nothing.
    pub report: Option<String>,
}

/// Where the files of the application are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Folders {
    /// The folder of the configuration and of the preferences.
    pub configuration: String,
    /// The folder of the data.
    pub data: String,
    /// The folder of the logs.
    pub logs: String,
}

/// A folder that can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum Folder {
    /// That of the data.
    Data,
    /// That of the logs.
    Logs,
}

/// What the user chose for the application itself.
///
/// A key that is missing has its default, and one that is not known is passed
/// over: an older or a newer version may have written them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Preferences {
    /// What closing the window does.
    pub on_close: OnClose,
    /// What is worth a notification.
    pub notifications: Notifications,
    /// Whether there are none for the time being.
    pub paused: bool,
    /// What is watched for.
    pub alerts: Vec<AlertRule>,
}

/// What closing the window does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum OnClose {
    /// The broker goes on in the tray. Where there is none, it quits.
    #[default]
    Tray,
    /// The application quits.
    Quit,
    /// The user is asked.
    Ask,
}

/// What is worth a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Notifications {
    /// The broker cannot serve.
    pub failures: bool,
    /// The first message of a device.
    pub new_devices: bool,
    /// What a rule is about has come true.
    pub alerts: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            failures: true,
            new_devices: true,
            alerts: true,
        }
    }
}

/// What is watched for, and what is said when it comes true. It is said once for
/// each topic, and again only after it was not so in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct AlertRule {
    /// What the user calls it; no two have the same name.
    pub name: String,
    /// The topics that are watched.
    pub filter: String,
    /// How the messages of a topic are looked at.
    pub comparison: Comparison,
    /// What they are compared with: a text, a number, a regular expression, or a
    /// time such as `10min`.
    pub value: String,
    /// What the notification says; `{topic}` and `{value}` stand for those of the
    /// message. Empty: a sentence made of the rule.
    pub text: String,
}

/// How a message is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum Comparison {
    /// It is the value.
    Equals,
    /// It is another than the value.
    Differs,
    /// The value is in it.
    Contains,
    /// It is a number above the value.
    Above,
    /// It is a number below the value.
    Below,
    /// The value, a regular expression, is found in it.
    Matches,
    /// None has come for as long as the value says.
    SilentFor,
}

/// What the page is told when it is to ask what closing the window does: the
/// payload of the event `close-asked`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct CloseQuestion {
    /// Whether there is a tray that the broker could go on in.
    pub can_stay: bool,
}

/// What the user answers when the window is closed and asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export, export_to = "monitor.ts")]
pub struct CloseAnswer {
    /// What to do.
    pub choice: CloseChoice,
    /// Whether to do that from now on without asking.
    pub remember: bool,
}

/// What can be done when the window is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum CloseChoice {
    /// The broker goes on in the tray.
    Keep,
    /// The application quits.
    Quit,
    /// The window stays.
    Cancel,
}
