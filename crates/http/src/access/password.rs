//! A password, as far as it is kept.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

/// The longest password, in bytes. More is no password but a way to keep the
/// broker busy.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// Memory that a hash takes to compute, in KiB: 19 MiB, which with two passes is
/// what OWASP asks for.
const MEMORY_KIB: u32 = 19 * 1_024;

const PASSES: u32 = 2;

const LANES: u32 = 1;

/// The most memory that a hash may ask for which is read from a file, in KiB.
const MAX_MEMORY_KIB: u32 = 256 * 1_024;

/// What tells whether a password is the one that was set, and nothing else of
/// it: an argon2id hash in the form `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Arc<str>);

/// Why something is no password, or no hash of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// There is nothing in it.
    Empty,
    /// It is too long.
    TooLong {
        /// Bytes that were given.
        bytes: usize,
    },
    /// It is not one line of text.
    ControlCharacter,
    /// A hash cannot be read, or is not of argon2id.
    NoHash(String),
    /// The system gives no memory or no random numbers.
    Failed(String),
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(
                f,
                "the password is empty; expected is at least one character"
            ),
            Self::TooLong { bytes } => write!(
                f,
                "the password has {bytes} bytes; at most {MAX_PASSWORD_BYTES} are expected"
            ),
            Self::ControlCharacter => write!(
                f,
                "the password has a control character; expected is one line of text"
            ),
            Self::NoHash(reason) => {
                write!(f, "it is no argon2id hash that can be used: {reason}")
            }
            Self::Failed(reason) => write!(f, "the password cannot be hashed: {reason}"),
        }
    }
}

impl std::error::Error for PasswordError {}

impl PasswordHash {
    /// What every hash begins with.
    pub const PREFIX: &str = "$argon2";

    /// Hashes a password with a salt of its own. Takes some 20 MB and a tenth of
    /// a second: not for an async thread.
    ///
    /// # Errors
    /// When it is no password, or the system gives no memory.
    pub fn of(password: &str) -> Result<Self, PasswordError> {
        check(password)?;
        let failed = |error: &dyn fmt::Display| PasswordError::Failed(error.to_string());
        let params =
            Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| failed(&error))?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(password.as_bytes())
            .map(|hash| Self(hash.to_string().into()))
            .map_err(|error| failed(&error))
    }

    /// Whether it is a password at all: one line of text that is not too long.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(password: &str) -> Result<(), PasswordError> {
        check(password)
    }

    /// Reads a hash.
    ///
    /// # Errors
    /// When it is none, not of argon2id, or would take more memory than any
    /// that this program makes.
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        let hash = phc::PasswordHash::new(text)
            .map_err(|error| PasswordError::NoHash(error.to_string()))?;
        if hash.algorithm.as_str() != Algorithm::Argon2id.as_str() {
            let name = hash.algorithm.as_str();
            return Err(PasswordError::NoHash(format!("its algorithm is {name}")));
        }
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(PasswordError::NoHash("it is cut off".into()));
        }
        let params =
            Params::try_from(&hash).map_err(|error| PasswordError::NoHash(error.to_string()))?;
        if params.m_cost() > MAX_MEMORY_KIB {
            return Err(PasswordError::NoHash(format!(
                "it takes {} KiB of memory; at most {MAX_MEMORY_KIB} are expected",
                params.m_cost()
            )));
        }
        Ok(Self(text.into()))
    }

    /// The hash as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the password is the one. Takes as long as [`PasswordHash::of`].
    #[must_use]
    pub fn verify(&self, password: &str) -> bool {
        check(password).is_ok()
            && phc::PasswordHash::new(&self.0).is_ok_and(|hash| {
                let argon2 = Argon2::default();
                argon2.verify_password(password.as_bytes(), &hash).is_ok()
            })
    }
}

/// Shows nothing that could be tried against a list of passwords.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

fn check(password: &str) -> Result<(), PasswordError> {
    if password.is_empty() {
        return Err(PasswordError::Empty);
    }
    if password.len() > MAX_PASSWORD_BYTES {
        let bytes = password.len();
        return Err(PasswordError::TooLong { bytes });
    }
    if password.chars().any(char::is_control) {
        return Err(PasswordError::ControlCharacter);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of "secret" with as little work as there can be.
    const QUICK: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$XV5G/gCXGvgi42KGbLmsPA";

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let hash = PasswordHash::of("correct horse").unwrap();
        let again = PasswordHash::of("correct horse").unwrap();
        assert_ne!(hash, again, "each has a salt of its own");
        let start = "$argon2id$v=19$m=19456,t=2,p=1$";
        assert!(hash.as_str().starts_with(start), "{}", hash.as_str());
        assert!(hash.as_str().starts_with(PasswordHash::PREFIX));
        let read = PasswordHash::parse(hash.as_str()).unwrap();
        assert!(read.verify("correct horse"));
        assert!(!read.verify("correct hors") && !read.verify(""));
        assert!(!format!("{read:?}").contains("argon2"));
    }

    #[test]
    fn what_is_no_password_is_refused_with_what_is_expected() {
        let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
        for (password, words) in [
            ("", "at least one character"),
            (long.as_str(), "1025 bytes; at most 1024"),
            ("two\nlines", "one line"),
        ] {
            let error = PasswordHash::of(password).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for text in [
            "",
            "$argon2id",
            "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$XV5G/gCXGvgi42KGbLmsPA",
            "$argon2id$v=19$m=1000000,t=1,p=1$c29tZXNhbHQ$XV5G/gCXGvgi42KGbLmsPA",
            "$2b$12$abcdefghijklmnopqrstuv",
        ] {
            let error = PasswordHash::parse(text).unwrap_err();
            assert!(matches!(error, PasswordError::NoHash(_)), "{text}: {error}");
        }
        assert!(PasswordHash::parse(QUICK).is_ok());
    }
}
