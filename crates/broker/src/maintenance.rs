//! What has to be done from time to time.

use std::net::Ipv4Addr;
use std::sync::Weak;
use std::time::Duration;

use moustique_core::{ClientName, Command, Draft, MessageKind, Outcome, PublisherName};
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::broker::Broker;
use crate::rates::Sampler;
use crate::sequencer::Order;
use crate::shared::Shared;

/// Values that are deleted in one round because of their age. The others have
/// to wait for the next one.
const AGED_VALUES: usize = 10_000;

const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// Samples the counters every second, and every `period` forgets silent
/// clients and prunes the log; another period begins with a round. Ends with
/// the broker, which it does not keep alive.
pub(crate) async fn run(
    shared: Weak<Shared>,
    orders: mpsc::WeakSender<Order>,
    mut period: watch::Receiver<Duration>,
) {
    let mut sampler = match shared.upgrade() {
        Some(shared) => Sampler::new(&shared.counters),
        None => return,
    };
    let mut samples = interval(SAMPLE_INTERVAL);
    // After the machine has slept, one tick is enough.
    samples.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut chores = every(*period.borrow_and_update());
    loop {
        let is_chore = tokio::select! {
            _ = samples.tick() => false,
            _ = chores.tick() => true,
            changed = period.changed() => match changed {
                Ok(()) => {
                    chores = every(*period.borrow_and_update());
                    continue;
                }
                // It ends with the broker.
                Err(_) => return,
            },
        };
        let (Some(shared), Some(orders)) = (shared.upgrade(), orders.upgrade()) else {
            return;
        };
        let broker = Broker::from_parts(shared, orders);
        if broker.is_stopping() {
            return;
        }
        if is_chore {
            forget_silent(&broker).await;
            delete_aged_values(&broker).await;
            broker.send(Order::Prune);
            let now = broker.shared().clock.run();
            broker.shared().lock_publishers().forget_silent(now);
        } else {
            sampler.sample(broker.counters());
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut chores = interval(period);
    chores.set_missed_tick_behavior(MissedTickBehavior::Skip);
    chores
}

async fn forget_silent(broker: &Broker) {
    let silent: Vec<ClientName> = {
        let inner = broker.shared().lock();
        inner
            .state
            .silent(broker.shared().clock.run())
            .filter(|(key, _)| !inner.waiters.is_parked(*key))
            .map(|(_, name)| name.clone())
            .collect()
    };
    for client in silent {
        let name = client.clone();
        match broker.carry(Command::ForgetSilent { client }).await {
            Ok(Outcome::Changed) => {
                tracing::debug!(client = %name, "forgot a client that went silent");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(client = %name, %error, "could not forget a client"),
        }
    }
}

/// Deletes the values that their policy does not keep any longer, like anybody
/// else would: with a tombstone in the log.
async fn delete_aged_values(broker: &Broker) {
    let (topics, limits) = {
        let inner = broker.shared().lock();
        let aged = inner.state.aged_values(broker.shared().clock.run());
        let topics: Vec<_> = aged
            .take(AGED_VALUES)
            .map(|value| value.topic.clone())
            .collect();
        (topics, inner.state.limits().clone())
    };
    for topic in topics {
        let tombstone = Draft {
            topic,
            payload: "".into(),
            from: PublisherName::parse("SERVER", &limits).ok(),
            address: Ipv4Addr::LOCALHOST.into(),
            updated_time: None,
            kind: MessageKind::Deleted,
            repeat_id: None,
        };
        if let Err(error) = broker.publish(tombstone).await {
            tracing::warn!(%error, "an old value could not be deleted");
            return;
        }
    }
}
