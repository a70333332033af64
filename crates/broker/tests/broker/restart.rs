//! What the next start finds.

use std::time::Duration;

use moustique_broker::{Broker, Options, Repair};
use moustique_core::{ClientName, Draft, Filter, Limits, Outcome, PublisherMessageId};

use crate::fixture::{LOCAL, draft, order, publish, start, subscribe, take};

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
async fn the_data_folder_is_free_when_the_last_handle_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let other = broker.clone();
    broker.stop().await;
    start(folder.path()).stop().await;
    drop(other);
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
