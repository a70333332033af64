//! The Rust client of the broker.
