//! That what a rule is about has come true.

use std::time::Duration;

use moustique_broker::{Broker, Follow, Followed};
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::alerts::{Alert, Alerts, MAX_TOPICS, Rule};
use crate::notifications::{News, Notifier};
use crate::orders;
use crate::preferences::{Chosen, Held};

/// How often it is looked who has become silent.
const LOOK: Duration = Duration::from_secs(1);

/// Time between two tries to read the log.
const RETRY: Duration = Duration::from_secs(5);

/// Tells of alerts.
///
/// Messages are followed, rather than read out of the feed, because none may be
/// missed: a value that was too high for one message is what the rule is for.
/// Without rules nothing is followed, and the broker keeps nothing for it.
pub(super) async fn watch<R: Runtime>(app: AppHandle<R>) {
    let mut source = orders::node(&app).source();
    let mut chosen = app.state::<Chosen>().news();
    let mut alerts = Alerts::default();
    loop {
        let rules = chosen.borrow_and_update().rules().clone();
        alerts.change(&rules, Instant::now());
        let broker = source.borrow_and_update().broker.clone();
        let (Some(broker), false) = (broker, alerts.is_empty()) else {
            tokio::select! {
                changed = source.changed() => if changed.is_err() {
                    return;
                },
                changed = chosen.changed() => if changed.is_err() {
                    return;
                },
            }
            continue;
        };
        let mut follow = broker.follow(alerts.filters(), None);
        remember(&mut alerts, &broker, &follow).await;
        tokio::select! {
            changed = source.changed() => if changed.is_err() {
                return;
            },
            // Of the preferences, the rules alone matter here.
            changed = other_rules(&mut chosen, &rules) => if changed.is_err() {
                return;
            },
            () = follow_on(&app, &mut alerts, &mut follow) => {
                // The broker is about to stop.
                if source.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Waits for other rules than those.
async fn other_rules(
    chosen: &mut watch::Receiver<Held>,
    rules: &[Rule],
) -> Result<(), watch::error::RecvError> {
    let changed = chosen.wait_for(|held| **held.rules() != *rules).await;
    changed.map(drop)
}

/// Takes the values that are there for what was true before.
async fn remember(alerts: &mut Alerts, broker: &Broker, follow: &Follow) {
    let now = Instant::now();
    alerts.listen_anew(now);
    for filter in alerts.filters() {
        let page = broker.values(&filter, None, MAX_TOPICS).await;
        for message in page.messages {
            // What is newer comes by itself.
            if message.id <= follow.told() {
                alerts.remember(&message, now);
            }
        }
    }
}

/// Tells what comes true until the broker begins to stop.
async fn follow_on<R: Runtime>(app: &AppHandle<R>, alerts: &mut Alerts, follow: &mut Follow) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let true_now = tokio::select! {
            followed = follow.next() => match followed {
                None => return,
                Some(Ok(Followed::Messages(messages))) => {
                    let now = Instant::now();
                    let heard = messages.iter().flat_map(|message| alerts.hear(message, now));
                    heard.collect()
                }
                Some(Ok(Followed::Gap(_))) => Vec::new(),
                Some(Err(refused)) => {
                    tracing::warn!("Messages for the alert rules cannot be read: {refused}.");
                    sleep(RETRY).await;
                    Vec::new()
                }
            },
            _ = ticks.tick() => alerts.look(Instant::now()),
        };
        tell(app, true_now);
    }
}

fn tell<R: Runtime>(app: &AppHandle<R>, alerts: Vec<Alert>) {
    if alerts.is_empty()
        || !app
            .state::<Chosen>()
            .held()
            .preferences()
            .notifications
            .alerts
    {
        return;
    }
    let notifier = app.state::<Notifier>();
    for alert in alerts {
        notifier.tell(News::Alert(alert));
    }
}
