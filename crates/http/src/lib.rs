//! The accept loop, the guard and the routes.
//!
//! One port, and another one over TLS, carries the classic API, the plain API, the
//! monitor and its user interface. A
//! connection is served by hyper itself, with deadlines of our own around it;
//! a request that names a classic verb goes straight to [`classic`], all
//! others through an axum router.
//!
//! Absent on purpose: any rule of the broker, and SQLite.

mod access;
mod app;
mod body;
mod caller;
mod classic;
mod connection;
mod cors;
mod crooks;
mod deadlines;
mod dialects;
mod executable;
#[cfg(test)]
mod fixture;
mod framing;
mod guard;
mod head;
mod host;
#[cfg(test)]
mod limit_tests;
mod limits;
mod monitor;
mod origin;
mod outbox;
mod peers;
mod places;
mod plain;
mod rate;
mod recent_log;
mod refusal;
mod route;
mod seal;
mod sending;
mod server;
mod settings;
mod socket;
mod tls;
mod ui;
mod upgrades;
mod visitors;

/// Whether everybody is let in and no head is judged, to measure what that costs
/// otherwise. Never so but in a program that was built for the benchmark.
pub(crate) const UNGUARDED: bool = cfg!(feature = "unguarded");

pub use access::{MAX_PASSWORD_BYTES, PasswordError, PasswordHash};
pub use app::{App, AppOptions};
pub use guard::SiteRules;
pub use host::{HostName, NoHostName};
pub use limits::HttpLimits;
pub use monitor::ReloadOrder;
pub use origin::{NoOrigin, Origin};
pub use peers::PeerRules;
pub use recent_log::RecentLog;
pub use server::{Drained, Server};
pub use settings::Settings;
