//! A running broker: checked configuration, paths, start, state, drain.
//!
//! [`Node`] is what both programs are made of: the headless one runs it until
//! it is told to end, the desktop one starts and stops it from the tray. Its
//! state is always in [`Node::source`]; a start that fails is a state with a
//! [`moustique_monitor::Problem`] in it, never a task that silently died.

mod addresses;
mod certificate;
mod changes;
mod check;
mod config;
mod load;
pub mod logging;
mod node;
mod password_file;
mod paths;
mod permission;
mod presence;
mod problem;
mod retry;
mod rules;
mod run;
mod self_signed;
mod settings;
mod state;
mod tls;
mod upkeep;

pub use check::{Check, Verdict, check};
pub use config::{
    CertificateFiles, Config, ConfigError, Count, Database, Durability, KeepOptions, Level, Limits,
    Logging, Performance, Policy, Retention, Security, Server, ServerEncoding, Size, Time, Tls,
};
pub use load::{ConfigSource, EXAMPLE};
pub use node::{GRACE, Node, VERSION};
pub use password_file::{PasswordFileError, set_password};
pub use paths::Paths;
