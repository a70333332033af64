//! What the tests start from: a broker over a real store, and the words to use it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use moustique_broker::{Broker, Options, Pickup, PickupOrder};
use moustique_core::{ClientName, Draft, Filter, Limits, MessageKind, Retention, Topic};
use moustique_store::Store;

pub(crate) const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) fn start(folder: &Path) -> Broker {
    start_with(folder, Options::default())
}

pub(crate) fn start_with(folder: &Path, options: Options) -> Broker {
    start_keeping(folder, options, Retention::default())
}

pub(crate) fn start_keeping(folder: &Path, options: Options, retention: Retention) -> Broker {
    let store = moustique_store::Options {
        retention,
        ..Default::default()
    };
    let store = Store::open(&folder.join("moustique.db"), store).unwrap();
    Broker::start(store, options).unwrap()
}

pub(crate) fn draft(topic: &str, payload: &str) -> Draft {
    Draft {
        topic: Topic::parse(topic, &Limits::default()).unwrap(),
        payload: payload.into(),
        from: None,
        address: LOCAL,
        updated_time: None,
        kind: MessageKind::Published,
        repeat_id: None,
    }
}

pub(crate) async fn publish(broker: &Broker, topic: &str, payload: &str) {
    broker.publish(draft(topic, payload)).await.unwrap();
}

pub(crate) fn filter(text: &str) -> Filter {
    Filter::parse(text, &Limits::default()).unwrap()
}

pub(crate) async fn subscribe(broker: &Broker, client: &str, filter: &str) {
    let client = ClientName::parse(client, &Limits::default()).unwrap();
    let filter = Filter::parse(filter, &Limits::default()).unwrap();
    broker.subscribe(client, filter, LOCAL).await.unwrap();
}

pub(crate) fn order(client: &str, wait: Duration) -> PickupOrder<'_> {
    PickupOrder {
        client,
        max: usize::MAX,
        wait,
        lease: None,
        ack: None,
        address: LOCAL,
    }
}

pub(crate) async fn pickup(broker: &Broker, client: &str, wait: Duration) -> Pickup {
    broker.pickup(order(client, wait)).await.unwrap().unwrap()
}

pub(crate) fn payloads(pickup: &Pickup) -> Vec<String> {
    let deliveries = pickup.deliveries().iter();
    deliveries.map(|d| d.message.payload.to_string()).collect()
}

pub(crate) async fn take(broker: &Broker, client: &str) -> Vec<String> {
    let pickup = pickup(broker, client, Duration::ZERO).await;
    let taken = payloads(&pickup);
    pickup.arrived();
    taken
}
