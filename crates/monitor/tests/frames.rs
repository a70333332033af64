//! What a user interface is told while a broker starts, works and stops.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use moustique_broker::{Broker, Options};
use moustique_core::{ClientName, Filter, Limits};
use moustique_monitor::{
    BrokerState, BrokerStatus, Frame, Frames, MAX_PREVIEW_CHARACTERS, MAX_TOPIC_ROWS, Publish,
    Source, TopicRows, publish,
};
use moustique_store::Store;
use tokio::sync::watch;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn start(folder: &Path) -> Broker {
    let store = Store::open(&folder.join("m.db"), Default::default()).unwrap();
    Broker::start(store, Options::default()).unwrap()
}

fn source(state: BrokerState, broker: Option<&Broker>) -> Source {
    Source {
        status: BrokerStatus {
            state,
            addresses: Vec::new(),
            tls: None,
            problem: None,
            retries_at: None,
            configuration: None,
            version: "1".into(),
        },
        broker: broker.cloned(),
    }
}

async fn say(broker: &Broker, topic: &str, message: &str) {
    let order = Publish {
        topic: topic.into(),
        message: message.into(),
        from: "test".into(),
    };
    publish(broker, &Limits::default(), order, LOCAL)
        .await
        .unwrap();
}

/// The next frame that `wanted` takes something out of.
async fn next<T>(frames: &mut Frames, wanted: impl Fn(&Frame) -> Option<T>) -> T {
    loop {
        let batch = frames.next().await.unwrap();
        if let Some(found) = batch.iter().find_map(&wanted) {
            return found;
        }
    }
}

fn changes(frame: &Frame) -> Option<TopicRows> {
    match frame {
        Frame::Changes(rows) => Some(rows.clone()),
        _ => None,
    }
}

fn topics(frame: &Frame) -> Option<TopicRows> {
    match frame {
        Frame::Topics(rows) => Some(rows.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn a_stream_begins_with_everything_and_goes_on_with_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    say(&broker, "/b", "1").await;
    let (_sender, receiver) = watch::channel(source(BrokerState::Running, Some(&broker)));
    let mut frames = Frames::new(receiver);
    let first = frames.next().await.unwrap();
    let kinds: Vec<_> = first
        .iter()
        .map(|frame| serde_json::to_value(frame).unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds, ["status", "topics", "clients", "traffic"]);

    say(&broker, "/b", "2").await;
    say(&broker, "/b", "3").await;
    say(&broker, "/a", &"å".repeat(300)).await;
    let changed = next(&mut frames, changes).await;
    assert_eq!(changed.total, 2);
    let rows: Vec<_> = changed
        .rows
        .iter()
        .map(|row| (&*row.topic, row.bytes))
        .collect();
    assert_eq!(rows, [("/a", 600), ("/b", 1)], "each topic once, sorted");
    assert_eq!(changed.rows[0].value, "å".repeat(MAX_PREVIEW_CHARACTERS));
    assert!(changed.rows[0].truncated && !changed.rows[1].truncated);
    assert_eq!(
        (&*changed.rows[1].value, &*changed.rows[1].from),
        ("3", "test")
    );
}

#[tokio::test]
async fn it_follows_the_broker_through_a_stop_and_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let (sender, receiver) = watch::channel(source(BrokerState::Running, Some(&broker)));
    let mut frames = Frames::new(receiver);
    frames.next().await.unwrap();
    sender.send_replace(source(BrokerState::Stopped, None));
    let stopped = frames.next().await.unwrap();
    assert!(
        matches!(&stopped[..], [Frame::Status(status)] if status.state == BrokerState::Stopped)
    );
    broker.stop().await;
    let broker = start(folder.path());
    say(&broker, "/again", "1").await;
    sender.send_replace(source(BrokerState::Running, Some(&broker)));
    assert_eq!(next(&mut frames, topics).await.total, 1);
    drop(sender);
    assert_eq!(frames.next().await, None);
}

#[tokio::test]
async fn clients_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let client = ClientName::parse("panel", &Limits::default()).unwrap();
    let filter = Filter::parse("/home/#", &Limits::default()).unwrap();
    let (_sender, receiver) = watch::channel(source(BrokerState::Running, Some(&broker)));
    let mut frames = Frames::new(receiver);
    frames.next().await.unwrap();
    broker.subscribe(client, filter, LOCAL).await.unwrap();
    say(&broker, "/home/a", "1").await;
    let rows = next(&mut frames, |frame| match frame {
        Frame::Clients(clients) if clients.total == 1 => Some(clients.rows.clone()),
        _ => None,
    })
    .await;
    assert_eq!(
        (&*rows[0].name, rows[0].waiting, &rows[0].filters[..]),
        ("panel", 1, &["/home/#".to_owned()][..])
    );
}

#[tokio::test]
async fn a_list_that_is_cut_off_stays_true() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let publish = |n: usize| {
        let broker = broker.clone();
        async move { say(&broker, &format!("/t/{n:05}"), "1").await }
    };
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..MAX_TOPIC_ROWS {
        tasks.spawn(publish(n));
    }
    tasks.join_all().await;
    let (_sender, receiver) = watch::channel(source(BrokerState::Running, Some(&broker)));
    let mut frames = Frames::new(receiver);
    let all = frames
        .next()
        .await
        .unwrap()
        .iter()
        .find_map(topics)
        .unwrap();
    assert_eq!(
        (all.rows.len(), all.total),
        (MAX_TOPIC_ROWS, MAX_TOPIC_ROWS)
    );
    say(&broker, "/t/99999", "beyond the end").await;
    let cut = next(&mut frames, topics).await;
    assert_eq!(
        (cut.rows.len(), cut.total),
        (MAX_TOPIC_ROWS, MAX_TOPIC_ROWS + 1)
    );
    say(&broker, "/a", "before all others").await;
    let again = next(&mut frames, topics).await;
    assert_eq!(again.rows[0].topic, "/a");
    assert_eq!(
        (again.rows.len(), again.total),
        (MAX_TOPIC_ROWS, MAX_TOPIC_ROWS + 2)
    );
}

#[tokio::test]
async fn a_publish_that_breaks_a_rule_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(folder.path());
    let cases = [
        ("", "m", "invalid", "The topic is not valid: it is empty"),
        ("/a/+", "m", "invalid", "the wildcard '+'"),
        (
            "/a",
            &"x".repeat(256 * 1024 + 1),
            "invalid",
            "262145 bytes; at most 262144",
        ),
    ];
    for (topic, message, code, detail) in cases {
        let order = Publish {
            topic: topic.into(),
            message: message.into(),
            from: String::new(),
        };
        let refusal = publish(&broker, &Limits::default(), order, LOCAL)
            .await
            .unwrap_err();
        assert_eq!(refusal.code, code);
        assert!(refusal.detail.contains(detail), "{refusal:?}");
    }
    assert_eq!(broker.statistics().messages, 0);
    broker.stop().await;
    let order = Publish {
        topic: "/a".into(),
        message: String::new(),
        from: String::new(),
    };
    let refusal = publish(&broker, &Limits::default(), order, LOCAL)
        .await
        .unwrap_err();
    assert_eq!(refusal.code, "not_running");
    assert_eq!(
        refusal.detail,
        "The broker is stopping; try again when it runs."
    );
}
