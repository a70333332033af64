//! The broker over a real store: orders in, deliveries out, across restarts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod bounds;
mod fixture;
mod follow;
mod handover;
mod restart;
mod retention;
mod values;
