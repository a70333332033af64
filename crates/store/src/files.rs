//! The folder, the database file and the lock: readable by their owner alone,
//! and used by one process at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::private::{self, beside};

/// Files that SQLite keeps beside a database. They belong to it: without them
/// it is not what it was.
const COMPANIONS: [&str; 2] = [WRITE_AHEAD, "-shm"];

/// The write-ahead log.
const WRITE_AHEAD: &str = "-wal";

/// Beside a database in which damage was met.
const SUSPECT: &str = ".suspect";

/// Damaged databases that are kept. More: a person has to look first.
const MAX_ASIDE: u32 = 100;

/// What a process has that may use a database.
#[derive(Debug)]
pub(crate) struct Claim {
    /// Holds the advisory lock until it is dropped.
    pub(crate) lock: File,
    /// The database file.
    pub(crate) database: File,
}

/// Makes the folder and an empty database where there are none, and takes the
/// advisory lock.
pub(crate) fn claim(database: &Path) -> Result<Claim, OpenError> {
    if let Some(folder) = database.parent() {
        private::create_folder(folder).map_err(|source| OpenError::Files {
            path: folder.to_owned(),
            source,
        })?;
    }
    let lock_path = beside(database, ".lock");
    let open = |path: &Path| {
        private::open(path).map_err(|source| OpenError::Files {
            path: path.to_owned(),
            source,
        })
    };
    let lock = open(&lock_path)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::InUse {
                path: database.to_owned(),
            });
        }
        Err(TryLockError::Error(source)) => {
            return Err(OpenError::Files {
                path: lock_path,
                source,
            });
        }
    }
    // SQLite gives its other files the mode of the database.
    let database = open(database)?;
    Ok(Claim { lock, database })
}

/// Gives the files of a damaged database names of their own, so that nothing
/// writes to them any more, and returns the new path of the database.
///
/// # Errors
/// When another process has it open, or the files cannot be renamed.
pub fn set_aside(database: &Path) -> Result<PathBuf, OpenError> {
    let _claim = claim(database)?;
    let failed = |source| OpenError::Files {
        path: database.to_owned(),
        source,
    };
    let aside = free_name(database).ok_or_else(|| failed(too_many()))?;
    fs::rename(database, &aside).map_err(failed)?;
    for suffix in COMPANIONS {
        match fs::rename(beside(database, suffix), beside(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    clear_suspicion(database);
    Ok(aside)
}

/// Keeps a copy of a write-ahead log of which SQLite will not read the end, and
/// returns its path. Without that, what is written from now on would take its
/// place.
pub(crate) fn keep_log(database: &Path) -> Result<PathBuf, OpenError> {
    let log = log(database);
    let failed = |source| OpenError::Files {
        path: log.clone(),
        source,
    };
    let aside = free_name(database).ok_or_else(|| failed(too_many()))?;
    let copy = beside(&aside, WRITE_AHEAD);
    // Not `fs::copy`, which could not make it private from its first byte on.
    let mut from = File::open(&log).map_err(failed)?;
    let mut to = private::open(&copy).map_err(failed)?;
    io::copy(&mut from, &mut to).map_err(failed)?;
    to.sync_all().map_err(failed)?;
    Ok(copy)
}

/// The path of the write-ahead log.
pub(crate) fn log(database: &Path) -> PathBuf {
    beside(database, WRITE_AHEAD)
}

/// Notes that damage was met, so that the next start reads all of the database.
pub(crate) fn suspect(database: &Path) {
    if let Err(error) = private::open(&beside(database, SUSPECT)) {
        tracing::warn!(%error, "it cannot be noted that the database is damaged");
    }
}

pub(crate) fn is_suspect(database: &Path) -> bool {
    beside(database, SUSPECT).exists()
}

pub(crate) fn clear_suspicion(database: &Path) {
    // Mostly there is none.
    let _ = fs::remove_file(beside(database, SUSPECT));
}

/// The length of the write-ahead log.
pub(crate) fn write_ahead_bytes(database: &Path) -> u64 {
    fs::metadata(log(database)).map_or(0, |file| file.len())
}

fn free_name(database: &Path) -> Option<PathBuf> {
    (1..=MAX_ASIDE)
        .map(|number| beside(database, &format!(".damaged-{number}")))
        .find(|name| !name.exists() && !log(name).exists())
}

fn too_many() -> io::Error {
    io::Error::other(format!(
        "{MAX_ASIDE} damaged files are kept beside it already; move them away"
    ))
}
