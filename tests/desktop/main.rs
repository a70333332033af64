//! The desktop application as its user has it: the released program, on a
//! display, a session bus and a tray of its own.
//!
//! `MOUSTIQUE_BIN_DIR` names the folder of the program; without it, it is taken
//! from the target folder's `release`.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

mod crash;
mod endurance;
mod exit;
#[cfg(feature = "long")]
mod figures;
mod launch;
mod network;
mod notifications;
mod problems;
mod settings;
mod surroundings;
mod tray;
mod window;
