//! The icon in the tray and its menu.

mod items;
mod menu;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moustique_monitor::{BrokerState, Source};
use tauri::async_runtime::{spawn, spawn_blocking};
use tauri::tray::TrayIcon;
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use self::items::Items;
use self::menu::{Activity, Menu};
use crate::orders;

/// How often the figures in the status line are looked at.
const REFRESH: Duration = Duration::from_secs(1);

/// Time between two attempts while nothing shows a tray: on some desktops it
/// appears after the programs that start with the session.
const RETRY: Duration = Duration::from_secs(5);

/// Whether the tray is there to be clicked on.
#[derive(Debug, Default)]
pub(crate) struct Tray {
    is_shown: AtomicBool,
}

impl Tray {
    pub(crate) fn is_shown(&self) -> bool {
        self.is_shown.load(Ordering::Relaxed)
    }
}

/// Shows the tray as soon as there is one, and keeps it true to the broker.
pub(crate) fn run<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn(async move {
        let source = orders::node(&app).source();
        let menu = menu(&source.borrow());
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
    app.state::<Tray>().is_shown.store(true, Ordering::Relaxed);
    let mut ticks = interval(REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (menu, is_running) = {
            let source = source.borrow_and_update();
            (menu(&source), source.status.state == BrokerState::Running)
        };
        let (items, icon) = (Arc::clone(&items), icon.clone());
        // It waits for the main thread.
        spawn_blocking(move || items.show(&icon, menu)).await??;
        tokio::select! {
            changed = source.changed() => if changed.is_err() {
                return Ok(());
            },
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

fn menu(source: &Source) -> Menu {
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
    Menu::of(&source.status, activity)
}
