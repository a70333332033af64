//! What the user can order, from the tray and from the window alike.

use std::fmt::Display;
use std::path::Path;

use moustique_monitor::{Application, Folder, Folders, Refusal};
use moustique_node::{Node, Paths};
use moustique_store::private;
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_opener::OpenerExt;

use crate::autostart::Autostart;
use crate::crash;
use crate::preferences::Chosen;
use crate::tray::Tray;

/// Begins to start the broker. How that went is its state.
pub(crate) fn start<R: Runtime>(app: &AppHandle<R>) {
    let node = node(app);
    tauri::async_runtime::spawn(async move {
        // The node logs the problem, and shows it as its state.
        let _ = node.start().await;
    });
}

/// Begins to stop the broker.
pub(crate) fn stop<R: Runtime>(app: &AppHandle<R>) {
    let node = node(app);
    tauri::async_runtime::spawn(async move { node.stop().await });
}

/// Shows the page that the broker serves in the user's own browser.
///
/// # Errors
/// When the broker does not run, or no browser can be started.
pub(crate) fn open_in_browser<R: Runtime>(app: &AppHandle<R>) -> Result<(), Refusal> {
    let url = node(app).local_url().ok_or_else(|| {
        Refusal::new(
            "not_running",
            "The broker is not running, so it has no page to show: start it first.",
        )
    })?;
    app.opener().open_url(&url, None::<&str>).map_err(|error| {
        Refusal::new(
            "no_browser",
            format!("No browser could be started ({error}): open {url} by hand."),
        )
    })
}

/// Shows a folder in the user's own file manager. Made where it is missing: a
/// broker that has never started has written nothing.
///
/// # Errors
/// When there is none and none can be made, or no file manager can be started.
pub(crate) fn open_folder<R: Runtime>(app: &AppHandle<R>, folder: Folder) -> Result<(), Refusal> {
    let paths = app.state::<Paths>();
    let folder = match folder {
        Folder::Data => &paths.data,
        Folder::Logs => &paths.logs,
    };
    let shown = folder.display().to_string();
    let refused = |what: &str, error: &dyn Display| {
        Refusal::new(
            "no_folder",
            format!("The folder {shown} could not be {what}: {error}."),
        )
    };
    private::create_folder(folder).map_err(|error| refused("made", &error))?;
    app.opener()
        .open_path(&shown, None::<&str>)
        .map_err(|error| refused("shown", &error))
}

/// Has the session start the application, or not. Waits for the disk.
///
/// # Errors
/// When the system has no such thing, or refuses.
pub(crate) fn set_start_at_login<R: Runtime>(
    app: &AppHandle<R>,
    is_on: bool,
) -> Result<(), Refusal> {
    let Some(autostart) = app.try_state::<Autostart>() else {
        let detail = "The system does not say where the program is, so nothing can start it.";
        return Err(Refusal::new("no_autostart", detail));
    };
    let set = autostart.set(is_on).map_err(|error| {
        let detail = format!("What starts with the session could not be changed: {error}.");
        Refusal::new("no_autostart", detail)
    });
    app.state::<Tray>().look_again();
    set
}

/// The application, as its settings show it. Waits for the disk.
pub(crate) fn application<R: Runtime>(app: &AppHandle<R>) -> Application {
    let paths = app.state::<Paths>();
    let shown = |folder: &Path| folder.display().to_string();
    Application {
        preferences: app.state::<Chosen>().held().preferences().clone(),
        starts_at_login: app
            .try_state::<Autostart>()
            .map(|autostart| autostart.is_on()),
        has_tray: app.state::<Tray>().is_shown(),
        folders: Folders {
            configuration: shown(paths.config.parent().unwrap_or(&paths.config)),
            data: shown(&paths.data),
            logs: shown(&paths.logs),
        },
        crash: crash::untold(app),
    }
}

/// The one node of the application.
pub(crate) fn node<R: Runtime>(app: &AppHandle<R>) -> Node {
    app.state::<Node>().inner().clone()
}
