//! Reading the configuration.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_saphyr::UserMessageFormatter;

use crate::config::Config;
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
}

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

impl ConfigSource {
    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// When the file cannot be read, is no YAML, has an unknown key or a bad
    /// value.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let file = &self.paths.config;
        match read(file) {
            Ok(text) => Config::parse(&text, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.required => {
                Ok(Config::default())
            }
            Err(error) => Err(ConfigError {
                file: file.clone(),
                line: None,
                reason: format!("it cannot be read: {error}"),
            }),
        }
    }
}

fn read(file: &Path) -> io::Result<String> {
    let bytes = std::fs::metadata(file)?.len();
    if bytes > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it has {bytes} bytes; at most {MAX_BYTES} are expected"
        )));
    }
    std::fs::read_to_string(file)
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

/// The keys of a section, such as `server.tls`: the error about a key that nobody
/// has names those that there are.
#[cfg(test)]
pub(crate) fn keys_of(section: &str) -> Vec<String> {
    let names = section.split('.').filter(|name| !name.is_empty());
    let mut text = String::new();
    let mut depth = 0;
    for name in names {
        text.push_str(&format!("{}{name}:\n", "  ".repeat(depth)));
        depth += 1;
    }
    text.push_str(&format!("{}nobody_has_it: 1\n", "  ".repeat(depth)));
    let error = Config::parse(&text, Path::new("c.yaml")).unwrap_err();
    let error = error.to_string();
    let (_, list) = error.split_once("expected").unwrap();
    let separators = |c: char| !(c.is_ascii_lowercase() || c == '_');
    let keys: Vec<_> = list
        .split(separators)
        .filter(|word| !["", "one", "of", "or", "allowed_peers"].contains(word))
        .map(String::from)
        .collect();
    assert!(keys.len() > 1, "{error}");
    keys
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
    fn the_example_is_the_default() {
        assert_eq!(parse(EXAMPLE), Ok(Config::default()));
    }

    /// Whoever takes the comment signs off an example key gets a valid file.
    #[test]
    fn the_commented_keys_of_the_example_are_valid() {
        let mut text = String::new();
        for line in EXAMPLE.lines() {
            let key = line.trim_start().strip_prefix("# ").unwrap_or("");
            let is_key = key.starts_with("path: ")
                || key.starts_with("file: ")
                || key.starts_with("password_file: ")
                || key.starts_with("tls:")
                || ["port:", "certificate:", "key:"].iter().any(|start| {
                    key.strip_prefix("  ")
                        .is_some_and(|key| key.starts_with(start))
                })
                || key.starts_with("allowed_ips:")
                || key.starts_with("blocked_peers:")
                || key.starts_with("trusted_proxies:")
                || key.starts_with("allowed_hosts:")
                || key.starts_with("allowed_origins:")
                || key.starts_with("policies:")
                || ["- ", "age:", "messages:", "bytes:", "values:"]
                    .iter()
                    .any(|start| key.trim_start().starts_with(start));
            text.push_str(&if is_key {
                format!("  {key}")
            } else {
                line.to_owned()
            });
            text.push('\n');
        }
        let config = parse(&text).unwrap();
        assert!(config.database.path.is_some() && config.logging.file.is_some());
        assert_eq!(config.security.allowed_ips.map(|ips| ips.len()), Some(2));
        assert_eq!(config.security.blocked_peers.len(), 1);
        assert_eq!(config.security.trusted_proxies.len(), 1);
        assert_eq!(config.security.allowed_hosts.len(), 1);
        assert_eq!(config.security.allowed_origins.len(), 1);
        assert!(config.security.password_file.is_some());
        assert!(config.server.tls.is_some_and(|tls| tls.files.is_some()));
        assert_eq!(config.retention.policies.len(), 1);
    }

    #[test]
    fn every_key_that_there_is_stands_in_the_example() {
        let sections = [
            "",
            "server",
            "server.tls",
            "database",
            "security",
            "limits",
            "retention",
            "retention.default",
            "logging",
            "performance",
        ];
        for section in sections {
            for key in keys_of(section) {
                let is_there = EXAMPLE.lines().any(|line| {
                    let line = line.trim_start_matches([' ', '#', '-']);
                    line.starts_with(&format!("{key}:"))
                });
                assert!(is_there, "{section}: {key}");
            }
        }
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

    /// Every key of the section, each with a value of its own, is what the parts
    /// of the broker are made with.
    #[test]
    fn every_limit_that_is_given_holds() {
        let keys: Vec<&str> = EXAMPLE
            .split_once("\nlimits:\n")
            .and_then(|(_, rest)| rest.split_once("\nlogging:\n"))
            .map(|(limits, _)| limits.lines())
            .unwrap()
            .filter_map(|line| line.trim().split_once(": "))
            .map(|(key, _)| key)
            .filter(|key| !key.starts_with('#'))
            .collect();
        let mut text = "limits:\n".to_owned();
        for (key, number) in keys.iter().zip(11..) {
            let unit = match *key {
                "head_bytes" => " KiB",
                key if key.ends_with("_bytes") => " B",
                key if key.ends_with("_timeout") || key.ends_with("_window") => "s",
                "regex_time" => "s",
                _ => "",
            };
            text.push_str(&format!("  {key}: {number}{unit}\n"));
        }
        let config = parse(&text).unwrap();
        let http = config.limits.http(1, Duration::from_secs(2));
        let form = config.limits.form();
        let core = config.limits.core();
        let seconds = |time: Duration| usize::try_from(time.as_secs()).unwrap();
        let held = [
            http.peer_connections,
            http.requests_per_second,
            seconds(http.idle),
            seconds(http.reader),
            http.headers,
            http.head_bytes / 1024,
            http.body_bytes,
            seconds(http.body),
            http.batch_messages,
            http.streams,
            form.fields,
            form.name_bytes,
            core.topic_bytes,
            core.topic_levels,
            core.name_bytes,
            core.message_bytes,
            core.topics,
            core.values_bytes,
            core.clients,
            core.filters_per_client,
            core.filters,
            core.queue_messages,
            core.queue_bytes,
            core.queues_bytes,
            core.pickup_messages,
            core.pickup_bytes,
            seconds(core.repeat_window),
            core.repeats,
            core.publishers,
            core.publisher_topics,
            core.publishers_bytes,
            core.regex_bytes,
            core.regex_compiled_bytes,
            seconds(core.regex_time),
            core.regex_results,
            core.regex_result_bytes,
            core.regex_searches,
        ];
        assert_eq!(held.len(), keys.len());
        assert!(held.into_iter().eq(11..11 + keys.len()), "{held:?}");
        assert_eq!((http.connections, seconds(http.first_request)), (1, 2));
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

    #[test]
    fn a_missing_file_is_the_default_only_where_nobody_named_it() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_folder(folder.path());
        let source = |required| ConfigSource {
            paths: paths.clone(),
            required,
        };
        assert_eq!(source(false).load().unwrap(), Config::default());
        let error = source(true).load().unwrap_err().to_string();
        assert!(error.contains("config.yaml: it cannot be read"), "{error}");
    }
}
