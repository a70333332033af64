//! What the monitoring user interface may ask and is told.
//!
//! The types here are the whole contract between the broker and its user
//! interface. They are carried by two hosts, the desktop window over IPC and a
//! browser over HTTP, which add nothing to them; their TypeScript
//! (`ui/src/lib/api/monitor.ts`) is generated from them.
//!
//! A host hands a [`Source`] to [`Frames`] and sends on what comes out of it;
//! it answers [`Request::Publish`] with [`publish`]. The other requests are
//! about the host itself, or about what runs the broker.

mod answer;
mod application;
mod frame;
mod request;
mod settings;
mod stream;

pub use answer::publish;
pub use application::{
    AlertRule, Application, CloseAnswer, CloseChoice, CloseQuestion, Comparison, CrashNotice,
    Folder, Folders, Notifications, OnClose, Preferences,
};
pub use frame::{
    BrokerState, BrokerStatus, Certificate, ClientRow, ClientRows, Frame, Problem, Tls, TopicRow,
    TopicRows, Traffic,
};
pub use request::{Publish, Refusal, Reloaded, Request};
pub use settings::{
    Applied, PasswordChange, Setting, SettingChange, SettingKind, SettingValue, Settings,
    SettingsChanged,
};
pub use stream::{Frames, Source};

/// Most topics in one list; [`TopicRows::total`] tells of the rest.
pub const MAX_TOPIC_ROWS: usize = 2_000;

/// Most clients in one list; [`ClientRows::total`] tells of the rest.
pub const MAX_CLIENT_ROWS: usize = 200;

/// Most characters of a value in a list.
pub const MAX_PREVIEW_CHARACTERS: usize = 200;
