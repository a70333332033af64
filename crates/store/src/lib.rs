//! The append-only log and its views in SQLite.
//!
//! Messages go into one table, numbered in the order of their commits; the last
//! values, the subscriptions and how far each client has got stand beside it.
//! [`Store::commit`] writes a batch of changes as one transaction;
//! [`Store::load`] and [`Store::replay`] bring back what a start needs. The
//! log's older end is taken off by [`Store::prune`] in small steps, and
//! [`Reader`] reads it beside the writer.
//!
//! A file that is damaged is never written to again: [`set_aside`] gives it
//! another name, and [`rescue`] brings what can still be read of it into the
//! new one.
//!
//! Absent on purpose: any rule of the broker, and any thread but the one that
//! moves the write-ahead log into the database.

mod checkpoint;
mod durability;
mod error;
mod files;
mod history;
mod load;
mod location;
mod pace;
pub mod private;
mod prune;
mod rescue;
mod row;
mod schema;
mod store;
mod usage;
mod wal;
mod write;

pub use durability::Durability;
pub use error::{CommitError, OpenError, ReadError};
pub use files::set_aside;
pub use history::{MAX_HISTORY, Reader, Span};
pub use prune::{Protected, Pruned};
pub use rescue::{Rescued, rescue};
pub use store::{Options, Store};
pub use usage::{Amount, Space};
