//! kill -9 under load: what was acknowledged is there.
//!
//! That these tests can fail is shown in two ways. `moustique_tests::history`,
//! which judges what the subscribers saw, has unit tests that feed it a lost
//! acknowledgement, an inversion, a duplicate, a message out of nowhere and an
//! id given twice. And the whole chain was tried against brokers that were made
//! to lie: one that applies and answers before `Store::commit` is found at the
//! first kill (a value is older than what was acknowledged), one whose cursors
//! never reach the disk after all fifty (ids come again that were confirmed),
//! and one that applies a batch in reverse before the first (an id is given
//! twice).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod cut_reply;
mod kills;
mod leased;
mod plain;
