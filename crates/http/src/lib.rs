//! The accept loop, the guard and the routes.
//!
//! One port carries the classic API, the plain API, the monitor and its user
//! interface. A
//! connection is served by hyper itself, with deadlines of our own around it;
//! a request that names a classic verb goes straight to [`classic`], all
//! others through an axum router.
//!
//! Absent on purpose: any rule of the broker, and SQLite.

#[allow(dead_code, reason = "the calls that ask for it come next")]
mod access;
mod app;
mod body;
mod caller;
mod classic;
mod connection;
mod deadlines;
mod dialects;
#[cfg(test)]
mod fixture;
mod guard;
#[cfg(test)]
mod limit_tests;
mod limits;
mod monitor;
mod outbox;
mod peers;
mod places;
mod plain;
mod refusal;
mod route;
mod sending;
mod server;
mod settings;
mod socket;
mod ui;
mod upgrades;

pub use app::{App, AppOptions};
pub use limits::HttpLimits;
pub use peers::PeerRules;
pub use server::{Drained, Server};
pub use settings::Settings;
