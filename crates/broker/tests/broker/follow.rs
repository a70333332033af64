//! Following what is delivered, over a real store.

use std::time::Duration;

use moustique_broker::{Follow, Followed, Gap, Options};
use moustique_core::{Draft, Keep, MessageId, MessageKind, Outcome, Retention};

use crate::fixture::{draft, filter, publish, start, start_keeping};

/// The ids of the next `count` messages, and the gaps before them.
async fn ids(follow: &mut Follow, count: usize) -> (Vec<u64>, Vec<Gap>) {
    let (mut ids, mut gaps) = (Vec::new(), Vec::new());
    while ids.len() < count {
        match follow.next().await.unwrap().unwrap() {
            Followed::Messages(messages) => ids.extend(messages.iter().map(|m| m.id.0)),
            Followed::Gap(gap) => gaps.push(gap),
        }
    }
    (ids, gaps)
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
async fn one_that_catches_up_while_others_publish_gets_each_message_once() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let publish = |count: usize| {
        let broker = broker.clone();
        async move {
            for _ in 0..count {
                broker.publish(draft("/a", "")).await.unwrap();
                broker.publish(draft("/b", "")).await.unwrap();
            }
        }
    };
    publish(1_500).await;
    let publishing = tokio::spawn(publish(1_500));
    let mut follow = broker.follow(vec![filter("/a")], Some(MessageId(0)));
    let (found, gaps) = ids(&mut follow, 3_000).await;
    publishing.await.unwrap();
    let expected: Vec<u64> = (0..3_000).map(|n| 2 * n + 1).collect();
    assert_eq!(found, expected);
    assert_eq!(gaps, []);
}

#[tokio::test]
async fn one_that_does_not_look_for_long_reads_the_log_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    broker.publish(draft("/before", "")).await.unwrap();
    let mut follow = broker.follow(vec![filter("#")], None);
    for batch in 0..10 {
        let drafts = (0..1_000).map(|n| draft("/a", &format!("{batch} {n}")));
        broker.publish_all(drafts.collect()).await.unwrap();
    }
    let (found, gaps) = ids(&mut follow, 10_000).await;
    assert_eq!(found, (2..=10_001).collect::<Vec<_>>());
    assert_eq!(gaps, []);
    assert_eq!(follow.told(), MessageId(10_001));
}

#[tokio::test]
async fn what_is_not_delivered_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let kinds = [
        MessageKind::Put,
        MessageKind::Notified,
        MessageKind::Deleted,
        MessageKind::Published,
    ];
    let mut live = broker.follow(vec![filter("/t")], None);
    for kind in kinds {
        let outcome = broker.publish(Draft {
            kind,
            ..draft("/t", "")
        });
        assert!(matches!(outcome.await, Ok(Outcome::Logged(_))));
    }
    assert_eq!(ids(&mut live, 2).await.0, [2, 4]);
    let mut past = broker.follow(vec![filter("/t")], Some(MessageId(0)));
    assert_eq!(ids(&mut past, 2).await.0, [2, 4]);
}

#[tokio::test]
async fn what_the_log_has_no_longer_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let retention = Retention {
        default: Keep {
            messages: 2,
            ..Keep::default()
        },
        ..Retention::default()
    };
    let options = Options {
        maintenance_interval: Duration::from_millis(20),
        ..Options::default()
    };
    let broker = start_keeping(folder.path(), options, retention);
    for _ in 0..10 {
        broker.publish(draft("/t", "")).await.unwrap();
    }
    let gap = loop {
        let mut follow = broker.follow(vec![filter("#")], Some(MessageId(3)));
        let (found, gaps) = ids(&mut follow, 1).await;
        // Pruned to the last two by now, or on the way there.
        if found[0] == 9 {
            break gaps;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        gap,
        [Gap {
            after: MessageId(3),
            first: MessageId(9)
        }]
    );
    // An id that this broker never gave.
    let mut follow = broker.follow(vec![filter("#")], Some(MessageId(99)));
    broker.publish(draft("/t", "")).await.unwrap();
    let (found, gaps) = ids(&mut follow, 1).await;
    assert_eq!(found, [11]);
    let (after, first) = (MessageId(99), MessageId(11));
    assert_eq!(gaps, [Gap { after, first }]);
}

#[tokio::test]
async fn it_ends_when_the_broker_begins_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let mut follow = broker.follow(vec![filter("#")], None);
    let following = tokio::spawn(async move { follow.next().await.is_none() });
    tokio::task::yield_now().await;
    broker.drain();
    assert!(following.await.unwrap());
}
