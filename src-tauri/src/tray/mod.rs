//! The icon in the tray and its menu.

mod clicks;
mod items;
mod lines;
mod menu;
mod recent;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use moustique_broker::Broker;
use moustique_core::Timestamp;
use moustique_monitor::{BrokerState, Source};
use tauri::async_runtime::{spawn, spawn_blocking};
use tauri::tray::TrayIcon;
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};

use self::items::Items;
use self::menu::{Activity, Menu, Surroundings};
use crate::autostart::Autostart;
use crate::exit;
use crate::orders;
use crate::preferences::Chosen;

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

    fn note_copied(&self, now: Instant) {
        *self.copied.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        self.look_again();
    }

    /// Has the menu look at what is around the broker: it may have changed, or
    /// the click that was to change it came to nothing but has set a mark.
    pub(crate) fn look_again(&self) {
        self.changed.notify_one();
    }
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
        // On the way out the desktop is not answered any more.
        if let Err(error) = shown
            && !exit::is_leaving(&app)
        {
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
    let mut chosen = app.state::<Chosen>().news();
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
            changed = chosen.changed() => if changed.is_err() {
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

fn menu<R: Runtime>(app: &AppHandle<R>, source: &Source) -> Menu {
    let activity = source
        .broker
        .as_ref()
        .map_or_else(Activity::default, |broker| {
            let statistics = broker.statistics();
            Activity {
                clients: statistics.contents.clients,
                messages_per_second: statistics.messages_per_second,
                recent: recent(broker),
            }
        });
    let autostart = app.try_state::<Autostart>();
    let surroundings = Surroundings {
        was_copied: app.state::<Tray>().was_copied(),
        starts_at_login: autostart.is_some_and(|autostart| autostart.is_on()),
        is_paused: app.state::<Chosen>().held().preferences().paused,
    };
    Menu::of(&source.status, activity, surroundings)
}

/// What was published last.
fn recent(broker: &Broker) -> Vec<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    let latest = broker.latest(recent::MAX_LINES);
    let lines = latest.iter();
    lines
        .map(|message| recent::line(message, Timestamp(now)))
        .collect()
}
