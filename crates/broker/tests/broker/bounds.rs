//! Bounds that change while the broker runs, and publishing within them.

use std::time::Duration;

use moustique_broker::{Options, Refused};
use moustique_core::{Draft, Limits, MessageId, Outcome, PublisherMessageId, Rejection, Retention};

use crate::fixture::{draft, order, payloads, publish, start, start_with, subscribe};

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
async fn several_messages_are_published_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        limits: Limits {
            topics: 2,
            ..Limits::default()
        },
        ..Options::default()
    };
    let broker = start_with(folder.path(), options);
    let drafts = ["/a", "/b", "/c", "/a"].map(|topic| draft(topic, "1"));
    let refused = broker.publish_all(drafts.into()).await.unwrap_err();
    assert_eq!(refused.index, Some(2));
    assert!(matches!(
        refused.refused,
        Refused::Rejected(Rejection::TooManyTopics { .. })
    ));
    assert!(broker.value("/a").is_none());
    let repeat_id = PublisherMessageId::parse("1", &Limits::default()).ok();
    let repeatable = || Draft {
        repeat_id: repeat_id.clone(),
        ..draft("/b", "2")
    };
    let drafts = vec![draft("/a", "1"), repeatable(), repeatable()];
    let outcomes = broker.publish_all(drafts).await.unwrap();
    let logged = |id| Outcome::Logged(MessageId(id));
    assert_eq!(outcomes, [logged(1), logged(2), Outcome::Repeated]);
    assert_eq!(broker.publish_all(Vec::new()).await, Ok(Vec::new()));
    assert_eq!(broker.statistics().publish_latency.count(), 3);
}
