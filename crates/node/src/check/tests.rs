//! What a start needs, there and not there.

use super::*;
use crate::paths::Paths;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

/// A folder in which everything is good; what is done to it and the words of
/// the line that then says so.
struct Case {
    change: fn(&Path),
    subject: &'static str,
    words: &'static str,
    is_good: bool,
}

fn good(folder: &Path) -> ConfigSource {
    let at = |name: &str| folder.join(name).display().to_string();
    let text = format!(
        "server:\n  port: 1\n  tls:\n    port: 2\n    certificate: {}\n    key: {}\n\
         database:\n  path: {}\nsecurity:\n  password_file: {}\nlogging:\n  file: {}\n",
        at("tls.pem"),
        at("tls.pem"),
        at("data/m.db"),
        at("password"),
        at("logs/a.log"),
    );
    for name in ["data", "logs"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    fs::write(folder.join("data/m.db"), "").unwrap();
    fs::write(folder.join("tls.pem"), self_signed::tests::good_for(400)).unwrap();
    password_file::set_password(&folder.join("password"), "secret").unwrap();
    let paths = Paths::in_folder(folder);
    fs::write(&paths.config, text).unwrap();
    ConfigSource {
        paths,
        required: true,
        log: None,
    }
}

/// Every path below a folder, with its mode and its content.
fn state(folder: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap();
        let content = match kind.is_file() {
            true => fs::read(&path).unwrap_or_default(),
            false => Vec::new(),
        };
        if kind.is_dir() {
            found.extend(state(&path));
        }
        found.push((path, kind.permissions().mode(), content));
    }
    found.sort();
    found
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn edit(folder: &Path, old: &str, new: &str) {
    let file = folder.join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(old), "{text}");
    fs::write(&file, text.replace(old, new)).unwrap();
}

const CASES: [Case; 15] = [
    Case {
        change: |folder| edit(folder, "    port: 2\n", "    port: 1\n"),
        subject: "server.port 1 and server.tls.port 1",
        words: "they are the same; set server.tls.port",
        is_good: false,
    },
    Case {
        change: |folder| fs::write(folder.join("tls.pem"), "x").unwrap(),
        subject: "server.tls.certificate",
        words: "there is no certificate in it",
        is_good: false,
    },
    Case {
        change: |folder| {
            let other = self_signed::tests::good_for(400);
            fs::write(folder.join("other.pem"), other).unwrap();
            let key = format!("key: {}", folder.join("tls.pem").display());
            edit(folder, &key, &key.replace("tls.pem", "other.pem"));
        },
        subject: "server.tls.certificate",
        words: "it cannot be used with",
        is_good: false,
    },
    Case {
        change: |folder| {
            fs::write(folder.join("tls.pem"), self_signed::tests::good_for(-1)).unwrap();
        },
        subject: "server.tls.certificate",
        words: "the certificate ended on",
        is_good: false,
    },
    Case {
        change: |folder| {
            fs::write(folder.join("tls.pem"), self_signed::tests::good_for(9)).unwrap();
        },
        subject: "server.tls.certificate",
        words: "ok; the certificate ends on",
        is_good: true,
    },
    Case {
        change: |folder| fs::remove_file(folder.join("password")).unwrap(),
        subject: "security.password_file",
        words: "it cannot be read",
        is_good: false,
    },
    Case {
        change: |folder| fs::write(folder.join("password"), "two\nlines\n").unwrap(),
        subject: "security.password_file",
        words: "several lines, expected is one: a hash, or a password; set it with",
        is_good: false,
    },
    Case {
        change: |folder| fs::write(folder.join("password"), "plain\n").unwrap(),
        subject: "security.password_file",
        words: "ok; the password is in plain text",
        is_good: true,
    },
    Case {
        change: |folder| set_mode(&folder.join("password"), 0o644),
        subject: "security.password_file",
        words: "ok; others may read it",
        is_good: true,
    },
    Case {
        change: |folder| fs::remove_dir_all(folder.join("data")).unwrap(),
        subject: "data folder",
        words: "ok; there is none yet",
        is_good: true,
    },
    Case {
        change: |folder| {
            fs::remove_dir_all(folder.join("data")).unwrap();
            fs::write(folder.join("data"), "").unwrap();
        },
        subject: "data folder",
        words: "it is no folder",
        is_good: false,
    },
    Case {
        change: |folder| set_mode(&folder.join("data"), 0o777),
        subject: "data folder",
        words: "everybody may put files there",
        is_good: true,
    },
    Case {
        change: |folder| {
            fs::remove_file(folder.join("data/m.db")).unwrap();
            symlink("/dev/null", folder.join("data/m.db")).unwrap();
        },
        subject: "database",
        words: "symbolic link",
        is_good: false,
    },
    Case {
        change: |folder| fs::remove_dir(folder.join("logs")).unwrap(),
        subject: "logging.file",
        words: "make that folder",
        is_good: false,
    },
    Case {
        change: |folder| fs::create_dir(folder.join("logs/a.log")).unwrap(),
        subject: "logging.file",
        words: "it is no file",
        is_good: false,
    },
];

#[test]
fn everything_that_is_named_has_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let checks = check(&good(folder.path())).unwrap();
    assert_eq!(checks.len(), 7, "{checks:#?}");
    for check in checks {
        assert_eq!(check.verdict, Verdict::Good, "{check}");
        assert!(check.to_string().ends_with(": ok"), "{check}");
    }
}

#[test]
fn what_is_wrong_has_its_line_and_nothing_is_changed() {
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let source = good(folder.path());
        (case.change)(folder.path());
        let before = state(folder.path());
        let checks = check(&source).unwrap();
        let found = checks
            .iter()
            .find(|check| check.subject.starts_with(case.subject));
        let found = found.unwrap();
        assert!(found.to_string().contains(case.words), "{found}");
        assert_eq!(found.is_good(), case.is_good, "{found}");
        let others = checks.iter().filter(|check| *check != found);
        for other in others {
            assert!(other.is_good(), "{}: {other}", case.words);
        }
        assert_eq!(state(folder.path()), before, "{found}");
    }
}

#[test]
fn a_certificate_that_is_made_need_not_be_there() {
    for (pem, words) in [
        (None, "ok; there is none yet"),
        (Some(self_signed::tests::good_for(400)), "tls.pem: ok"),
        (Some(self_signed::tests::good_for(20)), "ok; it ends soon"),
        (
            Some("mine".into()),
            "no certificate in it; expected is a PEM file; move it",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tls.pem");
        if let Some(pem) = &pem {
            fs::write(&file, pem).unwrap();
            set_mode(&file, 0o644);
        }
        let paths = Paths::in_folder(folder.path());
        fs::write(&paths.config, "server:\n  tls: {}\n").unwrap();
        let source = ConfigSource {
            paths,
            required: false,
            log: None,
        };
        let before = state(folder.path());
        let checks = check(&source).unwrap();
        let lines: Vec<_> = checks.iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|line| line.contains(words)), "{lines:#?}");
        assert_eq!(state(folder.path()), before);
    }
}
