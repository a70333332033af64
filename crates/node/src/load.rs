//! Reading the configuration.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError};
use crate::paths::Paths;

/// A configuration file with every key, its meaning and its default.
pub const EXAMPLE: &str = include_str!("example.yaml");

/// A configuration file larger than this is not one. 1 MiB.
const MAX_BYTES: u64 = 1024 * 1024;

/// Where the configuration comes from. It is read anew at each start, so that
/// a mended file takes effect.
#[derive(Clone, Debug)]
pub struct ConfigSource {
    /// The file, and the folders of what it does not name.
    pub paths: Paths,
    /// Whether the file must be there, because the user named it. Otherwise a
    /// file that is missing stands for the defaults.
    pub required: bool,
    /// The log file where the configuration names none: `None` for no file.
    pub log: Option<PathBuf>,
}

impl ConfigSource {
    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// When the file cannot be read, is no YAML, has an unknown key or a bad
    /// value.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let file = &self.paths.config;
        let mut config = match read(file) {
            Ok(text) => Config::parse(&text, file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.required => {
                Config::default()
            }
            Err(error) => return Err(ConfigError::unreadable(file, &error)),
        };
        if config.logging.file.is_none() {
            config.logging.file.clone_from(&self.log);
        }
        Ok(config)
    }
}

/// Reads a file that is as long as a configuration may be.
pub(crate) fn read(file: &Path) -> io::Result<String> {
    let bytes = std::fs::metadata(file)?.len();
    if bytes > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it has {bytes} bytes; at most {MAX_BYTES} are expected"
        )));
    }
    std::fs::read_to_string(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_the_default_only_where_nobody_named_it() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_folder(folder.path());
        let source = |required| ConfigSource {
            paths: paths.clone(),
            required,
            log: None,
        };
        assert_eq!(source(false).load().unwrap(), Config::default());
        let with_log = ConfigSource {
            log: Some("/var/log/own".into()),
            ..source(false)
        };
        let file = |source: &ConfigSource| source.load().unwrap().logging.file;
        assert_eq!(file(&with_log), with_log.log);
        std::fs::write(&paths.config, "logging:\n  file: /var/log/other\n").unwrap();
        assert_eq!(file(&with_log), Some("/var/log/other".into()));
        std::fs::remove_file(&paths.config).unwrap();
        let error = source(true).load().unwrap_err().to_string();
        assert!(error.contains("config.yaml: it cannot be read"), "{error}");
    }
}
