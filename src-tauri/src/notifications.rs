//! What the desktop shows beside the windows: that something wants the user.
//!
//! Whoever has news tells it to the [`Notifier`], which never waits; one task
//! shows it, when the time has come.

mod limiter;
#[cfg_attr(not(target_os = "linux"), path = "notifications/native.rs")]
#[cfg_attr(target_os = "linux", path = "notifications/freedesktop.rs")]
mod system;
mod words;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moustique_monitor::Problem;
use tauri::async_runtime::{spawn, spawn_blocking};
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use self::limiter::Limiter;
use crate::alerts::Alert;
use crate::preferences::Chosen;

/// Longest wait for whoever shows notifications.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something that wants the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The broker does not serve.
    Failed(Problem),
    /// The run before ended without being told to.
    Crashed,
    /// A device that was never heard before.
    NewDevice(String),
    /// What a rule is about has come true.
    Alert(Alert),
    /// The window is closed, and the broker goes on.
    StaysInTray,
}

/// A notification, in words that are safe to be shown as they are: no control
/// characters, and no longer than a notification may be. Whether the one who
/// shows it takes markup for markup is for [`system`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    pub(crate) title: String,
    pub(crate) body: String,
    /// Whether it says that the broker goes on in the tray.
    pub(crate) tells_of_tray: bool,
}

/// Where news is told.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    limiter: Mutex<Limiter>,
    told: Notify,
}

impl Notifier {
    /// Takes news, to be shown soon. Never waits.
    pub(crate) fn tell(&self, news: News) {
        self.lock().add(news);
        self.told.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next notification and takes it.
    async fn next(&self) -> Notification {
        loop {
            let due = {
                let mut limiter = self.lock();
                let now = Instant::now();
                if let Some(notification) = limiter.take(now) {
                    return notification;
                }
                limiter.due()
            };
            match due {
                None => self.told.notified().await,
                Some(due) => sleep_until(due).await,
            }
        }
    }
}

/// Shows what the notifier is told, for as long as the application runs.
pub(crate) fn run<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn(async move {
        let mut shower = system::Shower::default();
        let mut is_told = false;
        loop {
            let notification = app.state::<Notifier>().next().await;
            if app.state::<Chosen>().held().preferences().paused {
                continue;
            }
            match timeout(PATIENCE, shower.show(&app, &notification)).await {
                Ok(Ok(())) => {
                    is_told = false;
                    if notification.tells_of_tray {
                        remember(&app);
                    }
                }
                // Once: whoever shows them is missing for all of them.
                _ if is_told => {}
                Ok(Err(error)) => {
                    is_told = true;
                    tracing::warn!("Notifications cannot be shown: {error}.");
                }
                Err(_) => {
                    is_told = true;
                    tracing::warn!(
                        "Notifications cannot be shown: there was no answer within {} s.",
                        PATIENCE.as_secs()
                    );
                }
            }
        }
    });
}

/// Remembers that the user knows of the tray.
fn remember<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn_blocking(move || {
        if let Err(refusal) = app.state::<Chosen>().note_knows_of_tray() {
            tracing::warn!("{}", refusal.detail);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn news_is_shown_at_once_and_then_with_what_was_held_back() {
        let notifier = Arc::new(Notifier::default());
        let begun = Instant::now();
        let shown = tokio::spawn({
            let notifier = Arc::clone(&notifier);
            async move {
                let first = notifier.next().await;
                let first_at = begun.elapsed();
                let second = notifier.next().await;
                (first, first_at, second, begun.elapsed())
            }
        });
        tokio::time::sleep(Duration::from_secs(3)).await;
        for name in ["a", "b", "c"] {
            notifier.tell(News::NewDevice(name.into()));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }

        let (first, first_at, second, second_at) = shown.await.unwrap();

        assert_eq!(
            (first.title.as_str(), first.body.as_str()),
            ("New device", "a")
        );
        assert_eq!(first_at, Duration::from_secs(3));
        assert_eq!(second.title, "2 new devices");
        assert_eq!(second.body, "b, c");
        assert_eq!(second_at, Duration::from_secs(13));
    }
}
