//! What this user may do with a file, found out without doing it.

use std::fs;
use std::io;
use std::path::Path;

/// Whether this user may write to a file, or make files in a folder.
///
/// # Errors
/// When it is missing, or may not be written.
#[cfg(unix)]
pub(crate) fn check_writable(path: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    let needed = match fs::metadata(path)?.is_dir() {
        true => Access::WRITE_OK | Access::EXEC_OK,
        false => Access::READ_OK | Access::WRITE_OK,
    };
    Ok(access(path, needed)?)
}

/// Whether this user may write to a file, or make files in a folder.
///
/// # Errors
/// When it is missing, or may not be written.
#[cfg(not(unix))]
pub(crate) fn check_writable(path: &Path) -> io::Result<()> {
    let file = fs::metadata(path)?;
    // Of a folder the system means something else by it.
    match file.is_file() && file.permissions().readonly() {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

/// Which of these rights somebody else has, as the bits of a mode.
///
/// # Errors
/// When it is missing.
pub(crate) fn others_have(path: &Path, rights: u32) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Ok(fs::metadata(path)?.permissions().mode() & rights != 0)
    }
    #[cfg(not(unix))]
    {
        // The folders of a user are the user's own there.
        let _ = rights;
        fs::metadata(path).map(|_| false)
    }
}
