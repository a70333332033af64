//! The append-only log and its views in SQLite.
//!
//! Messages go into one table, numbered without gaps; the last values, the
//! subscriptions and the clients' cursors stand beside it. [`Store::commit`]
//! writes a batch of changes as one transaction; [`Store::load`] and
//! [`Store::replay`] bring back what a start needs. The log's older end is
//! taken off by [`Store::prune`] in small steps.
//!
//! Absent on purpose: any rule of the broker, and any thread but the one that
//! moves the write-ahead log into the database.

mod checkpoint;
mod error;
mod files;
mod load;
mod row;
mod schema;
mod store;

pub use error::{CommitError, OpenError};
pub use store::{Keep, Store};
