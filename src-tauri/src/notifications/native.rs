//! Notifications as Windows and macOS show them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, Runtime};

use super::Notification;

/// Shows notifications.
#[derive(Debug, Default)]
pub(super) struct Shower {
    is_introduced: bool,
    /// Whether the system has not answered yet: one thread that waits is enough.
    is_busy: Arc<AtomicBool>,
}

impl Shower {
    /// Shows one. May wait for ever: whoever shows it is asked in a thread of its
    /// own, which is left behind then.
    ///
    /// # Errors
    /// When the system shows none.
    pub(super) async fn show<R: Runtime>(
        &mut self,
        app: &AppHandle<R>,
        notification: &Notification,
    ) -> Result<(), String> {
        if self.is_busy.swap(true, Ordering::Relaxed) {
            return Err("the system has not shown the one before".to_owned());
        }
        let is_busy = Arc::clone(&self.is_busy);
        // The system shows what a program says under the name by which it was
        // installed, and Windows shows nothing of one that it does not know.
        let identifier = app.config().identifier.clone();
        let is_introduced = std::mem::replace(&mut self.is_introduced, true);
        let Notification { title, body, .. } = notification.clone();
        let shown = spawn_blocking(move || {
            let mut native = notify_rust::Notification::new();
            native.summary(&title).body(&body);
            introduce(&mut native, &identifier, is_introduced);
            // Dropped here and not later: on macOS that is what sends it.
            let shown = native.show().map(drop);
            is_busy.store(false, Ordering::Relaxed);
            shown.map_err(|error| error.to_string())
        });
        shown.await.map_err(|error| error.to_string())?
    }
}

#[cfg(target_os = "windows")]
fn introduce(native: &mut notify_rust::Notification, identifier: &str, _is_introduced: bool) {
    native.app_id(identifier);
}

#[cfg(target_os = "macos")]
fn introduce(_native: &mut notify_rust::Notification, identifier: &str, is_introduced: bool) {
    if !is_introduced && let Err(error) = notify_rust::set_application(identifier) {
        tracing::debug!(%error, "notifications have no name of their own");
    }
}
