//! The handle that everything above it calls.
//!
//! [`Broker`] takes orders from many tasks; one thread, the sequencer, stores
//! them batch by batch and only then applies and answers them. Reads take the
//! lock shortly and never wait for the disk; a pickup may park until something
//! arrives for its client.
//!
//! Absent on purpose: HTTP and every other wire shape. Nothing above this
//! crate knows of SQLite, files or threads.

mod bound;
mod broker;
mod clock;
mod error;
mod maintenance;
mod patience;
mod pickup;
mod search;
mod sequencer;
mod shared;
mod start;
mod statistics;
mod views;
mod waiters;

pub use bound::{Bound, Hits};
pub use broker::{Broker, Options};
pub use error::Refused;
pub use pickup::{Pickup, PickupOrder};
pub use search::{Found, SearchError};
pub use start::Repair;
pub use statistics::{Contents, Counters, Statistics};
pub use views::{ClientView, Listed};
