//! The store alone: what is committed is there again after opening it anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;
mod damage;
mod files;
mod pruning;
mod stored;
