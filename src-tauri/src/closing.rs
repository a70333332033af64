//! What closing the window does: the broker goes on in the tray, or the
//! application quits, or the user is asked.

use std::sync::atomic::{AtomicBool, Ordering};

use moustique_monitor::{CloseAnswer, CloseChoice, CloseQuestion, OnClose, Refusal};
use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, CloseRequestApi, Emitter, Manager, Runtime};

use crate::notifications::{News, Notifier};
use crate::preferences::Chosen;
use crate::tray::Tray;
use crate::{exit, window};

/// What the page is told when it is to ask.
const ASKED: &str = "close-asked";

/// Whether the page asks now.
#[derive(Debug, Default)]
pub(crate) struct Asking(AtomicBool);

/// Handles the wish to close the window.
pub(crate) fn on_wish<R: Runtime>(app: &AppHandle<R>, api: &CloseRequestApi) {
    let on_close = app.state::<Chosen>().held().preferences().on_close;
    match on_close {
        OnClose::Tray => {}
        OnClose::Quit => exit::quit(app),
        OnClose::Ask => {
            // Whoever closes it once more has had no answer: a page that hangs
            // must not keep its window.
            if app.state::<Asking>().0.swap(true, Ordering::Relaxed) {
                return;
            }
            let question = CloseQuestion {
                can_stay: app.state::<Tray>().is_shown(),
            };
            match app.emit_to(window::LABEL, ASKED, question) {
                Ok(()) => api.prevent_close(),
                Err(error) => tracing::warn!("The page cannot ask what to do: {error}."),
            }
        }
    }
}

/// Handles that the window is gone.
pub(crate) fn on_gone<R: Runtime>(app: &AppHandle<R>) {
    app.state::<Asking>().0.store(false, Ordering::Relaxed);
}

/// Handles that the last window is gone, and nobody has asked to quit.
pub(crate) fn on_last_gone<R: Runtime>(app: &AppHandle<R>) {
    // Nothing would be left to see or to quit it by.
    if !app.state::<Tray>().is_shown() {
        tracing::info!("There is no tray to stay in: closing the window quits.");
        exit::quit(app);
        return;
    }
    if !exit::is_leaving(app) && !app.state::<Chosen>().held().knows_of_tray() {
        app.state::<Notifier>().tell(News::StaysInTray);
    }
}

/// Does what the user answered. Returns when that has begun.
///
/// # Errors
/// When the answer cannot be remembered: then nothing is done.
pub(crate) async fn answer<R: Runtime>(
    app: &AppHandle<R>,
    answer: CloseAnswer,
) -> Result<(), Refusal> {
    app.state::<Asking>().0.store(false, Ordering::Relaxed);
    let on_close = match answer.choice {
        CloseChoice::Cancel => return Ok(()),
        CloseChoice::Keep => OnClose::Tray,
        CloseChoice::Quit => OnClose::Quit,
    };
    let handle = app.clone();
    let remembered = spawn_blocking(move || {
        let chosen = handle.state::<Chosen>();
        if answer.choice == CloseChoice::Keep && !chosen.held().knows_of_tray() {
            chosen.note_knows_of_tray()?;
        }
        if answer.remember {
            chosen.set_on_close(on_close)?;
        }
        Ok(())
    });
    remembered
        .await
        .unwrap_or_else(|error| Err(Refusal::new("unexpected", error.to_string())))?;
    match answer.choice {
        CloseChoice::Quit => exit::quit(app),
        _ => window::close(app),
    }
    Ok(())
}
