//! The files that the broker makes: whose they are, and where.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use moustique_tests::{Broker, Setup, program};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_it_makes_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = data.join("broker.log");
    let more = format!(
        "  tls:\n    port: 0\ndatabase:\n  path: {}\nlogging:\n  file: {}\n",
        data.join("sub/m.db").display(),
        log.display()
    );
    // The log is begun before the data folder is there.
    fs::create_dir(&data).unwrap();
    let setup = Setup {
        more,
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    broker.caller().publish("/a", "1");
    let made = data.join("sub");
    assert_eq!(mode(&made), 0o700);
    assert_eq!(mode(&log), 0o600);
    let mut names = Vec::new();
    for entry in fs::read_dir(&made).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{path:?}");
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort();
    let expected = ["m.db", "m.db-shm", "m.db-wal", "m.db.lock", "tls.pem"];
    assert_eq!(names, expected);
}

#[test]
fn no_link_leads_it_elsewhere() {
    for (name, more) in [
        ("moustique.db", ""),
        ("moustique.db.lock", ""),
        ("tls.pem", "  tls:\n    port: 0\n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("theirs");
        fs::write(&theirs, "theirs").unwrap();
        symlink(&theirs, folder.path().join(name)).unwrap();
        let setup = Setup {
            more: more.into(),
            ..Setup::default()
        };
        let ended = Broker::try_start(folder.path(), &setup).unwrap_err();
        let log = ended.log.join("\n");
        assert!(
            log.contains("symbolic link, which is not followed"),
            "{log}"
        );
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs", "{name}");
    }
}

#[test]
fn a_link_is_no_log_file() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    fs::write(&theirs, "theirs").unwrap();
    let log = folder.path().join("broker.log");
    symlink(&theirs, &log).unwrap();
    let config = format!("logging:\n  file: {}\n", log.display());
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    let refused = Command::new(program("moustique"))
        .arg("--data-dir")
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(
        complaint.contains("broker.log cannot be written"),
        "{complaint}"
    );
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
}
