//! Black-box tests: they start the real programs and talk to them as users do.
//!
//! This library is what they share: finding the programs that `npm run build`
//! made, running the broker, and calling it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod broker;
mod call;
mod count;
mod database;
mod figure;
pub mod history;
pub mod load;
mod programs;
mod raw;
mod trend;

pub use broker::{Broker, Ended, Setup, free_port};
pub use call::{Caller, Reply, form};
pub use count::count_from;
pub use database::{copy_files, integrity};
pub use figure::figure;
pub use programs::{is_root, program, python, root, tool};
pub use raw::Raw;
pub use trend::{Trend, median, trend};
