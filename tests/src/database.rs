//! The database as its own program sees it, not as the broker tells.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// What SQLite adds to the name of a database for the files beside it that
/// hold data.
const WITH_DATA: [&str; 3] = ["", "-wal", "-journal"];

/// Copies a database with the files beside it that hold data, and returns the
/// copy. Whoever opens a database that a kill left behind moves its write-ahead
/// log and takes from the broker what it is to recover from: open a copy.
///
/// # Panics
/// When that cannot be done.
#[must_use]
pub fn copy_files(database: &Path, folder: &Path) -> PathBuf {
    let copy = folder.join(database.file_name().unwrap());
    let beside = |path: &Path, suffix: &str| -> PathBuf {
        let mut name = OsString::from(path);
        name.push(suffix);
        name.into()
    };
    for suffix in WITH_DATA {
        let source = beside(database, suffix);
        if source.exists() {
            fs::copy(source, beside(&copy, suffix)).unwrap();
        }
    }
    copy
}

/// What `PRAGMA integrity_check` says of a copy of the database: `ok`, or
/// what is wrong.
///
/// # Panics
/// When it cannot be asked.
#[must_use]
pub fn integrity(database: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(copy_files(database, folder.path())).unwrap();
    let check = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("PRAGMA integrity_check")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect()
    };
    check(&connection).map_or_else(|error| error.to_string(), |lines| lines.join("\n"))
}
