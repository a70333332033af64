//! The store alone: what is committed is there again after opening it anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use moustique_core::{
    Change, ClientName, Filter, Keep, Limits, Logged, Message, MessageId, MessageKind, PolicyId,
    PublisherMessageId, PublisherName, Retention, RunTime, Timestamp, Topic,
};
use moustique_store::{
    CommitError, Durability, OpenError, Options, Protected, Span, Store, rescue, set_aside,
};

fn open(folder: &Path) -> Store {
    open_with(folder, Retention::default())
}

fn open_with(folder: &Path, retention: Retention) -> Store {
    let options = Options {
        retention,
        ..Options::default()
    };
    Store::open(&database(folder), options).unwrap()
}

fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("data/moustique.db")
}

fn topic(text: &str) -> Topic {
    Topic::parse(text, &Limits::default()).unwrap()
}

fn message(id: u64, topic: &str, payload: &str) -> Arc<Message> {
    Arc::new(Message {
        id: MessageId(id),
        time: Timestamp(id.cast_signed() * 1000),
        taken: RunTime(id * 1000),
        topic: self::topic(topic),
        payload: payload.into(),
        from: Some(PublisherName::parse("sensor å", &Limits::default()).unwrap()),
        address: "fe80::1".parse().unwrap(),
        updated_time: -5,
        kind: MessageKind::Put,
    })
}

fn logged(message: &Arc<Message>) -> Change {
    Change::Logged(Logged {
        message: Arc::clone(message),
        repeat_id: None,
        policy: PolicyId::default(),
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
            logged(&first),
            logged(&second),
            subscribed("#", 2),
            Change::Settled {
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
        (known.name.as_str(), known.settled),
        ("panel", MessageId(1))
    );
    assert_eq!(known.subscriptions.len(), 2);

    store
        .commit(&[Change::Forgotten { client: client() }])
        .unwrap();
    store.close(RunTime(5_000)).unwrap();
    assert!(open(folder.path()).load().unwrap().clients.is_empty());
}

/// Prunes until nothing is left to do. Returns the number of messages pruned.
fn prune(store: &mut Store, now: RunTime, protected: Protected) -> u64 {
    store.begin_pruning(now).unwrap();
    let mut all = 0;
    loop {
        let pruned = store.prune(now, protected).unwrap();
        assert!(pruned.messages <= 500, "a step is small");
        all += pruned.messages;
        if !pruned.more {
            return all;
        }
    }
}

fn unprotected(last: u64) -> Protected {
    Protected {
        last: MessageId(last),
        first_unsettled: None,
    }
}

fn keep(messages: u64, bytes: u64, age: u64) -> Keep {
    Keep {
        messages,
        bytes,
        age: Duration::from_secs(age),
        values: None,
    }
}

fn ids(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.id.0).collect()
}

#[test]
fn each_bound_of_a_policy_takes_the_oldest_and_leaves_values_and_numbering() {
    // 1,200 messages of 11 bytes, one a second.
    let cases = [
        (keep(700, u64::MAX, 9_999), 501),
        (keep(u64::MAX, 11 * 300, 9_999), 901),
        (keep(u64::MAX, u64::MAX, 100), 1_100),
        (keep(1, 1, 1), 1_200),
    ];
    for (default, first) in cases {
        let folder = tempfile::tempdir().unwrap();
        let retention = Retention {
            default,
            ..Retention::default()
        };
        let mut store = open_with(folder.path(), retention);
        let log: Vec<_> = (1..=1_200)
            .map(|id| logged(&message(id, "/a", "")))
            .collect();
        store.commit(&log).unwrap();
        let pruned = prune(&mut store, RunTime(1_200_000), unprotected(1_200));
        assert_eq!(pruned, first - 1);
        assert_eq!(replayed(&mut store, 0)[0].id, MessageId(first));
        assert_eq!(store.space().unwrap().log.messages, 1_200 - pruned);
        let loaded = store.load().unwrap();
        assert_eq!((loaded.last_id, loaded.values.len()), (MessageId(1_200), 1));
        assert_eq!(loaded.run, RunTime(1_200_000));
    }
}

#[test]
fn what_a_client_has_still_to_get_is_not_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let retention = Retention {
        default: keep(1, 1, 1),
        ..Retention::default()
    };
    let mut store = open_with(folder.path(), retention);
    let log: Vec<_> = (1..=10).map(|id| logged(&message(id, "/a", "m"))).collect();
    store.commit(&log).unwrap();
    let protected = Protected {
        first_unsettled: Some(MessageId(4)),
        ..unprotected(10)
    };
    assert_eq!(prune(&mut store, RunTime(99_000_000), protected), 3);
    assert_eq!(ids(&replayed(&mut store, 0)), [4, 5, 6, 7, 8, 9, 10]);
}

#[test]
fn policies_count_for_themselves_and_may_change() {
    let folder = tempfile::tempdir().unwrap();
    let filter = |text| Filter::parse(text, &Limits::default()).unwrap();
    let few = Retention {
        policies: vec![(filter("/camera/#"), keep(2, u64::MAX, 9_999))],
        ..Retention::default()
    };
    let mut store = open_with(folder.path(), few.clone());
    let log: Vec<_> = (1..=12)
        .map(|id| {
            let topic = if id % 2 == 0 { "/camera/1" } else { "/door" };
            let message = message(id, topic, "m");
            Change::Logged(Logged {
                policy: few.policy(&message.topic),
                message,
                repeat_id: None,
            })
        })
        .collect();
    store.commit(&log).unwrap();
    assert_eq!(prune(&mut store, RunTime(0), unprotected(12)), 4);
    assert_eq!(ids(&replayed(&mut store, 0)), [1, 3, 5, 7, 9, 10, 11, 12]);
    drop(store);

    let other = Retention {
        policies: vec![(filter("/door"), keep(1, u64::MAX, 9_999))],
        ..Retention::default()
    };
    let mut store = open_with(folder.path(), other);
    assert_eq!(prune(&mut store, RunTime(0), unprotected(12)), 5);
    assert_eq!(ids(&replayed(&mut store, 0)), [10, 11, 12]);
}

#[test]
fn a_database_that_is_too_large_loses_its_oldest_messages_and_shrinks() {
    let folder = tempfile::tempdir().unwrap();
    let retention = Retention {
        total_bytes: 4 * 1024 * 1024,
        ..Retention::default()
    };
    let mut store = open_with(folder.path(), retention);
    let payload = "x".repeat(16 * 1024);
    for batch in 0..32 {
        let log: Vec<_> = (1..=64)
            .map(|id| logged(&message(batch * 64 + id, "/a", &payload)))
            .collect();
        store.commit(&log).unwrap();
    }
    let before = store.space().unwrap();
    assert!(before.file_bytes > 32 * 1024 * 1024, "{before:?}");
    let protected = Protected {
        first_unsettled: Some(MessageId(1)),
        ..unprotected(2_048)
    };
    store.begin_pruning(RunTime(0)).unwrap();
    assert_eq!(store.prune(RunTime(0), protected).unwrap().messages, 0);
    let pruned = store.prune(RunTime(0), protected).unwrap();
    assert!(pruned.unsettled, "above all other rules: {pruned:?}");
    while store.prune(RunTime(0), protected).unwrap().more {}
    let after = store.space().unwrap();
    assert!(after.used_bytes <= 4 * 1024 * 1024, "{after:?}");
    assert!(after.file_bytes <= 24 * 1024 * 1024, "{after:?}");
    assert_eq!(replayed(&mut store, 2_047).len(), 1);
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
    old.execute_batch(include_str!("schema-1.sql")).unwrap();
    drop(old);
    let mut store = Store::open(&path, Options::default()).unwrap();
    let loaded = store.load().unwrap();
    assert_eq!(loaded.last_id, MessageId(3));
    assert_eq!(loaded.values[0].payload.as_ref(), "two å");
    assert_eq!(loaded.clients[0].settled, MessageId(1));
    assert_eq!(loaded.clients[0].subscriptions.len(), 1);
    assert_eq!(replayed(&mut store, 0).len(), 3);
    assert_eq!(store.space().unwrap().log.bytes, 2 + 3 + 2 + 6 + 1 + 2 + 5);
}

#[test]
fn a_second_store_on_the_same_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let path = folder.path().join("data/moustique.db");
    let error = Store::open(&path, Options::default()).unwrap_err();
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
    let error = Store::open(&path, Options::default()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), rubbish);
    let aside = set_aside(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&aside).unwrap(), rubbish);
    let mut store = Store::open(&path, Options::default()).unwrap();
    let rescued = rescue(&aside, &mut store).unwrap();
    assert_eq!((rescued.values, rescued.messages), (0, 0));
}

/// Turns the first occurrence of some bytes in a file.
fn turn(path: &Path, find: &[u8], replace: &[u8]) {
    let mut bytes = std::fs::read(path).unwrap();
    let place = bytes.windows(find.len()).position(|window| window == find);
    let place = place.unwrap();
    bytes[place..place + replace.len()].copy_from_slice(replace);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_turned_bit_is_noticed_and_the_rest_is_rescued() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let mut store = open(folder.path());
    store
        .commit(&[
            subscribed("#", 0),
            logged(&message(1, "/a", "sound")),
            logged(&message(2, "/b", "to be turned")),
        ])
        .unwrap();
    store.close(RunTime(0)).unwrap();
    // In both tables, since it is not known which one comes first.
    turn(&path, b"to be turned", b"to be tuRned");
    turn(&path, b"to be turned", b"to be tuRned");
    let mut store = open(folder.path());
    let error = store.load().unwrap_err();
    assert!(error.to_string().contains("checksum"), "{error}");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    drop(store);

    let aside = set_aside(&path).unwrap();
    let mut store = open(folder.path());
    let rescued = rescue(&aside, &mut store).unwrap();
    assert_eq!(
        (rescued.values, rescued.messages, rescued.clients),
        (1, 1, 1)
    );
    let loaded = store.load().unwrap();
    assert_eq!(loaded.values[0].payload.as_ref(), "sound");
    assert_eq!(loaded.clients[0].subscriptions.len(), 1);
    assert_eq!(store.space().unwrap().log.messages, 1);
    assert!(aside.exists());
}

#[test]
fn a_client_whose_subscription_is_lost_has_to_subscribe_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let mut store = open(folder.path());
    store
        .commit(&[subscribed("to/be/turned", 0), subscribed("sound", 0)])
        .unwrap();
    store.close(RunTime(0)).unwrap();
    turn(&path, b"to/be/turned", b"to/be/tuRned");
    let aside = set_aside(&path).unwrap();
    let mut store = open(folder.path());
    assert_eq!(rescue(&aside, &mut store).unwrap().clients, 0);
    assert!(store.load().unwrap().clients.is_empty());
}

#[test]
fn a_torn_page_is_reported_by_the_commit_that_meets_it_and_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let mut store = open(folder.path());
    let log: Vec<_> = (1..=200)
        .map(|id| logged(&message(id, &format!("/topic/{id}"), &"x".repeat(200))))
        .collect();
    store.commit(&log).unwrap();
    store.close(RunTime(0)).unwrap();
    // The inner pages of the trees and all leaves but the schema.
    let mut bytes = std::fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(8 * 4096) {
        *byte = 0x5a;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = match Store::open(&path, Options::default()) {
        Err(error) => error.to_string(),
        Ok(mut store) => {
            let log: Vec<_> = (201..=400)
                .map(|id| logged(&message(id, &format!("/topic/{}", id - 200), "m")))
                .collect();
            let error = store.commit(&log).unwrap_err();
            assert!(matches!(error, CommitError::Damaged(_)), "{error}");
            drop(store);
            Store::open(&path, Options::default())
                .unwrap_err()
                .to_string()
        }
    };
    assert!(error.contains("damaged"), "{error}");
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
