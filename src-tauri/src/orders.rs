//! What the user can order, from the tray and from the window alike.

use std::path::PathBuf;

use moustique_monitor::Refusal;
use moustique_node::Node;
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_opener::OpenerExt;

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

/// The folder with the data of the broker.
#[derive(Debug)]
pub(crate) struct DataFolder(pub(crate) PathBuf);

/// Shows the folder with the data in the user's own file manager.
pub(crate) fn open_data_folder<R: Runtime>(app: &AppHandle<R>) {
    let folder = app.state::<DataFolder>().0.display().to_string();
    if let Err(error) = app.opener().open_path(&folder, None::<&str>) {
        tracing::warn!("{folder} could not be shown: {error}.");
    }
}

/// The one node of the application.
pub(crate) fn node<R: Runtime>(app: &AppHandle<R>) -> Node {
    app.state::<Node>().inner().clone()
}
