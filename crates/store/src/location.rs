//! Where the database is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// How long a connection waits for another one of this process.
const BUSY: Duration = Duration::from_secs(5);

/// Where the database is: what every connection to it is opened with.
#[derive(Clone, Debug)]
pub(crate) enum Location {
    /// In this file.
    File(PathBuf),
    /// In this process alone, for as long as a connection is open.
    Memory(String),
}

impl Location {
    pub(crate) fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }

    /// A database in memory that nobody else has.
    pub(crate) fn memory() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::Memory(format!("file:/moustique-{number}?vfs=memdb"))
    }

    pub(crate) fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = match self {
            Self::File(path) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX
                    | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
                Connection::open_with_flags(path, flags)?
            }
            Self::Memory(uri) => Connection::open(uri)?,
        };
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    }

    /// The path, as it stands in messages.
    pub(crate) fn shown(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Memory(_) => "the database in memory".into(),
        }
    }
}
