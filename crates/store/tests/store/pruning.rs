//! What stays in the log, and what it takes on the disk.

use std::time::Duration;

use moustique_core::{Change, Filter, Keep, Limits, Logged, MessageId, Retention, RunTime};
use moustique_store::{Protected, Store};

use crate::common::{ids, logged, message, open_with, replayed};

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
