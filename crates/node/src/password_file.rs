//! The file with the password: a hash of it, for its owner alone.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use moustique_http::{MAX_PASSWORD_BYTES, PasswordError, PasswordHash};
use moustique_store::private;

/// More is neither a password nor the hash of one, in bytes.
const MAX_BYTES: u64 = 2 * MAX_PASSWORD_BYTES as u64;

/// Why a password file cannot be used.
#[derive(Debug)]
pub struct PasswordFileError {
    file: PathBuf,
    reason: String,
}

impl fmt::Display for PasswordFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.reason)
    }
}

impl std::error::Error for PasswordFileError {}

impl PasswordFileError {
    /// What is wrong with the file, without its name.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }
}

/// Writes the hash of a password to a file, which is replaced whole.
///
/// # Errors
/// When it is no password, or the file cannot be written.
pub fn set_password(file: &Path, password: &str) -> Result<(), PasswordFileError> {
    let error = |reason: String| PasswordFileError {
        file: file.to_owned(),
        reason,
    };
    let hash = PasswordHash::of(password).map_err(|reason| error(reason.to_string()))?;
    write(file, &hash).map_err(|reason| error(format!("it cannot be written: {reason}")))
}

/// Reads the hash. Rights that others have on the file are taken away. A
/// password in plain text, as older brokers have it, is replaced by its hash.
///
/// # Errors
/// When the file is missing, empty, too long, or neither a hash nor one line.
pub(crate) fn read(file: &Path) -> Result<PasswordHash, PasswordFileError> {
    let error = |reason: String| PasswordFileError {
        file: file.to_owned(),
        reason,
    };
    let opened = private::open_to_read(file).and_then(|opened| {
        if private::make_private(&opened)? {
            tracing::warn!(
                "{} could be read by others: it is for its owner alone now",
                file.display()
            );
        }
        Ok(opened)
    });
    let text = text(opened).map_err(&error)?;
    let hash = match understood(&text).map_err(&error)? {
        Understood::Hash(hash) => return Ok(hash),
        Understood::PlainText(password) => {
            PasswordHash::of(password).map_err(|reason| error(reason.to_string()))?
        }
    };
    write(file, &hash).map_err(|reason| {
        error(format!(
            "its password is in plain text and cannot be replaced by a hash: {reason}"
        ))
    })?;
    tracing::warn!(
        "the password in {} was in plain text: it is replaced by its hash",
        file.display()
    );
    Ok(hash)
}

/// What a password file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A hash.
    Hash,
    /// The password itself, which is replaced when it is read.
    PlainText,
}

/// Looks at the file as [`read`] would read it, and changes nothing.
///
/// # Errors
/// As [`read`].
pub(crate) fn look(file: &Path) -> Result<Content, PasswordFileError> {
    let error = |reason: String| PasswordFileError {
        file: file.to_owned(),
        reason,
    };
    let text = text(private::open_to_read(file)).map_err(&error)?;
    understood(&text)
        .map_err(&error)
        .map(|content| match content {
            Understood::Hash(_) => Content::Hash,
            Understood::PlainText(_) => Content::PlainText,
        })
}

enum Understood<'a> {
    Hash(PasswordHash),
    PlainText(&'a str),
}

fn understood(text: &str) -> Result<Understood<'_>, String> {
    // What an editor or `echo` puts behind it belongs to no password.
    let line = text.trim_end_matches(['\r', '\n']);
    if line.starts_with(PasswordHash::PREFIX) {
        let hash = PasswordHash::parse(line).map_err(|reason| reason.to_string())?;
        return Ok(Understood::Hash(hash));
    }
    match PasswordHash::check(line) {
        Ok(()) => Ok(Understood::PlainText(line)),
        Err(PasswordError::Empty) => Err("it is empty; `moustique passwd` sets a password".into()),
        Err(PasswordError::ControlCharacter) => {
            Err("it has several lines, expected is one: a hash, or a password".into())
        }
        Err(reason) => Err(reason.to_string()),
    }
}

fn text(opened: io::Result<File>) -> Result<String, String> {
    let read = opened.and_then(|file| {
        let mut text = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(io::Error::other(format!(
                "it is longer than the {MAX_BYTES} bytes that are expected at most"
            )));
        }
        Ok(text)
    });
    read.map_err(|reason| format!("it cannot be read: {reason}"))
}

fn write(file: &Path, hash: &PasswordHash) -> io::Result<()> {
    private::replace(file, format!("{}\n", hash.as_str()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_password_in_plain_text_is_taken_once_and_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        for text in ["secret", "secret\n", "secret\r\n"] {
            fs::write(&file, text).unwrap();
            let hash = read(&file).unwrap();
            assert!(hash.verify("secret"), "{text:?}");
            let stored = fs::read_to_string(&file).unwrap();
            assert_eq!(stored, format!("{}\n", hash.as_str()));
            assert_eq!(read(&file).unwrap(), hash);
        }
        set_password(&file, "other").unwrap();
        assert!(read(&file).unwrap().verify("other"));
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let missing = read(&file).unwrap_err().to_string();
        assert!(missing.contains("password: it cannot be read"), "{missing}");
        let long = "x".repeat(5000);
        for (text, words) in [
            ("", "it is empty; `moustique passwd`"),
            ("\n", "it is empty"),
            ("two\nlines\n", "several lines"),
            (long.as_str(), "longer than the 2048 bytes"),
            ("$argon2id$nonsense", "no argon2id hash"),
        ] {
            fs::write(&file, text).unwrap();
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text, "left as it was");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        set_password(&file, "secret").unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        read(&file).unwrap();
        assert_eq!(mode(), 0o600);
    }
}
