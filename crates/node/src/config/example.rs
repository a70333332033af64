//! What the example says, held against what there is.

use std::path::Path;
use std::time::Duration;

use crate::config::Config;
use crate::load::EXAMPLE;

/// The keys of a section, such as `server.tls`: the error about a key that nobody
/// has names those that there are.
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
