//! kill -9 under load: what was acknowledged is there.
//!
//! That these tests can fail is shown in two ways. `moustique_tests::history`,
//! which judges what the subscribers saw, has unit tests that feed it a lost
//! acknowledgement, an inversion, a duplicate, a message out of nowhere and an
//! id given twice. And the whole chain was tried against a broker that was made
//! to lie: one that answers before `Store::commit` (`Sequencer::carry_out` with
//! the replies sent first) loses acknowledged numbers within the first ten
//! kills, and one whose cursors never reach the disk (`Order::StoreCursors`
//! and the moved cursors in `Plan` left out) repeats what was confirmed after
//! the first.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod cut_reply;
mod leased;
mod load;
mod plain;
mod subscriber;
