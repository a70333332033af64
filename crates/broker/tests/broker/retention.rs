//! What is kept, and for how long.

use std::time::Duration;

use moustique_broker::Options;
use moustique_core::{Draft, Filter, Keep, Limits, MessageKind, Outcome, Retention, Topic};
use moustique_store::Span;

use crate::fixture::{draft, publish, start, start_keeping, subscribe, take};

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
