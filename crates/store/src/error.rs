//! What can go wrong with the store, in words that say what to do.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;

/// Why a store cannot be opened. Nothing has been changed then.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("{} is in use by another Moustique", path.display())]
    InUse {
        /// The database that was given.
        path: PathBuf,
    },
    /// The file belongs to another program.
    #[error("{} is a database of another program (application id {found:#010x})", path.display())]
    Foreign {
        /// The database that was given.
        path: PathBuf,
        /// The application id found in it.
        found: i32,
    },
    /// A newer version of the program wrote it.
    #[error(
        "{} was written by a newer Moustique (schema {found}, this one knows up to {known})",
        path.display()
    )]
    Newer {
        /// The database that was given.
        path: PathBuf,
        /// The schema found in it.
        found: u32,
        /// The newest schema this program knows.
        known: u32,
    },
    /// A row does not hold what the schema promises.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The database that was given.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The folder or one of the files cannot be made or opened.
    #[error("{} cannot be opened: {source}", path.display())]
    Files {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// SQLite reports an error.
    #[error("{} cannot be read: {source}", path.display())]
    Sqlite {
        /// The database that was given.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// Why the log cannot be read.
#[derive(Debug, Error)]
#[error("{} cannot be read: {reason}", path.display())]
pub struct ReadError {
    path: PathBuf,
    reason: rusqlite::Error,
}

impl ReadError {
    pub(crate) fn new(path: PathBuf, reason: rusqlite::Error) -> Self {
        Self { path, reason }
    }
}

impl OpenError {
    /// What an error of SQLite says of the file.
    pub(crate) fn from_sqlite(path: PathBuf, error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, _) if !is_damage(failure.code) => {
                Self::Sqlite {
                    path,
                    source: error,
                }
            }
            rusqlite::Error::FromSqlConversionFailure(_, _, reason) => Self::Damaged {
                path,
                what: reason.to_string(),
            },
            damage => Self::Damaged {
                path,
                what: damage.to_string(),
            },
        }
    }
}

/// Whether the error says that the content of the file is at fault.
fn is_damage(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation
    )
}

/// Why a batch is not stored. Nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommitError {
    /// No room is left on the disk.
    #[error("the disk that holds the data is full; nothing was stored")]
    Full,
    /// The database is damaged.
    #[error("the data is damaged ({0}); nothing was stored")]
    Damaged(String),
    /// Anything else the disk or SQLite reports.
    #[error("the data cannot be written ({0}); nothing was stored")]
    Failed(String),
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(code) if is_damage(code) => Self::Damaged(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}
