//! What only shows at length: power cuts by the hundred, memory over minutes.
//!
//! `npm run test:long` runs these, and the tests of `crash` and `faults` with
//! larger numbers. They are no part of an ordinary run. On systems without what
//! they need of Linux they are not there.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod cut_disk;
mod power_cuts;
mod power_load;
mod soak;
