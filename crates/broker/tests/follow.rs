//! Following, publishing several messages at once and reading values page by
//! page, over a real store.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use moustique_broker::{Broker, Follow, Followed, Gap, Options, Refused};
use moustique_core::{
    Draft, Filter, Keep, Limits, MessageId, MessageKind, Outcome, PublisherMessageId, Rejection,
    Retention, Topic,
};
use moustique_store::Store;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn start_with(folder: &Path, options: Options, retention: Retention) -> Broker {
    let store = moustique_store::Options {
        retention,
        ..Default::default()
    };
    let store = Store::open(&folder.join("moustique.db"), store).unwrap();
    Broker::start(store, options).unwrap()
}

fn start(folder: &Path) -> Broker {
    start_with(folder, Options::default(), Retention::default())
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

fn filter(text: &str) -> Filter {
    Filter::parse(text, &Limits::default()).unwrap()
}

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
    let broker = start_with(folder.path(), options, retention);
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
    let broker = start_with(folder.path(), options, Retention::default());
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

#[tokio::test]
async fn values_come_page_by_page_and_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let topics = ["/a", "/ab", "/a/1", "/a/2", "/a/2/x", "/b/1", "$sys", "c"];
    for topic in topics {
        broker.publish(draft(topic, "")).await.unwrap();
    }
    // More than is looked at under one lock.
    for page in 0..3 {
        let drafts = (0..1_000).map(|n| draft(&format!("/many/{page}/{n}"), ""));
        broker.publish_all(drafts.collect()).await.unwrap();
    }
    let cases: [(&str, &[&str]); 6] = [
        ("/a/#", &["/a", "/a/1", "/a/2", "/a/2/x"]),
        ("/a/+", &["/a/1", "/a/2"]),
        ("/+/1", &["/a/1", "/b/1"]),
        ("+", &["c"]),
        ("/a", &["/a"]),
        ("/none/#", &[]),
    ];
    for (text, expected) in cases {
        for limit in [1, 2, 1_000] {
            let (mut found, mut after) = (Vec::<String>::new(), None::<String>);
            loop {
                let page = broker.values(&filter(text), after.as_deref(), limit).await;
                found.extend(page.messages.iter().map(|m| m.topic.to_string()));
                after = found.last().cloned();
                assert!(page.messages.len() <= limit);
                if !page.more {
                    break;
                }
            }
            assert_eq!(found, expected, "{text} by {limit}");
        }
    }
    let all = broker.values(&filter("/many/#"), None, usize::MAX).await;
    assert_eq!((all.messages.len(), all.more), (1_000, true));
}
