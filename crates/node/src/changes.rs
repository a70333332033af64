//! What is another in one configuration than in another one, by the names of its
//! keys.

use moustique_http::PasswordHash;
use moustique_monitor::{Certificate, Reloaded};

use crate::config::Config;
use crate::rules::Rules;

/// What holds for a broker that runs.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) config: Config,
    password: Option<PasswordHash>,
    pub(crate) certificate: Option<Certificate>,
}

impl Held {
    pub(crate) fn new(config: Config, rules: &Rules) -> Self {
        Self {
            config,
            password: rules.settings.password.clone(),
            certificate: rules.certificate.clone(),
        }
    }
}

/// Each key with whether it is another in the two configurations.
macro_rules! compared {
    ($one:expr, $other:expr; $($section:ident: $($key:ident),+;)+) => {
        [$($((
            concat!(stringify!($section), ".", stringify!($key)),
            $one.$section.$key != $other.$section.$key,
        )),+),+]
    };
}

/// What is another than it was, for a broker that was started with the first
/// configuration.
pub(crate) fn between(started: &Config, before: &Held, now: &Held) -> Reloaded {
    let waiting = waiting(started, &now.config);
    let policies = "retention.policies";
    let applied = keys(&at_once(&before.config, &now.config))
        .into_iter()
        // Those of other filters wait whole.
        .filter(|key| !(*key == policies && waiting.contains(key)))
        .chain(keys(&of_files(started, before, now)));
    Reloaded {
        applied: applied.map(String::from).collect(),
        waiting: waiting.into_iter().map(String::from).collect(),
    }
}

/// The keys that are bound at the start, and take effect only at the next one.
fn waiting(started: &Config, wanted: &Config) -> Vec<&'static str> {
    let (kept, keeps) = (started.retention.core(), wanted.retention.core());
    let tls_port = |config: &Config| config.server.tls.as_ref().map(|tls| tls.port);
    let bound = compared!(started, wanted;
        server: port, host;
        database: path, durability;
    );
    let others = [
        ("server.tls.port", tls_port(started) != tls_port(wanted)),
        ("retention.policies", !kept.has_filters_of(&keeps)),
    ];
    keys(&[&bound[..], &others].concat())
}

/// The keys whose own value takes effect at once.
fn at_once(before: &Config, now: &Config) -> Vec<(&'static str, bool)> {
    let keys = compared!(before, now;
        server: timeout, max_connections, encoding, announce;
        security: allowed_ips, blocked_peers, tailscale_enabled, trusted_proxies, allowed_hosts,
            allowed_origins;
        limits: connections_per_peer, requests_per_second_per_peer, idle_timeout, reader_timeout,
            headers, head_bytes, body_bytes, body_timeout, batch_messages, streams, form_fields,
            field_name_bytes, topic_bytes, topic_levels, name_bytes, message_bytes, topics,
            values_bytes, clients, filters_per_client, filters, queue_messages, queue_bytes,
            queues_bytes, pickup_messages, pickup_bytes, repeat_window, repeats, publishers,
            publisher_topics, publishers_bytes, regex_bytes, regex_compiled_bytes, regex_time,
            regex_results, regex_result_bytes, regex_searches;
        retention: total, default, policies;
        logging: level, file;
        performance: message_queue_timeout, poster_stats_timeout, maintenance_interval;
    );
    keys.into()
}

/// The keys that name files, of which the content counts.
fn of_files(started: &Config, before: &Held, now: &Held) -> [(&'static str, bool); 2] {
    let files = |held: &Held| held.config.security.password_file.clone();
    let is_other_password = before.password != now.password || files(before) != files(now);
    // A port that was not opened at the start, or is to be closed, takes none.
    let has_port = started.server.tls.is_some() && now.config.server.tls.is_some();
    [
        ("security.password_file", is_other_password),
        (
            "server.tls.certificate",
            has_port && before.certificate != now.certificate,
        ),
    ]
}

fn keys(compared: &[(&'static str, bool)]) -> Vec<&'static str> {
    let changed = compared.iter().filter(|(_, is_another)| *is_another);
    changed.map(|(key, _)| *key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys_of;
    use std::path::Path;

    fn held(text: &str) -> Held {
        Held {
            config: Config::parse(text, Path::new("c.yaml")).unwrap(),
            password: None,
            certificate: None,
        }
    }

    #[test]
    fn what_is_bound_at_the_start_waits_and_the_rest_does_not() {
        let started = held("");
        for (text, applied, waiting) in [
            ("", &[][..], &[][..]),
            (
                "server:\n  timeout: 1s\n  max_connections: 1\n",
                &["server.timeout", "server.max_connections"],
                &[],
            ),
            (
                "retention:\n  total: 2 MiB\n  default:\n    age: 1s\n",
                &["retention.total", "retention.default"],
                &[],
            ),
            (
                "server:\n  port: 1\n  host: 127.0.0.1\nlogging:\n  level: debug\n",
                &["logging.level"],
                &["server.port", "server.host"],
            ),
            ("server:\n  tls:\n    port: 1\n", &[], &["server.tls.port"]),
            (
                "database:\n  path: a.db\n  durability: power\n",
                &[],
                &["database.path", "database.durability"],
            ),
            (
                "retention:\n  policies:\n    - filter: /a\n",
                &[],
                &["retention.policies"],
            ),
        ] {
            let changed = between(&started.config, &started, &held(text));
            assert_eq!(changed.applied, applied, "{text}");
            assert_eq!(changed.waiting, waiting, "{text}");
        }
        // What a policy keeps holds at once, where its filter is that of the start.
        let policy = |age: &str| {
            held(&format!(
                "retention:\n  policies:\n    - filter: /a\n      age: {age}\n"
            ))
        };
        let (one, other) = (policy("1s"), policy("2s"));
        let changed = between(&one.config, &one, &other);
        assert_eq!(changed.applied, ["retention.policies"]);
        assert!(changed.waiting.is_empty());
    }

    #[test]
    fn it_is_told_from_what_held_before_and_not_from_the_start() {
        let (started, second) = (held(""), held("logging:\n  level: debug\n"));
        let first = between(&started.config, &second, &started);
        assert_eq!(first.applied, ["logging.level"], "set back");
        let again = between(
            &started.config,
            &second,
            &held("logging:\n  level: debug\n"),
        );
        assert_eq!(again, Reloaded::default());
    }

    #[test]
    fn the_content_of_a_file_counts_for_its_key() {
        let hash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$XV5G/gCXGvgi42KGbLmsPA";
        let certificate = |fingerprint: &str| {
            Some(Certificate {
                fingerprint: fingerprint.into(),
                self_signed: true,
                ends_at: 0,
                warn_from: 0,
            })
        };
        let text = "server:\n  tls: {}\nsecurity:\n  password_file: p\n";
        let one = Held {
            certificate: certificate("A"),
            ..held(text)
        };
        let other = Held {
            password: Some(PasswordHash::parse(hash).unwrap()),
            certificate: certificate("B"),
            ..held(text)
        };
        let changed = between(&one.config, &one, &other);
        let both = ["security.password_file", "server.tls.certificate"];
        assert_eq!(changed.applied, both);
        // Without the port, its certificate serves nobody.
        let changed = between(&held("").config, &one, &other);
        assert_eq!(changed.applied, ["security.password_file"]);
        assert_eq!(changed.waiting, ["server.tls.port"]);
    }

    /// A key that stood in neither list could change without a word.
    #[test]
    fn every_key_is_compared() {
        let default = held("");
        let mut known: Vec<_> = at_once(&default.config, &default.config)
            .into_iter()
            .chain(of_files(&default.config, &default, &default))
            .map(|(key, _)| key)
            .collect();
        known.extend([
            "server.port",
            "server.host",
            "server.tls",
            "database.path",
            "database.durability",
        ]);
        for section in keys_of("") {
            for key in keys_of(&section) {
                let key = format!("{section}.{key}");
                assert!(known.contains(&key.as_str()), "{key}");
            }
        }
    }
}
