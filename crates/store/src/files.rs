//! The folder, the database file and the lock: readable by their owner alone,
//! and used by one process at a time.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Makes the folder and an empty database where there are none, and takes the
/// advisory lock, which the returned file holds until it is dropped.
pub(crate) fn claim(database: &Path) -> Result<File, OpenError> {
    if let Some(folder) = database.parent() {
        create_folder(folder).map_err(|source| OpenError::Files {
            path: folder.to_owned(),
            source,
        })?;
    }
    let lock_path = beside(database, ".lock");
    let open = |path: &Path| {
        private().open(path).map_err(|source| OpenError::Files {
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
    open(database)?;
    Ok(lock)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
