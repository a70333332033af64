//! The headless program and everything that its port answers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod command_line;
mod connections;
mod delivery;
mod description;
mod dialects;
mod durability;
mod exchanges;
mod files;
mod handover;
mod long_poll;
mod monitor;
mod passwords;
mod plain;
mod python_client;
mod recorded;
mod regex;
mod rejections;
mod reload;
mod reports;
mod stop;
mod tls;
mod vectors;
