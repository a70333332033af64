//! The files: whose they are, and of whom.

use moustique_store::{OpenError, Options, Store, rescue, set_aside};

use crate::common::open;

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

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use crate::common::subscribed;

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
