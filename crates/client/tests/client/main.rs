//! The client from outside: with a real broker, and with peers that are none.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod broker;
mod home;
mod peer;
mod polls;
mod replies;
