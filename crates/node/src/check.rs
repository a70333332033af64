//! Whether a configuration can be used, with the files that it names. Nothing is
//! made or changed by looking.

use std::fmt::{self, Display};
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use moustique_monitor::Certificate;

use crate::config::{CertificateFiles, Config, ConfigError, Durability, Tls};
use crate::load::ConfigSource;
use crate::permission::{check_writable, others_have};
use crate::run::folder_of;
use crate::{certificate, password_file, self_signed, tls};

/// One thing that a start needs, and whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, as the configuration or the system names it.
    pub subject: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of looking at something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can be used.
    Good,
    /// It can be used; this is to be known of it.
    Remark(String),
    /// A start would fail, or serve what nobody can use: why, and what to do.
    Bad(String),
}

impl Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, verdict } = self;
        match verdict {
            Verdict::Good => write!(f, "{subject}: ok"),
            Verdict::Remark(remark) => write!(f, "{subject}: ok; {remark}"),
            Verdict::Bad(problem) => write!(f, "{subject}: {problem}"),
        }
    }
}

impl Check {
    /// Whether the broker can be started with it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !matches!(self.verdict, Verdict::Bad(_))
    }

    fn new(subject: impl Display, verdict: Verdict) -> Self {
        Self {
            subject: subject.to_string(),
            verdict,
        }
    }

    fn of_file(key: &str, path: &Path, verdict: Verdict) -> Self {
        Self::new(format_args!("{key} {}", path.display()), verdict)
    }
}

/// Looks at the configuration and at all that it names.
///
/// # Errors
/// When the configuration itself cannot be used: then it names nothing.
pub fn check(source: &ConfigSource) -> Result<Vec<Check>, ConfigError> {
    let config = source.load()?;
    let file = &source.paths.config;
    let is_there = match file.exists() {
        true => Verdict::Good,
        false => Verdict::Remark("there is none, so the defaults hold".into()),
    };
    let database = config.database.path.clone();
    let database = database.unwrap_or_else(|| source.paths.database());
    let folder = folder_of(&database);
    let mut checks = vec![Check::new(file.display(), is_there), ports(&config)];
    if let Some(tls) = &config.server.tls {
        checks.push(certificate_of(tls, &folder));
    }
    if let Some(file) = &config.security.password_file {
        checks.push(Check::of_file(
            "security.password_file",
            file,
            password(file),
        ));
    }
    let makes_certificate = |tls: &Tls| tls.files.is_none();
    let is_in_memory = config.database.durability == Durability::Memory;
    if !is_in_memory || config.server.tls.as_ref().is_some_and(makes_certificate) {
        checks.push(Check::of_file("data folder", &folder, data_folder(&folder)));
    }
    if !is_in_memory && fs::symlink_metadata(&database).is_ok() {
        checks.push(Check::of_file("database", &database, own_file(&database)));
    }
    if let Some(file) = &config.logging.file {
        checks.push(Check::of_file("logging.file", file, log(file)));
    }
    Ok(checks)
}

fn ports(config: &Config) -> Check {
    let port = config.server.port;
    let Some(tls) = &config.server.tls else {
        return Check::new(format_args!("server.port {port}"), Verdict::Good);
    };
    let subject = format!("server.port {port} and server.tls.port {}", tls.port);
    let verdict = match port == tls.port && port != 0 {
        true => Verdict::Bad("they are the same; set server.tls.port to another one".into()),
        false => Verdict::Good,
    };
    Check::new(subject, verdict)
}

fn certificate_of(tls: &Tls, folder: &Path) -> Check {
    let Some(CertificateFiles { certificate, key }) = &tls.files else {
        let kept = self_signed::file_in(folder);
        let verdict = match self_signed::look(folder) {
            Ok(Some(facts)) if self_signed::is_kept(&facts, Timestamp::now()) => Verdict::Good,
            Ok(Some(_)) => {
                Verdict::Remark("it ends soon or has ended, so a start makes another".into())
            }
            Ok(None) => Verdict::Remark("there is none yet, so a start makes it".into()),
            Err(error) => Verdict::Bad(format!(
                "{}; move it away to have another made",
                error.reason()
            )),
        };
        return Check::of_file("certificate of its own", &kept, verdict);
    };
    let subject = format!(
        "server.tls.certificate {} with server.tls.key {}",
        certificate.display(),
        key.display()
    );
    let verdict = match tls::read_files(certificate, key) {
        Ok(read) => validity(&read.facts, Timestamp::now()),
        Err(error) => Verdict::Bad(format!("{error}; name PEM files that belong together")),
    };
    Check::new(subject, verdict)
}

fn validity(facts: &Certificate, now: Timestamp) -> Verdict {
    match certificate::warning(facts, now) {
        None => Verdict::Good,
        Some(warning) if facts.ends_at <= now.as_millisecond() => Verdict::Bad(warning),
        Some(warning) => Verdict::Remark(warning),
    }
}

fn password(file: &Path) -> Verdict {
    let content = match password_file::look(file) {
        Ok(content) => content,
        Err(error) => {
            return Verdict::Bad(format!(
                "{}; set it with `moustique passwd`",
                error.reason()
            ));
        }
    };
    let mut remarks = Vec::new();
    if others_have(file, 0o077).unwrap_or(false) {
        remarks.push("others may read it, which a start takes from them (chmod 600)");
    }
    if content == password_file::Content::PlainText {
        // Replaced whole: by a new file in the same folder.
        if let Err(error) = check_writable(&folder_of(file)) {
            return Verdict::Bad(format!(
                "its password is in plain text and its folder cannot be written, so a start \
                 cannot put the hash there: {error}; run `moustique passwd` as a user who may"
            ));
        }
        remarks.push("the password is in plain text, which a start replaces by its hash");
    }
    match remarks.is_empty() {
        true => Verdict::Good,
        false => Verdict::Remark(remarks.join("; ")),
    }
}

fn data_folder(folder: &Path) -> Verdict {
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => {
            Verdict::Bad("it is no folder; set database.path to a file in one".into())
        }
        Ok(_) => match check_writable(folder) {
            Ok(()) if others_have(folder, 0o002).unwrap_or(false) => Verdict::Remark(
                "everybody may put files there; a folder of its own is safer (chmod 700)".into(),
            ),
            Ok(()) => Verdict::Good,
            Err(error) => Verdict::Bad(format!(
                "no files can be made there: {error}; give this user the right to write, or set \
                 database.path"
            )),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => can_be_made(folder),
        Err(error) => Verdict::Bad(format!(
            "it cannot be looked into: {error}; set database.path"
        )),
    }
}

/// Whether a folder that is missing can be made: the nearest one above it that
/// is there decides.
fn can_be_made(folder: &Path) -> Verdict {
    let above = folder.ancestors().skip(1);
    let above = above.map(|above| match above.as_os_str().is_empty() {
        true => Path::new("."),
        false => above,
    });
    let Some(above) = above.into_iter().find(|above| above.exists()) else {
        return Verdict::Bad("there is nothing to make it in; set database.path".into());
    };
    match check_writable(above) {
        Ok(()) if above.is_dir() => {
            Verdict::Remark("there is none yet, so a start makes it".into())
        }
        Ok(()) => Verdict::Bad(format!(
            "it cannot be made: {} is no folder; set database.path",
            above.display()
        )),
        Err(error) => Verdict::Bad(format!(
            "it cannot be made in {}: {error}; make it and give it to this user, or set \
             database.path",
            above.display()
        )),
    }
}

/// A file that the broker writes to and that is there.
fn own_file(path: &Path) -> Verdict {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Verdict::Bad(
            "it is a symbolic link, which is not followed; name the file itself".into(),
        ),
        Ok(found) if !found.is_file() => Verdict::Bad("it is no file; name another one".into()),
        Ok(_) => match check_writable(path) {
            Ok(()) => Verdict::Good,
            Err(error) => Verdict::Bad(format!(
                "it cannot be read and written: {error}; give it to this user"
            )),
        },
        Err(error) => Verdict::Bad(format!("it cannot be looked at: {error}; name another one")),
    }
}

/// A log is begun where there is none, but no folder is made for it.
fn log(file: &Path) -> Verdict {
    if fs::symlink_metadata(file).is_ok() {
        return own_file(file);
    }
    let folder = match folder_of(file) {
        folder if folder.as_os_str().is_empty() => ".".into(),
        folder => folder,
    };
    match check_writable(&folder) {
        Ok(()) if folder.is_dir() => Verdict::Good,
        Ok(()) => Verdict::Bad(format!(
            "{} is no folder; name another file",
            folder.display()
        )),
        Err(error) => Verdict::Bad(format!(
            "it cannot be made in {}: {error}; make that folder and give it to this user",
            folder.display()
        )),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
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
            };
            let before = state(folder.path());
            let checks = check(&source).unwrap();
            let lines: Vec<_> = checks.iter().map(ToString::to_string).collect();
            assert!(lines.iter().any(|line| line.contains(words)), "{lines:#?}");
            assert_eq!(state(folder.path()), before);
        }
    }
}
