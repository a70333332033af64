//! Files that are for their owner alone.
//!
//! What the broker makes nobody else may read, and nobody can have it write
//! somewhere else: the last part of a path is never a symbolic link that is
//! followed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How a file is opened that the broker reads and writes, and makes where it is
/// missing.
#[must_use]
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    restrict(&mut options);
    options
}

/// The same for a file that only grows.
#[must_use]
pub fn append_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    restrict(&mut options);
    options
}

/// Opens a file to read it; it must be there.
///
/// # Errors
/// When it is missing, a symbolic link, or may not be read.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    restrict(&mut options);
    options.open(path).map_err(|error| explained(error, path))
}

/// Opens a file as [`options`] says.
///
/// # Errors
/// When it is a symbolic link, or may not be opened.
pub fn open(path: &Path) -> io::Result<File> {
    options().open(path).map_err(|error| explained(error, path))
}

/// Makes a folder, with those above it, where there is none.
///
/// # Errors
/// What the system says.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Replaces the content of a file, or makes it: whoever reads it, also after a
/// failure of the power, finds the old content or the new one whole. The new
/// file is for its owner alone, whatever the old one was.
///
/// # Errors
/// When it is a symbolic link, or the folder may not be written to.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink()) {
        return Err(symbolic_link(path));
    }
    let new = beside(path, ".new");
    // What an attempt that was cut has left.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    // Made by nobody else in between, so its mode is what is asked for.
    options.write(true).create_new(true);
    restrict(&mut options);
    let mut file = options.open(&new)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&new, path)) {
        // The old content is still there, and nobody waits for the new one.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    sync_folder_of(path)
}

/// Takes the rights of everybody else away. Whether there were any.
///
/// # Errors
/// When the file is not the user's own.
pub fn make_private(file: &File) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata()?.permissions().mode();
        if mode & 0o077 == 0 {
            return Ok(false);
        }
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        Ok(true)
    }
    #[cfg(not(unix))]
    {
        // The folders of a user are the user's own there.
        let _ = file;
        Ok(false)
    }
}

/// The path with something behind its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions) {}

/// The system says "too many levels of symbolic links", which no user reads as
/// what it is.
fn explained(error: io::Error, path: &Path) -> io::Error {
    match error.kind() {
        _ if fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink()) => symbolic_link(path),
        _ => error,
    }
}

fn symbolic_link(path: &Path) -> io::Error {
    let leads_to = fs::read_link(path).unwrap_or_default();
    io::Error::other(format!(
        "it is a symbolic link, which is not followed; name the file itself: {}",
        leads_to.display()
    ))
}

/// A name is in its folder for good when the folder is on the disk.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        create_folder(&inner).unwrap();
        let file = inner.join("file");
        replace(&file, b"one").unwrap();
        assert_eq!((mode(&inner), mode(&file)), (0o700, 0o600));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(make_private(&open_to_read(&file).unwrap()).unwrap());
        assert!(!make_private(&open_to_read(&file).unwrap()).unwrap());
        assert_eq!(mode(&file), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        replace(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "nothing is left");
    }

    #[test]
    fn no_link_is_followed_and_the_error_says_where_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "theirs").unwrap();
        symlink(&file, &link).unwrap();
        let errors = [
            open(&link).unwrap_err(),
            open_to_read(&link).unwrap_err(),
            replace(&link, b"ours").unwrap_err(),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(text.contains("symbolic link"), "{text}");
            assert!(text.contains(&file.display().to_string()), "{text}");
        }
        assert!(append_options().open(&link).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"theirs");
    }
}
