//! Where the database is.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// How long a connection waits for another one of this process.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// Where the database is: what every connection to it is opened with.
#[derive(Clone, Debug)]
pub(crate) enum Location {
    /// In a file.
    File {
        /// Its path.
        path: PathBuf,
        /// The file itself, open for as long as somebody may have a connection:
        /// on Unix the locks of all of them end when any of its handles in this
        /// process is closed.
        file: Arc<File>,
    },
    /// In this process alone, for as long as a connection is open.
    Memory(String),
}

impl Location {
    pub(crate) fn file(path: &Path, file: File) -> Self {
        Self::File {
            path: path.to_owned(),
            file: Arc::new(file),
        }
    }

    /// A database in memory that nobody else has.
    pub(crate) fn memory() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::Memory(format!("file:/moustique-{number}?vfs=memdb"))
    }

    pub(crate) fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = match self {
            Self::File { path, .. } => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX
                    | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
                Connection::open_with_flags(path, flags)?
            }
            Self::Memory(uri) => Connection::open(uri)?,
        };
        // Plans do not depend on what is bound: otherwise a statement is prepared
        // anew each time that a value is bound which an index might match.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    }

    /// The path, as it stands in messages.
    pub(crate) fn shown(&self) -> PathBuf {
        match self {
            Self::File { path, .. } => path.clone(),
            Self::Memory(_) => "the database in memory".into(),
        }
    }
}
