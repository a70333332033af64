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
mod carried;
mod clock;
mod error;
mod follow;
mod latency;
mod maintenance;
mod patience;
mod pickup;
mod publishers;
mod rates;
mod readiness;
mod recent;
mod search;
mod sequencer;
mod shared;
mod start;
mod statistics;
mod values;
mod views;
mod waiters;

pub use bound::{Bound, Hits};
pub use broker::{Broker, Options};
pub use error::{Refused, RefusedBatch};
pub use follow::{Follow, Followed, Gap};
pub use latency::Latency;
pub use pickup::{Pickup, PickupOrder};
pub use publishers::{Heard, PublisherView, Speaker};
pub use search::{Found, Pattern, SearchError};
pub use start::Repair;
pub use statistics::{Contents, Counters, Flow, Flows, Rate, Statistics, StoreState};
pub use values::{MAX_VALUES, ValuesPage};
pub use views::{ClientRecord, ClientView, Listed};

pub use moustique_store::{MAX_HISTORY, MAX_HISTORY_BYTES, Span};
