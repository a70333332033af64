//! What has to be done from time to time.

use std::sync::Weak;
use std::time::{Duration, Instant};

use moustique_core::{ClientName, Command};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::broker::{Broker, Shared};
use crate::sequencer::Order;
use crate::statistics::Sampler;

const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// Samples the counters every second, and every `period` forgets silent
/// clients and prunes the log. Ends with the broker, which it does not keep
/// alive.
pub(crate) async fn run(shared: Weak<Shared>, orders: mpsc::WeakSender<Order>, period: Duration) {
    let mut sampler = match shared.upgrade() {
        Some(shared) => Sampler::new(&shared.counters),
        None => return,
    };
    let mut samples = interval(SAMPLE_INTERVAL);
    // After the machine has slept, one tick is enough.
    samples.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut chores = interval(period);
    chores.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let is_chore = tokio::select! {
            _ = samples.tick() => false,
            _ = chores.tick() => true,
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
            broker.send(Order::Prune);
        } else {
            sampler.sample(broker.counters());
        }
    }
}

async fn forget_silent(broker: &Broker) {
    let silent: Vec<ClientName> = {
        let inner = broker.shared().lock();
        inner
            .state
            .silent(Instant::now())
            .filter(|(key, _)| !inner.waiters.is_parked(*key))
            .map(|(_, name)| name.clone())
            .collect()
    };
    for client in silent {
        let name = client.clone();
        match broker.carry(Command::Forget { client }).await {
            Ok(()) => tracing::debug!(client = %name, "forgot a client that went silent"),
            Err(error) => tracing::warn!(client = %name, %error, "could not forget a client"),
        }
    }
}
