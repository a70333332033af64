//! Where the broker's files are.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

/// The files of one broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file; it need not exist.
    pub config: PathBuf,
    /// The folder of the database, where the configuration names none.
    pub data: PathBuf,
    /// The folder of logs and crash reports.
    pub logs: PathBuf,
}

impl Paths {
    /// The folders that the system has for the user's programs. `None` when
    /// the user has no home.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let folders = ProjectDirs::from("org", "Moustique", "moustique")?;
        Some(Self {
            config: folders.config_dir().join("config.yaml"),
            // Not `data_dir`: Windows takes that one along to other machines, and a
            // database that is open with it.
            data: folders.data_local_dir().to_owned(),
            logs: folders
                .state_dir()
                .unwrap_or_else(|| folders.data_local_dir())
                .join("logs"),
        })
    }

    /// Everything in one folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            config: folder.join("config.yaml"),
            data: folder.to_owned(),
            logs: folder.join("logs"),
        }
    }

    /// The database, where the configuration names none.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("moustique.db")
    }
}
