//! The configuration file as it was before a change.

use std::fs::{self, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use moustique_monitor::Refusal;
use moustique_store::private;

use crate::load;

/// The file, and what to put back.
#[derive(Debug)]
pub(super) struct File {
    /// Where it really is: a configuration is often a link into a repository.
    path: PathBuf,
    /// `None` where there was no file.
    before: Option<(String, Permissions)>,
}

impl File {
    /// Reads it. One that is missing has no text.
    ///
    /// # Errors
    /// When it is there and cannot be read, or is too large to be one.
    pub(super) fn read(path: &Path) -> Result<Self, Refusal> {
        let refused = |error: io::Error| {
            let detail = format!("{}: it cannot be read: {error}.", path.display());
            Refusal::new("configuration", detail)
        };
        let real = match fs::canonicalize(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    path: path.to_owned(),
                    before: None,
                });
            }
            real => real.map_err(refused)?,
        };
        let text = load::read(&real).map_err(refused)?;
        let permissions = fs::metadata(&real).map_err(refused)?.permissions();
        Ok(Self {
            path: real,
            before: Some((text, permissions)),
        })
    }

    pub(super) fn text(&self) -> &str {
        self.before.as_ref().map_or("", |(text, _)| text)
    }

    /// Gives it another text, whole or not at all.
    ///
    /// # Errors
    /// When it may not be written.
    pub(super) fn write(&self, text: &str) -> Result<(), Refusal> {
        let folder = self.path.parent().unwrap_or(&self.path);
        private::create_folder(folder)
            .and_then(|()| private::replace(&self.path, text.as_bytes()))
            .and_then(|()| match &self.before {
                // Whoever could read it still can.
                Some((_, permissions)) => fs::set_permissions(&self.path, permissions.clone()),
                None => Ok(()),
            })
            .map_err(|error| {
                let detail = format!("{}: it cannot be written: {error}.", self.path.display());
                Refusal::new("configuration", detail)
            })
    }

    /// Makes it what it was.
    ///
    /// # Errors
    /// When it may not be written.
    pub(super) fn put_back(&self) -> Result<(), Refusal> {
        match &self.before {
            Some((text, _)) => self.write(text),
            None => fs::remove_file(&self.path).map_err(|error| {
                let detail = format!("{}: it cannot be removed: {error}.", self.path.display());
                Refusal::new("configuration", detail)
            }),
        }
    }
}
