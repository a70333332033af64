//! Messages handed to clients: at once, later, again.

use std::time::{Duration, Instant};

use moustique_broker::{Options, PickupOrder, Refused};
use moustique_core::{LetGo, Limits};

use crate::fixture::{
    LOCAL, draft, order, payloads, pickup, publish, start, start_with, subscribe, take,
};

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
async fn leased_messages_come_again_until_they_are_let_go_of() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "worker", "t").await;
    publish(&broker, "t", "1").await;
    let leased = |lease, ack| PickupOrder {
        lease: Some(Duration::from_millis(lease)),
        ack,
        ..order("worker", Duration::from_secs(60))
    };
    let first = broker.pickup(leased(20, None)).await.unwrap().unwrap();
    let first_token = first.lease().unwrap();
    first.arrived();
    // Parked until the lease ends, not until its own time is over.
    let second = broker.pickup(leased(60_000, None)).await.unwrap().unwrap();
    assert_eq!(payloads(&second), ["1"]);
    assert_eq!(second.deliveries()[0].redelivered, 1);
    let second_token = second.lease().unwrap();
    second.arrived();
    let let_go = |token| broker.acknowledge("worker", token, LOCAL);
    assert_eq!(let_go(first_token), Some(LetGo::Unknown));
    // The next pickup lets go of it and gets what came since.
    publish(&broker, "t", "2").await;
    let third = broker.pickup(leased(60_000, Some(second_token))).await;
    let third = third.unwrap().unwrap();
    assert_eq!(payloads(&third), ["2"]);
    third.arrived();
    assert_eq!(let_go(second_token), Some(LetGo::Before));
    assert_eq!(broker.statistics().contents.redelivered, 1);
    broker.stop().await;
    // The third lease was not let go of.
    let broker = start(folder.path());
    assert_eq!(take(&broker, "worker").await, ["2"]);
}

#[tokio::test]
async fn one_reply_to_a_client_goes_out_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "panel", "t").await;
    publish(&broker, "t", "1").await;
    publish(&broker, "t", "2").await;
    let one = PickupOrder {
        max: 1,
        ..order("panel", Duration::ZERO)
    };
    let first = broker.pickup(one).await.unwrap().unwrap();
    let meanwhile = pickup(&broker, "panel", Duration::ZERO).await;
    assert!(meanwhile.deliveries().is_empty());
    let parked = {
        let broker = broker.clone();
        tokio::spawn(
            async move { payloads(&pickup(&broker, "panel", Duration::from_secs(60)).await) },
        )
    };
    tokio::task::yield_now().await;
    first.arrived();
    assert_eq!(parked.await.unwrap(), ["2"]);
}

#[tokio::test]
async fn a_full_queue_tells_how_much_it_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        limits: Limits {
            queue_messages: 2,
            ..Limits::default()
        },
        ..Options::default()
    };
    let broker = start_with(folder.path(), options);
    subscribe(&broker, "panel", "t").await;
    for payload in ["1", "2", "3", "4", "5"] {
        publish(&broker, "t", payload).await;
    }
    let broken = pickup(&broker, "panel", Duration::ZERO).await;
    assert_eq!((payloads(&broken).len(), broken.dropped()), (2, 3));
    drop(broken);
    let told = pickup(&broker, "panel", Duration::ZERO).await;
    assert_eq!(told.dropped(), 3, "it was not told yet");
    told.arrived();
    publish(&broker, "t", "6").await;
    assert_eq!(pickup(&broker, "panel", Duration::ZERO).await.dropped(), 0);
    assert_eq!(broker.statistics().contents.dropped, 3);
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
