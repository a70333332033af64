//! That a device is heard for the first time.

use std::time::Duration;

use moustique_broker::{Broker, Followed, Speaker};
use moustique_core::{Filter, Limits, Message, MessageId};
use tauri::async_runtime::spawn_blocking;
use tauri::{AppHandle, Manager, Runtime};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::devices::Devices;
use crate::notifications::{News, Notifier};
use crate::orders;
use crate::preferences::Chosen;

/// How often the broker is asked who published. It notes that anyway, so that a
/// publish costs nothing more, and a thousand messages are one answer.
const LOOK: Duration = Duration::from_secs(1);

/// The least time between two writes of those who are known: a flood of names
/// would otherwise have the whole file written each second.
const WRITE: Duration = Duration::from_secs(5);

/// Values of a page, when those who are in the store are looked for.
const PAGE: usize = 1_000;

/// Tells of new devices.
pub(super) async fn watch<R: Runtime>(app: AppHandle<R>) {
    let mut source = orders::node(&app).source();
    let mut ticks = interval(LOOK);
    // After a sleep one look is enough.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut written: Option<Instant> = None;
    while let Some(broker) = super::running(&mut source).await {
        begin(&app, &broker).await;
        let mut told = broker.found();
        loop {
            let is_over = tokio::select! {
                changed = source.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    true
                }
                _ = ticks.tick() => false,
            };
            told = look(&app, &broker, told);
            if written.is_none_or(|written| written.elapsed() >= WRITE) {
                written = Some(Instant::now());
                write(&app).await;
            }
            if is_over {
                break;
            }
        }
    }
}

/// Takes who was heard since that message, and tells of those who are new.
fn look<R: Runtime>(app: &AppHandle<R>, broker: &Broker, told: MessageId) -> MessageId {
    let heard = broker.heard_after(told);
    let devices = app.state::<Devices>();
    // The longest silent first, as they are to be forgotten.
    let new = heard.speakers.iter().rev();
    let new = new.filter_map(|speaker| devices.hear(speaker));
    let is_wanted = app
        .state::<Chosen>()
        .held()
        .preferences()
        .notifications
        .new_devices;
    let notifier = app.state::<Notifier>();
    for device in new {
        if is_wanted {
            notifier.tell(News::NewDevice(device));
        }
    }
    heard.up_to
}

/// Writes down who is known, if somebody was new.
async fn write<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    let written = spawn_blocking(move || app.state::<Devices>().write());
    if let Ok(Err(error)) = written.await {
        tracing::warn!("Who is known cannot be written down: {error}.");
    }
}

/// Takes those who are in the store already for known, the first time ever that
/// somebody is listened to.
async fn begin<R: Runtime>(app: &AppHandle<R>, broker: &Broker) {
    let devices = app.state::<Devices>();
    if devices.is_begun() {
        return;
    }
    if remember(broker, &devices).await.is_some() {
        devices.begin();
    }
}

/// Takes those who are in the store for known. `None` when it could not be read
/// to its end.
async fn remember(broker: &Broker, devices: &Devices) -> Option<()> {
    let remember = |message: &Message| {
        // Whoever came with this start is news.
        if message.id <= broker.found() {
            devices.hear(&Speaker::of(message));
        }
    };
    // All topics but those that begin with `$`, which are no device's.
    let everything = Filter::parse("#", &Limits::default()).ok()?;
    // Values first: whoever set one may have been silent for longer than the log
    // goes back.
    let mut after: Option<String> = None;
    loop {
        let page = broker.values(&everything, after.as_deref(), PAGE).await;
        page.messages.iter().for_each(|message| remember(message));
        if !page.more {
            break;
        }
        after = page.messages.last().map(|last| last.topic.to_string());
    }
    let mut follow = broker.follow(vec![everything], Some(MessageId(0)));
    while follow.told() < broker.found() {
        match follow.next().await? {
            Ok(Followed::Messages(messages)) => {
                messages.iter().for_each(|message| remember(message));
            }
            Ok(Followed::Gap(_)) => {}
            Err(refused) => {
                tracing::warn!("The devices in the store cannot be looked for: {refused}.");
                return None;
            }
        }
    }
    Some(())
}
