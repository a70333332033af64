//! The store alone: what is committed is there again after opening it anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::sync::Arc;

use moustique_core::{
    Change, ClientName, Filter, Limits, Message, MessageId, MessageKind, PublisherName, Timestamp,
    Topic,
};
use moustique_store::{Keep, OpenError, Store};

fn open(folder: &Path) -> Store {
    Store::open(&folder.join("data/moustique.db"), &Limits::default()).unwrap()
}

fn message(id: u64, topic: &str, payload: &str) -> Arc<Message> {
    Arc::new(Message {
        id: MessageId(id),
        time: Timestamp(id.cast_signed() * 1000),
        topic: Topic::parse(topic, &Limits::default()).unwrap(),
        payload: payload.into(),
        from: Some(PublisherName::parse("sensor å", &Limits::default()).unwrap()),
        address: "fe80::1".parse().unwrap(),
        updated_time: -5,
        kind: MessageKind::Put,
    })
}

fn client() -> ClientName {
    ClientName::parse("panel", &Limits::default()).unwrap()
}

fn subscribed(filter: &str, since: u64) -> Change {
    Change::Subscribed {
        client: client(),
        filter: Filter::parse(filter, &Limits::default()).unwrap(),
        since: MessageId(since),
        address: [10, 0, 0, 1].into(),
        time: Timestamp(7),
    }
}

fn replayed(store: &mut Store, after: u64) -> Vec<Message> {
    let mut messages = Vec::new();
    store
        .replay(MessageId(after), |message| messages.push(message))
        .unwrap();
    messages
}

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
            Change::Logged(Arc::clone(&first)),
            Change::Logged(Arc::clone(&second)),
            subscribed("#", 2),
            Change::PickedUp {
                client: client(),
                up_to: MessageId(1),
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
        (known.name.as_str(), known.picked_up_to),
        ("panel", MessageId(1))
    );
    assert_eq!(known.subscriptions.len(), 2);

    store
        .commit(&[Change::Forgotten { client: client() }])
        .unwrap();
    store.close().unwrap();
    assert!(open(folder.path()).load().unwrap().clients.is_empty());
}

#[test]
fn pruning_takes_the_oldest_and_leaves_values_and_numbering() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let log: Vec<_> = (1..=1_200)
        .map(|id| Change::Logged(message(id, "/a", "m")))
        .collect();
    store.commit(&log).unwrap();
    let by_count = Keep {
        after: MessageId(700),
        since: Timestamp(0),
    };
    assert!(
        store.prune(by_count).unwrap(),
        "500 a step, so more is left"
    );
    assert!(!store.prune(by_count).unwrap());
    assert_eq!(replayed(&mut store, 0)[0].id, MessageId(701));
    let by_age = Keep {
        after: MessageId(0),
        since: Timestamp(1_201_000),
    };
    while store.prune(by_age).unwrap() {}
    assert_eq!(replayed(&mut store, 0), []);
    let loaded = store.load().unwrap();
    assert_eq!((loaded.last_id, loaded.values.len()), (MessageId(1_200), 1));
}

#[test]
fn a_second_store_on_the_same_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let path = folder.path().join("data/moustique.db");
    let error = Store::open(&path, &Limits::default()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    drop(store);
    open(folder.path());
}

#[test]
fn a_file_that_is_no_database_is_reported_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moustique.db");
    let rubbish = "not a database, but long enough to have a header ".repeat(20);
    std::fs::write(&path, &rubbish).unwrap();
    let error = Store::open(&path, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("not a database"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), rubbish);
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    store.commit(&[subscribed("#", 0)]).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("data")), 0o700);
    let files: Vec<_> = std::fs::read_dir(folder.path().join("data"))
        .unwrap()
        .collect();
    assert!(files.len() >= 3, "database, write-ahead log, lock");
    for file in files {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{path:?}");
    }
}
