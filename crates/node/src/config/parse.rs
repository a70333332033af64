//! From the text of a configuration file to a configuration, or to the line that
//! is wrong.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_saphyr::UserMessageFormatter;

use crate::config::Config;

/// Why a configuration cannot be used. Nothing of it takes effect.
#[derive(Debug)]
pub struct ConfigError {
    file: PathBuf,
    line: Option<u64>,
    reason: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// What is wrong, without where.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            reason: format!("it cannot be read: {error}"),
        }
    }
}

impl Config {
    /// Reads the text of a configuration file. `file` is named in errors.
    ///
    /// # Errors
    /// When it is no YAML, has an unknown key or a bad value.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        // A file without any key, such as one of comments only, is no mapping.
        serde_saphyr::from_str::<Option<Self>>(text)
            .map(Option::unwrap_or_default)
            .map_err(|error| {
                let error = error.without_snippet();
                let text = error.render_with_formatter(&UserMessageFormatter);
                let location = error.location();
                // The text ends with the place, which is said before it.
                let place = location.map_or_else(String::new, |at| {
                    format!(" at line {}, column {}", at.line(), at.column())
                });
                ConfigError {
                    file: file.to_owned(),
                    line: location.map(|at| at.line()),
                    reason: text.strip_suffix(&place).unwrap_or(&text).to_owned(),
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroUsize;
    use std::time::Duration;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("config.yaml")).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_the_default() {
        for text in ["", "# only a comment\n", "server: {}\n"] {
            assert_eq!(parse(text), Ok(Config::default()), "{text:?}");
        }
    }

    #[test]
    fn what_is_given_holds() {
        let config = parse(
            "server:\n  port: 1883\n  host: \"::1\"\n  max_connections: 20000\n  encoding: inner\n\
             performance:\n  message_queue_timeout: 1h 30m\n  poster_stats_timeout: 2h\n\
             security:\n  allowed_peers: [10.0.0.0/8, fe80::1]\n",
        )
        .unwrap();
        assert_eq!(config.server.port, 1883);
        assert!(config.server.host.is_loopback());
        assert_eq!(
            config.server.max_connections,
            NonZeroUsize::new(20_000).unwrap()
        );
        assert_eq!(
            config.performance.message_queue_timeout,
            Duration::from_secs(5400)
        );
        assert_eq!(
            config.performance.poster_stats_timeout,
            Duration::from_secs(7200)
        );
        assert_eq!(config.security.allowed_ips.unwrap().len(), 2);
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_line() {
        let cases = [
            ("server:\n  prot: 1", 2, &["prot", "port"][..]),
            ("\n\nservice:\n  port: 1", 3, &["service", "server"]),
            (
                "server:\n  port: 70000",
                2,
                &["'70000' is not a port from 0 to 65535"],
            ),
            ("server:\n  port: -1", 2, &["'-1' is not a port"]),
            (
                "server:\n  host: localhorst",
                2,
                &["'localhorst' is not an IP address"],
            ),
            (
                "server:\n  timeout: 5",
                2,
                &["'5' is not a time above zero with its unit"],
            ),
            (
                "server:\n  timeout: 0s",
                2,
                &["'0s' is not a time above zero"],
            ),
            (
                "server:\n  timeout: 61m",
                2,
                &["'61m' is not a time above zero", "at most 1h"],
            ),
            (
                "server:\n  max_connections: 0",
                2,
                &["'0' is not", "from 1 to 20000", "0 never means unlimited"],
            ),
            ("limits:\n  topic: 1", 2, &["topic", "topic_bytes"]),
            (
                "limits:\n  headers: 0",
                2,
                &["'0' is not a whole number from 1 to 1024; 0 never means"],
            ),
            (
                "limits:\n  clients: 1000001",
                2,
                &["'1000001' is not a whole number from 1 to 1000000"],
            ),
            (
                "limits:\n  head_bytes: 8191 B",
                2,
                &["'8191 B' is not a size from 8 KiB to 1 MiB"],
            ),
            (
                "limits:\n  message_bytes: 262144",
                2,
                &["'262144' is not a size from 1 B to 64 MiB", "unit"],
            ),
            (
                "limits:\n  queue_bytes: 0 MiB",
                2,
                &["'0 MiB' is not a size", "4 GiB", "0 never means unlimited"],
            ),
            (
                "limits:\n  idle_timeout: 25h",
                2,
                &["'25h' is not a time", "at most 1day"],
            ),
            ("server:\n  max_connections: 20001", 2, &["'20001' is not"]),
            ("server:\n  encoding: rot13", 2, &["rot13", "classic"]),
            (
                "security:\n  allowed_ips:\n    - ::1\n    - 10.0.0.0/33",
                4,
                &["'10.0.0.0/33' is not"],
            ),
            (
                "security:\n  tailscale_enabled: maybe",
                2,
                &["'maybe' is not true or false"],
            ),
            (
                "security:\n  allowed_hosts: [\"broker:80\"]",
                2,
                &["'broker:80' is not the name of a host without scheme, port"],
            ),
            (
                "security:\n  allowed_origins:\n    - \"*\"",
                3,
                &["'*' lets every page of the internet use this broker"],
            ),
            (
                "security:\n  allowed_origins: [\"null\"]",
                2,
                &["the origin of files, sandboxes and redirections"],
            ),
            (
                "security:\n  allowed_origins: [\"http://a/b\"]",
                2,
                &["'http://a/b' is not an origin: scheme, host and port"],
            ),
            (
                "security:\n  trusted_proxies: [proxy]",
                2,
                &["'proxy' is not an address or a network"],
            ),
            ("logging:\n  level: loud", 2, &["loud", "error"]),
            ("server:\n  port: 1\n  port: 2", 3, &["port"]),
            ("server: [", 1, &[]),
        ];
        for (text, line, words) in cases {
            let error = parse(text).unwrap_err();
            println!("{error}");
            assert!(
                error.starts_with(&format!("config.yaml, line {line}: ")),
                "{text}: {error}"
            );
            for word in words {
                assert!(error.contains(word), "{text}: {error} (no {word})");
            }
        }
    }
}
