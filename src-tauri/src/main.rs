//! The broker as a desktop application: a tray, a window, and one node.
//!
//! The node serves the network and outlives every window; [`tray`] and
//! [`window`] show what it says of itself and pass the user's orders on to it.
//! [`exit`] is the one way out.

// A console of its own would open beside the window on Windows.
#![cfg_attr(
    all(target_os = "windows", not(debug_assertions)),
    windows_subsystem = "windows"
)]

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

mod alerts;
mod app;
mod arguments;
mod autostart;
mod clipboard;
mod closing;
mod commands;
mod crash;
mod devices;
mod display;
mod dock;
mod exit;
mod graphics;
mod log;
mod news;
mod notifications;
mod orders;
mod preferences;
mod stream;
mod text;
mod tray;
mod window;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    match graphics::settle(arguments.safe_graphics)
        .and_then(|()| display::open())
        .and_then(|()| app::run(&arguments))
    {
        Ok(code) => code,
        Err(problem) => {
            log::last_words(&problem);
            ExitCode::FAILURE
        }
    }
}
