//! The broker over a real store: orders in, deliveries out, across restarts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, Instant};

use moustique_broker::{Broker, Options, Pickup, PickupOrder, Refused};
use moustique_core::{ClientName, Draft, Filter, Limits, MessageKind, Topic};
use moustique_store::Store;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn start(folder: &Path) -> Broker {
    start_with(folder, Options::default())
}

fn start_with(folder: &Path, options: Options) -> Broker {
    let store = Store::open(&folder.join("moustique.db"), &options.limits).unwrap();
    Broker::start(store, options).unwrap()
}

fn draft(topic: &str, payload: &str) -> Draft {
    Draft {
        topic: Topic::parse(topic, &Limits::default()).unwrap(),
        payload: payload.into(),
        from: None,
        address: LOCAL,
        updated_time: None,
        kind: MessageKind::Published,
    }
}

async fn publish(broker: &Broker, topic: &str, payload: &str) {
    broker.publish(draft(topic, payload)).await.unwrap();
}

async fn subscribe(broker: &Broker, client: &str, filter: &str) {
    let client = ClientName::parse(client, &Limits::default()).unwrap();
    let filter = Filter::parse(filter, &Limits::default()).unwrap();
    broker.subscribe(client, filter, LOCAL).await.unwrap();
}

fn order(client: &str, wait: Duration) -> PickupOrder<'_> {
    PickupOrder {
        client,
        max: usize::MAX,
        wait,
        address: LOCAL,
    }
}

async fn pickup(broker: &Broker, client: &str, wait: Duration) -> Pickup {
    broker.pickup(order(client, wait)).await.unwrap().unwrap()
}

fn payloads(pickup: &Pickup) -> Vec<String> {
    let deliveries = pickup.deliveries().iter();
    deliveries.map(|d| d.message.payload.to_string()).collect()
}

async fn take(broker: &Broker, client: &str) -> Vec<String> {
    let pickup = pickup(broker, client, Duration::ZERO).await;
    let taken = payloads(&pickup);
    pickup.arrived();
    taken
}

#[tokio::test]
async fn values_filters_and_what_was_not_picked_up_survive_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "panel", "/home/#").await;
    publish(&broker, "/home/a", "1").await;
    publish(&broker, "/home/b", "2").await;
    assert_eq!(take(&broker, "panel").await, ["1", "2"]);
    publish(&broker, "/home/a", "3").await;
    broker.stop().await;

    let broker = start(folder.path());
    assert_eq!(broker.value("/home/a").unwrap().payload.as_ref(), "3");
    assert_eq!(take(&broker, "panel").await, ["3"]);
    publish(&broker, "/home/c", "4").await;
    assert_eq!(take(&broker, "panel").await, ["4"]);
    assert!(
        broker
            .pickup(order("stranger", Duration::ZERO))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_parked_pickup_is_woken_by_a_publish() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "panel", "t").await;
    let parked = {
        let broker = broker.clone();
        tokio::spawn(
            async move { payloads(&pickup(&broker, "panel", Duration::from_secs(60)).await) },
        )
    };
    publish(&broker, "other", "not for it").await;
    publish(&broker, "t", "for it").await;
    assert_eq!(parked.await.unwrap(), ["for it"]);
}

#[tokio::test]
async fn a_parked_pickup_ends_with_nothing_when_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "panel", "t").await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let pickup = pickup(&broker, "panel", Duration::from_secs(30)).await;
    assert!(pickup.deliveries().is_empty());
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn stopping_answers_parked_pickups_at_once_and_refuses_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "panel", "t").await;
    let begun = Instant::now();
    let parked = {
        let broker = broker.clone();
        tokio::spawn(
            async move { payloads(&pickup(&broker, "panel", Duration::from_secs(60)).await) },
        )
    };
    tokio::task::yield_now().await;
    broker.stop().await;
    assert_eq!(parked.await.unwrap(), [""; 0]);
    assert!(begun.elapsed() < Duration::from_secs(10));
    let late = broker.publish(draft("t", "late")).await;
    assert_eq!(late, Err(Refused::Stopping));
    let late = broker.pickup(order("panel", Duration::ZERO)).await;
    assert!(matches!(late, Err(Refused::Stopping)));
    // Stopping twice is no fault.
    broker.stop().await;
}

#[tokio::test]
async fn what_did_not_arrive_comes_again_also_to_another_parked_pickup() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "panel", "t").await;
    publish(&broker, "t", "1").await;
    let broken = pickup(&broker, "panel", Duration::ZERO).await;
    assert_eq!(payloads(&broken), ["1"]);
    let parked = {
        let broker = broker.clone();
        tokio::spawn(
            async move { payloads(&pickup(&broker, "panel", Duration::from_secs(60)).await) },
        )
    };
    tokio::task::yield_now().await;
    drop(broken);
    assert_eq!(parked.await.unwrap(), ["1"]);
}

#[tokio::test]
async fn a_handover_that_was_not_confirmed_comes_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "panel", "t").await;
    publish(&broker, "t", "1").await;
    let unconfirmed = pickup(&broker, "panel", Duration::ZERO).await;
    publish(&broker, "t", "2").await;
    broker.stop().await;
    std::mem::forget(unconfirmed);
    assert_eq!(take(&start(folder.path()), "panel").await, ["1", "2"]);
}

#[tokio::test]
async fn silent_clients_are_forgotten_but_parked_ones_are_not_silent() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        limits: Limits {
            client_silence: Duration::from_millis(50),
            ..Limits::default()
        },
        maintenance_interval: Duration::from_millis(10),
    };
    let broker = start_with(folder.path(), options);
    subscribe(&broker, "silent", "t").await;
    subscribe(&broker, "parked", "t").await;
    let parked = {
        let broker = broker.clone();
        tokio::spawn(
            async move { payloads(&pickup(&broker, "parked", Duration::from_secs(60)).await) },
        )
    };
    while broker.knows_client("silent") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    publish(&broker, "t", "1").await;
    assert_eq!(parked.await.unwrap(), ["1"]);
}

#[tokio::test]
async fn the_feed_tells_of_every_message() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let mut feed = broker.feed();
    publish(&broker, "t", "1").await;
    assert_eq!(feed.recv().await.unwrap()[0].payload.as_ref(), "1");
    let statistics = broker.statistics();
    assert_eq!((statistics.messages, statistics.topics), (1, 1));
}

#[tokio::test]
async fn the_data_folder_is_free_when_the_last_handle_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let other = broker.clone();
    broker.stop().await;
    start(folder.path()).stop().await;
    drop(other);
}
