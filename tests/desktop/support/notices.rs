//! The part of a desktop that shows notifications, played by the test.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zbus::blocking::{Connection, connection};
use zbus::interface;
use zbus::zvariant::OwnedValue;

use super::bus::Bus;
use super::wait::until;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// The longest until something is shown: one that was shown before may hold it
/// back.
const SHOWN: Duration = Duration::from_secs(20);

/// What an application wants to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) id: u32,
    pub(crate) application: String,
    pub(crate) title: String,
    pub(crate) body: String,
    /// Names and words of what can be done, in turn.
    pub(crate) actions: Vec<String>,
}

/// Whoever shows notifications.
pub(crate) struct Notices {
    connection: Connection,
    shown: Arc<Mutex<Vec<Notice>>>,
}

struct Server {
    shown: Arc<Mutex<Vec<Notice>>>,
    answers: bool,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Server {
    // The specification has so many.
    #[allow(clippy::too_many_arguments)]
    async fn notify(
        &self,
        application: String,
        _replaced: u32,
        _icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let id = {
            let mut shown = self.shown.lock().unwrap();
            let id = u32::try_from(shown.len()).unwrap() + 1;
            shown.push(Notice {
                id,
                application,
                title,
                body,
                actions,
            });
            id
        };
        if !self.answers {
            pending::<()>().await;
        }
        id
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "body-markup"].map(str::to_owned).into()
    }
}

impl Notices {
    pub(crate) fn on(bus: &Bus) -> Self {
        Self::serve(bus, true)
    }

    /// One that takes what it is told and never answers.
    pub(crate) fn hanging_on(bus: &Bus) -> Self {
        Self::serve(bus, false)
    }

    fn serve(bus: &Bus, answers: bool) -> Self {
        let shown = Arc::default();
        let server = Server {
            shown: Arc::clone(&shown),
            answers,
        };
        let connection = connection::Builder::address(bus.address())
            .unwrap()
            .serve_at(PATH, server)
            .unwrap()
            .name(NAME)
            .unwrap()
            .build()
            .expect("the test shows the notifications");
        Self { connection, shown }
    }

    /// All that was to be shown until now, by title and body.
    pub(crate) fn all(&self) -> Vec<(String, String)> {
        let shown = self.shown.lock().unwrap();
        let shown = shown.iter();
        shown
            .map(|notice| (notice.title.clone(), notice.body.clone()))
            .collect()
    }

    /// Waits for a notification, counted from 0.
    #[track_caller]
    pub(crate) fn wait_for(&self, number: usize) -> Notice {
        until(SHOWN, &format!("notification {number}"), || {
            self.shown.lock().unwrap().get(number).cloned()
        })
    }

    /// Clicks on a notification.
    pub(crate) fn click(&self, notice: &Notice) {
        self.connection
            .emit_signal(
                None::<&str>,
                PATH,
                NAME,
                "ActionInvoked",
                &(notice.id, "default"),
            )
            .unwrap();
    }
}
