//! The window: made when it is wanted, gone when it is closed. Without it there
//! is no web engine in memory.

use std::path::PathBuf;

use tauri::webview::PageLoadEvent;
use tauri::{AppHandle, Manager, Runtime, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tokio::sync::Mutex;

use crate::dock;

/// The name of the one window.
pub(crate) const LABEL: &str = "main";

/// Size at first, logical pixels.
const SIZE: (f64, f64) = (1180.0, 760.0);

/// Smallest size, logical pixels.
const LEAST_SIZE: (f64, f64) = (360.0, 480.0);

/// Windows before 11 may be without one; everything but the window works.
const NO_WEB_ENGINE: &str = "The window cannot be shown: this system has no web engine. \
    On Windows install the WebView2 runtime (https://aka.ms/webview2); \
    until then, choose \"Open in browser\" in the tray.";

/// What is needed to make the window.
#[derive(Debug)]
pub(crate) struct Window {
    /// Where the web engine keeps what the page remembers.
    folder: PathBuf,
    /// Held while a window is made: two launches at once want one window.
    making: Mutex<()>,
}

impl Window {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            making: Mutex::new(()),
        }
    }
}

/// Shows the window and gives it the focus. Returns at once: made inside the
/// handler of an event, a window would wait for that handler for ever.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>) {
    open(app, None);
}

/// The same, at a part of the page: what stands behind the `#`.
pub(crate) fn show_at<R: Runtime>(app: &AppHandle<R>, part: &'static str) {
    open(app, Some(part));
}

/// Closes the window, whatever it has to say to that.
pub(crate) fn close<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.destroy()
    {
        tracing::error!("The window cannot be closed: {error}.");
    }
}

fn open<R: Runtime>(app: &AppHandle<R>, part: Option<&'static str>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shown = match app.get_webview_window(LABEL) {
            Some(window) => raise_at(&window, part),
            // Asked beforehand: that making it failed would be said nowhere.
            None if tauri::webview_version().is_err() => {
                tracing::error!("{NO_WEB_ENGINE}");
                return;
            }
            None => make(&app, part).await,
        };
        if let Err(error) = shown {
            tracing::error!("The window cannot be shown: {error}.");
        }
    });
}

async fn make<R: Runtime>(app: &AppHandle<R>, part: Option<&str>) -> tauri::Result<()> {
    let settings = app.state::<Window>();
    let _making = settings.making.lock().await;
    if let Some(window) = app.get_webview_window(LABEL) {
        return raise_at(&window, part);
    }
    let page = match part {
        None => WebviewUrl::default(),
        Some(part) => WebviewUrl::App(format!("#{part}").into()),
    };
    WebviewWindowBuilder::new(app, LABEL, page)
        .title("Moustique")
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(LEAST_SIZE.0, LEAST_SIZE.1)
        .data_directory(settings.folder.clone())
        // Shown with its page, not before: an empty window flashes.
        .visible(false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished
                && let Err(error) = raise(&window)
            {
                tracing::error!("The window cannot be shown: {error}.");
            }
        })
        .build()?;
    Ok(())
}

fn raise_at<R: Runtime>(window: &WebviewWindow<R>, part: Option<&str>) -> tauri::Result<()> {
    if part.is_some() {
        // Another part of the same page: it is not loaded anew.
        let mut url = window.url()?;
        url.set_fragment(part);
        window.navigate(url)?;
    }
    raise(window)
}

fn raise<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    // Before: a program that is not in the dock gets no focus.
    dock::show(window.app_handle(), true);
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}
