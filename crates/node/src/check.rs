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
mod tests;
