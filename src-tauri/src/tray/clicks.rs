//! What a click in the menu does. Each returns at once.

use std::time::Instant;

use moustique_monitor::{Folder, Refusal};
use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, Manager, Runtime};

use super::Tray;
use crate::autostart::Autostart;
use crate::clipboard::Copied;
use crate::preferences::Chosen;
use crate::{exit, orders, window};

pub(super) const ADDRESS: &str = "address";
pub(super) const START: &str = "start";
pub(super) const STOP: &str = "stop";
pub(super) const OPEN_MONITOR: &str = "open-monitor";
pub(super) const OPEN_IN_BROWSER: &str = "open-in-browser";
/// What the names of the lines of recent activity begin with.
pub(super) const RECENT: &str = "recent";
pub(super) const PAUSE: &str = "pause";
pub(super) const START_AT_LOGIN: &str = "start-at-login";
pub(super) const OPEN_DATA_FOLDER: &str = "open-data-folder";
pub(super) const OPEN_LOG_FOLDER: &str = "open-log-folder";
pub(super) const SETTINGS: &str = "settings";
pub(super) const QUIT: &str = "quit";

/// Where the page has its settings.
const SETTINGS_PART: &str = "/settings";

/// Does what the line with this name is for.
pub(super) fn obey<R: Runtime>(app: &AppHandle<R>, id: &str) {
    match id {
        ADDRESS => copy_address(app),
        START => orders::start(app),
        STOP => orders::stop(app),
        OPEN_MONITOR => window::show(app),
        OPEN_IN_BROWSER => {
            if let Err(refusal) = orders::open_in_browser(app) {
                warn(&refusal);
            }
        }
        PAUSE => toggle_pause(app),
        START_AT_LOGIN => toggle_autostart(app),
        OPEN_DATA_FOLDER => open_folder(app, Folder::Data),
        OPEN_LOG_FOLDER => open_folder(app, Folder::Logs),
        SETTINGS => window::show_at(app, SETTINGS_PART),
        QUIT => exit::quit(app),
        id if id.starts_with(RECENT) => window::show(app),
        _ => {}
    }
}

/// Nobody is there to be told but the log.
fn warn(refusal: &Refusal) {
    tracing::warn!(code = refusal.code, "{}", refusal.detail);
}

/// Puts the address of the broker into the clipboard.
fn copy_address<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    // It waits for the desktop.
    spawn_blocking(move || {
        let address = orders::node(&app)
            .source()
            .borrow()
            .status
            .addresses
            .first()
            .cloned();
        let Some(address) = address else { return };
        if let Err(error) = app.state::<Copied>().copy(&address) {
            tracing::warn!("{address} could not be copied: {error}.");
            return;
        }
        app.state::<Tray>().note_copied(Instant::now());
    });
}

/// Has the session start the application, or no longer.
fn toggle_autostart<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn_blocking(move || {
        let is_on = app
            .try_state::<Autostart>()
            .is_some_and(|autostart| autostart.is_on());
        if let Err(refusal) = orders::set_start_at_login(&app, !is_on) {
            warn(&refusal);
            // The click has changed the mark, and nothing came of it.
            app.state::<Tray>().look_again();
        }
    });
}

/// Has notifications come, or not for the time being.
fn toggle_pause<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn_blocking(move || {
        if let Err(refusal) = app.state::<Chosen>().toggle_pause() {
            warn(&refusal);
        }
        app.state::<Tray>().look_again();
    });
}

fn open_folder<R: Runtime>(app: &AppHandle<R>, folder: Folder) {
    let app = app.clone();
    spawn_blocking(move || {
        if let Err(refusal) = orders::open_folder(&app, folder) {
            warn(&refusal);
        }
    });
}
