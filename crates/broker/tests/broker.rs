//! The broker over a real store: orders in, deliveries out, across restarts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, Instant};

use moustique_broker::{Broker, Options, Pickup, PickupOrder, Refused, Repair, SearchError};
use moustique_core::{
    ClientName, Draft, Filter, Keep, LetGo, Limits, MessageKind, Outcome, PublisherMessageId,
    Retention, Topic,
};
use moustique_store::{Span, Store};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn start(folder: &Path) -> Broker {
    start_with(folder, Options::default())
}

fn start_with(folder: &Path, options: Options) -> Broker {
    start_keeping(folder, options, Retention::default())
}

fn start_keeping(folder: &Path, options: Options, retention: Retention) -> Broker {
    let store = moustique_store::Options {
        retention,
        ..Default::default()
    };
    let store = Store::open(&folder.join("moustique.db"), store).unwrap();
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
        repeat_id: None,
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
        lease: None,
        ack: None,
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
async fn other_bounds_hold_from_now_on_and_nobody_is_woken_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "parked", "t").await;
    subscribe(&broker, "silent", "t").await;
    let waits = order("parked", Duration::from_secs(60));
    let mut parked = std::pin::pin!(broker.pickup(waits));
    let options = Options {
        limits: Limits {
            client_silence: Duration::from_millis(50),
            topics: 1,
            ..Limits::default()
        },
        maintenance_interval: Duration::from_millis(10),
    };
    tokio::select! {
        biased;
        _ = parked.as_mut() => panic!("it was woken"),
        changed = broker.change(options, Retention::default()) => changed.unwrap(),
    }
    while broker.knows_client("silent") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    publish(&broker, "t", "1").await;
    let refused = broker.publish(draft("u", "1")).await;
    assert!(matches!(refused, Err(Refused::Rejected(_))), "{refused:?}");
    assert_eq!(payloads(&parked.await.unwrap().unwrap()), ["1"]);
}

#[tokio::test]
async fn the_feed_tells_of_every_message() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let mut feed = broker.feed();
    publish(&broker, "t", "1").await;
    assert_eq!(feed.recv().await.unwrap()[0].payload.as_ref(), "1");
    let statistics = broker.statistics();
    assert_eq!((statistics.messages, statistics.contents.topics), (1, 1));
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
async fn an_ended_subscription_stays_ended_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    subscribe(&broker, "panel", "a").await;
    subscribe(&broker, "panel", "b").await;
    publish(&broker, "a", "1").await;
    let client = ClientName::parse("panel", &Limits::default()).unwrap();
    let filter = Filter::parse("a", &Limits::default()).unwrap();
    broker.unsubscribe(client, filter, LOCAL).await.unwrap();
    publish(&broker, "b", "2").await;
    broker.stop().await;
    let broker = start(folder.path());
    publish(&broker, "a", "3").await;
    assert_eq!(take(&broker, "panel").await, ["2"]);
}

#[tokio::test]
async fn a_repeat_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let repeatable = || Draft {
        repeat_id: PublisherMessageId::parse("7", &Limits::default()).ok(),
        ..draft("t", "once")
    };
    let broker = start(folder.path());
    subscribe(&broker, "panel", "t").await;
    let outcome = broker.publish(repeatable()).await.unwrap();
    assert!(matches!(outcome, Outcome::Logged(_)));
    assert_eq!(broker.publish(repeatable()).await, Ok(Outcome::Repeated));
    broker.stop().await;
    let broker = start(folder.path());
    assert_eq!(broker.publish(repeatable()).await, Ok(Outcome::Repeated));
    assert_eq!(take(&broker, "panel").await, ["once"]);
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
async fn the_history_of_a_topic_outlives_its_values() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    for payload in ["1", "2", "3"] {
        publish(&broker, "t", payload).await;
        publish(&broker, "other", payload).await;
    }
    let tombstone = Draft {
        kind: MessageKind::Deleted,
        ..draft("t", "")
    };
    broker.publish(tombstone.clone()).await.unwrap();
    assert_eq!(broker.publish(tombstone).await, Ok(Outcome::Unchanged));
    assert!(broker.value("t").is_none());
    let topic = Topic::parse("t", &Limits::default()).unwrap();
    let span = Span::Before(moustique_core::MessageId(u64::MAX));
    let history = broker.history(topic, span, 3).await.unwrap();
    let payloads: Vec<_> = history.iter().map(|m| m.payload.as_ref()).collect();
    assert_eq!(payloads, ["", "3", "2"]);
    assert_eq!(history[0].kind, MessageKind::Deleted);
}

#[tokio::test]
async fn values_age_where_a_policy_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let fleeting = Filter::parse("fleeting/#", &Limits::default()).unwrap();
    let keep = Keep {
        values: Some(Duration::from_millis(20)),
        ..Keep::default()
    };
    let retention = Retention {
        policies: vec![(fleeting, keep)],
        ..Retention::default()
    };
    let options = Options {
        maintenance_interval: Duration::from_millis(10),
        ..Options::default()
    };
    let broker = start_keeping(folder.path(), options, retention);
    let mut feed = broker.feed();
    publish(&broker, "lasting", "1").await;
    publish(&broker, "fleeting/a", "2").await;
    loop {
        let messages = feed.recv().await.unwrap();
        if messages[0].kind == MessageKind::Deleted {
            assert_eq!(messages[0].topic.as_str(), "fleeting/a");
            break;
        }
    }
    assert!(broker.value("lasting").is_some());
}

#[tokio::test]
async fn the_log_is_pruned_under_load_and_what_waits_stays() {
    let folder = tempfile::tempdir().unwrap();
    let keep = Keep {
        messages: 100,
        ..Keep::default()
    };
    let retention = Retention {
        default: keep,
        ..Retention::default()
    };
    let start = || start_keeping(folder.path(), Options::default(), retention.clone());
    let broker = start();
    for _ in 0..300 {
        publish(&broker, "t", "m").await;
    }
    broker.stop().await;
    let broker = start();
    assert!(broker.statistics().space.log.messages <= 125);
    subscribe(&broker, "slow", "t").await;
    for number in 0..300 {
        publish(&broker, "t", &number.to_string()).await;
    }
    broker.stop().await;
    let broker = start();
    let expected: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    assert_eq!(take(&broker, "slow").await, expected);
}

#[tokio::test]
async fn a_damaged_database_is_set_aside_and_what_is_sound_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moustique.db");
    let broker = start(folder.path());
    publish(&broker, "sound", "value").await;
    publish(&broker, "turned", "bits of it").await;
    broker.stop().await;
    drop(broker);
    let bytes = std::fs::read(&path).unwrap();
    let text = bytes.iter().map(|byte| *byte as char).collect::<String>();
    let damaged: Vec<u8> = text
        .replace("bits of it", "bits of iT")
        .chars()
        .map(|letter| letter as u8)
        .collect();
    std::fs::write(&path, &damaged).unwrap();
    let open = || Broker::open(&path, Default::default(), Options::default()).unwrap();
    let (broker, repair) = open();
    let repair = repair.unwrap();
    let Repair::Begun {
        damage,
        aside,
        rescued,
    } = &repair
    else {
        panic!("{repair}");
    };
    assert!(damage.contains("checksum"), "{repair}");
    assert_eq!(rescued.values, 1, "{repair}");
    let kept = std::fs::read(aside).unwrap();
    let changed: Vec<usize> = (0..damaged.len())
        .filter(|at| kept.get(*at) != damaged.get(*at))
        .collect();
    assert_eq!((kept.len(), &changed[..]), (damaged.len(), &[][..]));
    assert_eq!(broker.value("sound").unwrap().payload.as_ref(), "value");
    assert!(broker.value("turned").is_none());
    publish(&broker, "turned", "anew").await;
    broker.stop().await;
    drop(broker);
    assert!(open().1.is_none());
}

#[tokio::test]
async fn values_are_found_by_a_regular_expression_in_the_order_of_their_topics() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    // More than the broker looks at under one lock.
    for number in (0..600).rev() {
        publish(&broker, &format!("/v/{number:03}"), "x").await;
    }
    let limits = Limits::default();
    let topics = async |pattern: &str, limits: &Limits| {
        let found = broker.search(pattern, limits).await.unwrap();
        let topics = found.messages.iter().map(|m| m.topic.to_string());
        (topics.collect::<Vec<_>>(), found.is_cut)
    };
    let three = ["/v/255", "/v/256", "/v/599"].map(String::from).to_vec();
    assert_eq!(
        topics("^/v/(25[56]|599)$", &limits).await,
        (three.clone(), false)
    );
    assert_eq!(
        topics("25[56]|599", &limits).await,
        (three, false),
        "anywhere"
    );
    assert_eq!(topics("", &limits).await.0.len(), 600);
    assert_eq!(topics("nothing", &limits).await, (vec![], false));
    for limits in [
        Limits {
            regex_results: 2,
            ..limits.clone()
        },
        Limits {
            regex_result_bytes: 14,
            ..limits.clone()
        },
    ] {
        let first = ["/v/000", "/v/001"].map(String::from).to_vec();
        assert_eq!(topics("^/v/", &limits).await, (first.clone(), true));
        assert_eq!(topics("00[01]$", &limits).await, (first, false));
    }
    let one = Limits {
        regex_result_bytes: 1,
        ..limits.clone()
    };
    assert_eq!(topics("1$", &one).await, (vec!["/v/001".into()], true));
    let refused = broker.search(&"a".repeat(257), &limits).await.unwrap_err();
    let (bytes, limit) = (257, 256);
    assert_eq!(refused, SearchError::TooLong { bytes, limit });
    let hurried = Limits {
        regex_time: Duration::ZERO,
        ..limits
    };
    let refused = broker.search("^/v/", &hurried).await.unwrap_err();
    assert!(matches!(refused, SearchError::TooSlow { .. }), "{refused}");
}

/// It may find nothing in the time, but it may not take more.
#[tokio::test]
async fn a_search_through_100_000_topics_ends_in_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let mut published = tokio::task::JoinSet::new();
    for number in 0..100_000 {
        let (broker, topic) = (broker.clone(), format!("/plant/{number}/temperature"));
        published.spawn(async move { publish(&broker, &topic, "21.5").await });
        if number % 4_000 == 3_999 {
            while published.join_next().await.is_some() {}
        }
    }
    assert_eq!(broker.topic_count(), 100_000);
    let limits = Limits::default();
    for pattern in [
        "^/plant/99999/",
        "/999.*pressure$",
        r"(\w+/){9}",
        "9{1,9}[aeiou]{1,99}x",
    ] {
        let begun = Instant::now();
        let found = broker.search(pattern, &limits).await;
        let took = begun.elapsed();
        println!(
            "{pattern}: {took:?} {:?}",
            found.map(|found| found.messages.len())
        );
        // Twice the time, for a machine that has other things to do.
        assert!(took < limits.regex_time * 2, "{took:?} for {pattern}");
    }
    let patient = Limits {
        regex_time: Duration::from_secs(60),
        ..limits
    };
    let found = broker.search("^/plant/99999/", &patient).await.unwrap();
    assert_eq!(found.messages.len(), 1);
}
