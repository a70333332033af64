//! What is committed, is there, in its order, and is read beside the writer.

use std::sync::Arc;

use moustique_core::{
    Change, Filter, Limits, Logged, Message, MessageId, MessageKind, PolicyId, PublisherMessageId,
    RunTime, Settled,
};
use moustique_store::{Durability, Options, Span, Store};

use crate::common::{client, database, ids, logged, message, open, replayed, subscribed, topic};

#[test]
fn what_is_committed_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let (first, second) = (
        message(1, "/a", "one"),
        message(2, "/a", "two\0\n\u{1f600}"),
    );
    store
        .commit(&[
            subscribed("/a", 0),
            logged(&first),
            logged(&second),
            subscribed("#", 2),
            Change::Settled {
                client: client(),
                settled: Settled::parse(MessageId(2), "1-1").unwrap(),
            },
        ])
        .unwrap();
    // Not closed: a process that dies closes nothing.
    drop(store);

    let mut store = open(folder.path());
    let loaded = store.load().unwrap();
    assert_eq!(loaded.last_id, MessageId(2));
    assert_eq!(loaded.values, [Message::clone(&second)]);
    assert_eq!(
        replayed(&mut store, 0),
        [Message::clone(&first), Message::clone(&second)]
    );
    assert_eq!(replayed(&mut store, 1), [Message::clone(&second)]);
    let known = &loaded.clients[0];
    assert_eq!(
        (known.name.as_str(), &known.settled),
        ("panel", &Settled::parse(MessageId(2), "1-1").unwrap())
    );
    assert_eq!(known.subscriptions.len(), 2);

    store
        .commit(&[Change::Forgotten { client: client() }])
        .unwrap();
    store.close(RunTime(5_000)).unwrap();
    assert!(open(folder.path()).load().unwrap().clients.is_empty());
}

#[test]
fn history_is_read_forwards_and_backwards_beside_the_writer() {
    for durability in [Durability::Memory, Durability::Process, Durability::Power] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            durability,
            ..Options::default()
        };
        let mut store = Store::open(&database(folder.path()), options).unwrap();
        let reader = store.reader();
        let log: Vec<_> = (1..=20)
            .map(|id| {
                logged(&message(
                    id,
                    if id % 2 == 0 { "/even" } else { "/odd" },
                    "m",
                ))
            })
            .collect();
        store.commit(&log).unwrap();
        let even = |span, limit| ids(&reader.history(&topic("/even"), span, limit).unwrap());
        assert_eq!(even(Span::After(MessageId(4)), 3), [6, 8, 10]);
        assert_eq!(even(Span::After(MessageId(0)), 1), [2]);
        assert_eq!(even(Span::Before(MessageId(u64::MAX)), 2), [20, 18]);
        assert_eq!(even(Span::Before(MessageId(5)), 100), [4, 2]);
        assert_eq!(even(Span::After(MessageId(20)), 100), [0; 0]);
        store.close(RunTime(0)).unwrap();
    }
}

#[test]
fn memory_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        durability: Durability::Memory,
        ..Options::default()
    };
    let mut store = Store::open(&database(folder.path()), options).unwrap();
    store.commit(&[logged(&message(1, "/a", "m"))]).unwrap();
    assert_eq!(store.load().unwrap().values.len(), 1);
    store.close(RunTime(0)).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn tombstones_notifications_and_repeats_are_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let of_kind = |id, topic, kind| {
        let message = Message {
            kind,
            ..Message::clone(&message(id, topic, "m"))
        };
        logged(&Arc::new(message))
    };
    let repeatable = Change::Logged(Logged {
        message: message(5, "/d", "m"),
        repeat_id: PublisherMessageId::parse("7", &Limits::default()).ok(),
        policy: PolicyId::default(),
    });
    store
        .commit(&[
            of_kind(1, "/a", MessageKind::Published),
            of_kind(2, "/b", MessageKind::Published),
        ])
        .unwrap();
    store
        .commit(&[
            of_kind(3, "/a", MessageKind::Deleted),
            of_kind(4, "/b", MessageKind::Notified),
            repeatable,
            Change::Unsubscribed {
                client: client(),
                filter: Filter::parse("#", &Limits::default()).unwrap(),
            },
        ])
        .unwrap();
    drop(store);
    let mut store = open(folder.path());
    let loaded = store.load().unwrap();
    let mut values: Vec<_> = loaded
        .values
        .iter()
        .map(|m| (m.topic.as_str(), m.id.0))
        .collect();
    values.sort_unstable();
    assert_eq!(values, [("/b", 2), ("/d", 5)]);
    let (taken, repeat) = &loaded.repeats[0];
    assert_eq!((taken.0, repeat.topic.as_str()), (5_000, "/d"));
    assert_eq!(repeat.id.as_str(), "7");
    let kinds: Vec<_> = replayed(&mut store, 2).iter().map(|m| m.kind).collect();
    let expected = [
        MessageKind::Deleted,
        MessageKind::Notified,
        MessageKind::Put,
    ];
    assert_eq!(kinds, expected);
}

/// A file of the first schema, as an earlier version wrote it.
#[test]
fn an_older_file_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moustique.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../schema-1.sql")).unwrap();
    drop(old);
    let mut store = Store::open(&path, Options::default()).unwrap();
    let loaded = store.load().unwrap();
    assert_eq!(loaded.last_id, MessageId(3));
    assert_eq!(loaded.values[0].payload.as_ref(), "two å");
    assert_eq!(loaded.clients[0].settled, Settled::up_to(MessageId(1)));
    assert_eq!(loaded.clients[0].subscriptions.len(), 1);
    assert_eq!(replayed(&mut store, 0).len(), 3);
    assert_eq!(store.space().unwrap().log.bytes, 2 + 3 + 2 + 6 + 1 + 2 + 5);
}
