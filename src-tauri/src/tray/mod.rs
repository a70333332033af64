//! The icon in the tray and its menu.

mod items;
mod menu;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moustique_monitor::{BrokerState, Source};
use tauri::async_runtime::{spawn, spawn_blocking};
use tauri::tray::TrayIcon;
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};

use self::items::Items;
use self::menu::{Activity, Menu, Surroundings};
use crate::autostart::Autostart;
use crate::clipboard::Copied;
use crate::orders;

/// How often the figures in the status line are looked at.
const REFRESH: Duration = Duration::from_secs(1);

/// How long the menu says that the address was copied.
const COPIED: Duration = Duration::from_secs(3);

/// Time between two attempts while nothing shows a tray: on some desktops it
/// appears after the programs that start with the session.
const RETRY: Duration = Duration::from_secs(5);

/// What the tray itself knows.
#[derive(Debug, Default)]
pub(crate) struct Tray {
    /// Whether it is there to be clicked on.
    is_shown: AtomicBool,
    copied: Mutex<Option<Instant>>,
    /// Told when something else than the broker has changed.
    changed: Notify,
}

impl Tray {
    pub(crate) fn is_shown(&self) -> bool {
        self.is_shown.load(Ordering::Relaxed)
    }

    fn was_copied(&self) -> bool {
        let copied = self.copied.lock().unwrap_or_else(PoisonError::into_inner);
        copied.is_some_and(|copied| copied.elapsed() < COPIED)
    }
}

/// Puts the address of the broker into the clipboard. Returns at once.
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
        let tray = app.state::<Tray>();
        *tray.copied.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        tray.changed.notify_one();
    });
}

/// Has the session start the application, or no longer. Returns at once.
fn toggle_autostart<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn_blocking(move || {
        if let Some(autostart) = app.try_state::<Autostart>()
            && let Err(error) = autostart.set(!autostart.is_on())
        {
            tracing::warn!("What starts with the session could not be changed: {error}.");
        }
        // Also where nothing came of it: the click has changed the mark.
        app.state::<Tray>().changed.notify_one();
    });
}

/// Shows the tray as soon as there is one, and keeps it true to the broker.
pub(crate) fn run<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn(async move {
        let source = orders::node(&app).source();
        let menu = menu(&app, &source.borrow());
        let shown = match Items::new(&app, menu) {
            Ok(items) => follow(&app, Arc::new(items), source).await,
            Err(error) => Err(error),
        };
        if let Err(error) = shown {
            app.state::<Tray>().is_shown.store(false, Ordering::Relaxed);
            tracing::error!("The tray cannot be shown: {error}.");
        }
    });
}

async fn follow<R: Runtime>(
    app: &AppHandle<R>,
    items: Arc<Items<R>>,
    mut source: watch::Receiver<Source>,
) -> tauri::Result<()> {
    let icon = attach(app, &items).await?;
    let tray = app.state::<Tray>();
    tray.is_shown.store(true, Ordering::Relaxed);
    let mut ticks = interval(REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (menu, is_running) = {
            let source = source.borrow_and_update();
            let is_running = source.status.state == BrokerState::Running;
            (menu(app, &source), is_running)
        };
        let (items, icon) = (Arc::clone(&items), icon.clone());
        // It waits for the main thread.
        spawn_blocking(move || items.show(&icon, menu)).await??;
        tokio::select! {
            changed = source.changed() => if changed.is_err() {
                return Ok(());
            },
            () = tray.changed.notified() => {}
            _ = ticks.tick(), if is_running => {}
        }
    }
}

/// Waits until something shows the tray.
async fn attach<R: Runtime>(
    app: &AppHandle<R>,
    items: &Arc<Items<R>>,
) -> tauri::Result<TrayIcon<R>> {
    let mut is_told = false;
    loop {
        let (app, items) = (app.clone(), Arc::clone(items));
        // It waits for the main thread and for the desktop.
        match spawn_blocking(move || items.attach(&app)).await? {
            Ok(icon) => return Ok(icon),
            Err(error) if !is_told => {
                is_told = true;
                tracing::warn!(
                    "There is no tray to stay in ({error}): looking again from time to time."
                );
            }
            Err(_) => {}
        }
        sleep(RETRY).await;
    }
}

fn menu<R: Runtime>(app: &AppHandle<R>, source: &Source) -> Menu {
    let activity = source
        .broker
        .as_ref()
        .map_or_else(Activity::default, |broker| {
            let statistics = broker.statistics();
            Activity {
                clients: statistics.contents.clients,
                messages_per_second: statistics.messages_per_second,
            }
        });
    let autostart = app.try_state::<Autostart>();
    let surroundings = Surroundings {
        was_copied: app.state::<Tray>().was_copied(),
        starts_at_login: autostart.is_some_and(|autostart| autostart.is_on()),
    };
    Menu::of(&source.status, activity, surroundings)
}
