//! Notifications as Linux desktops show them, over the session bus.

use std::collections::VecDeque;

use notify_rust::{Hint, NotificationHandle, NotificationResponse};
use tauri::{AppHandle, Runtime};
use tokio_util::task::AbortOnDropHandle;

use super::Notification;
use crate::window;

/// What the program is called where it is installed, in the menu of programs and
/// among the icons.
const INSTALLED: &str = "moustique-desktop";

/// Notifications on which a click is waited for; each takes a connection to the
/// bus. Of more, the oldest is no longer answered.
const MAX_AWAITED: usize = 4;

/// Shows notifications.
#[derive(Debug, Default)]
pub(super) struct Shower {
    awaited: VecDeque<AbortOnDropHandle<()>>,
}

impl Shower {
    /// Shows one; a click on it opens the window, where the desktop tells of
    /// clicks. May wait for ever; nothing is left behind when it is dropped.
    ///
    /// # Errors
    /// When nobody shows notifications.
    pub(super) async fn show<R: Runtime>(
        &mut self,
        app: &AppHandle<R>,
        notification: &Notification,
    ) -> Result<(), String> {
        let handle = notify_rust::Notification::new()
            .appname("Moustique")
            .icon(INSTALLED)
            .hint(Hint::DesktopEntry(INSTALLED.to_owned()))
            .summary(&notification.title)
            .body(&without_markup(&notification.body))
            .action("default", "Open")
            .show_async()
            .await
            .map_err(|error| error.to_string())?;
        self.awaited.retain(|awaited| !awaited.is_finished());
        if self.awaited.len() >= MAX_AWAITED {
            self.awaited.pop_front();
        }
        let awaited = tokio::spawn(await_click(app.clone(), handle));
        self.awaited.push_back(AbortOnDropHandle::new(awaited));
        Ok(())
    }
}

async fn await_click<R: Runtime>(app: AppHandle<R>, handle: NotificationHandle) {
    let opened = |response: &NotificationResponse| {
        if matches!(
            response,
            NotificationResponse::Default | NotificationResponse::Action(_)
        ) {
            window::show(&app);
        }
    };
    handle.wait_for_action_async(opened).await;
}

/// What of a body could be markup is written as the text that it is. Those who
/// take none for markup show `&amp;` for it, which does no harm.
fn without_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        for (text, plain) in [
            ("21.5 °C\n\"it's\"", "21.5 °C\n\"it's\""),
            (
                "<a href='file:///'>&lt;</a>",
                "&lt;a href='file:///'&gt;&amp;lt;&lt;/a&gt;",
            ),
        ] {
            assert_eq!(without_markup(text), plain);
        }
    }
}
