//! Two brokers and one data folder.

use std::fs;
use std::path::Path;

use moustique_tests::{Broker, Ended, Setup};

/// One sentence that names the file, and nothing else.
fn assert_refused(ended: &Ended, database: &Path) {
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert_eq!(ended.log.len(), 1, "{ended:#?}");
    let name = database.to_str().unwrap();
    assert!(ended.log[0].contains(name), "{ended:#?}");
    assert!(ended.log[0].contains("is in use"), "{ended:#?}");
}

#[test]
fn the_second_is_refused_and_the_first_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("moustique.db");
    let first = Broker::start(folder.path());
    let caller = first.caller();
    caller.subscribe("reader", "/a");
    caller.publish("/a", "before");
    for _ in 0..3 {
        let second = Broker::try_start(folder.path(), &Setup::default());
        assert_refused(&second.unwrap_err(), &database);
    }
    caller.publish("/a", "after");
    assert_eq!(caller.value("/a").as_deref(), Some("after"));
    let picked = caller.pickup("reader", "0");
    assert_eq!(picked["/a"].as_array().unwrap().len(), 2);

    // A process that is killed leaves nothing that keeps the next one out.
    first.kill();
    let next = Broker::start(folder.path());
    assert_eq!(next.caller().value("/a").as_deref(), Some("after"));
}

#[test]
fn another_way_to_the_same_file_leads_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("moustique.db");
    let first = Broker::start(folder.path());
    first.caller().publish("/a", "1");
    let other = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: format!("database:\n  path: {}\n", database.display()),
        ..Setup::default()
    };
    let second = Broker::try_start(other.path(), &setup).unwrap_err();
    assert_refused(&second, &database);
    let left: Vec<_> = fs::read_dir(other.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "only the configuration: {left:?}");
    first.stop();
    let next = Broker::start_with(other.path(), &setup);
    assert_eq!(next.caller().value("/a").as_deref(), Some("1"));
}
