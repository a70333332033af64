//! A file that is damaged: noticed, reported, rescued.

use std::path::Path;

use moustique_core::RunTime;
use moustique_store::{CommitError, OpenError, Options, Store, rescue, set_aside};

use crate::common::{database, logged, message, open, subscribed};

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
