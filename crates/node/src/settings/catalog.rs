//! Which settings there are, with what they mean: read from the example, so that
//! the file and the settings page never say different things.

use std::sync::LazyLock;

use moustique_monitor::SettingKind;

use crate::load::EXAMPLE;

/// Spaces by which the example indents.
const INDENT: usize = 2;

/// Keys with a list of texts.
const LISTS: [&str; 5] = [
    "security.allowed_ips",
    "security.blocked_peers",
    "security.trusted_proxies",
    "security.allowed_hosts",
    "security.allowed_origins",
];

/// Keys with one of a few words.
const CHOICES: [(&str, &[&str]); 3] = [
    ("server.encoding", &["classic", "inner", "plain"]),
    ("database.durability", &["memory", "process", "power"]),
    ("logging.level", &["error", "warn", "info", "debug"]),
];

/// The key with rules of several keys each.
const RULES: &str = "retention.policies";

/// One key of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path, such as `server.port`.
    pub(super) key: String,
    /// What the example says of it, a paragraph a line.
    pub(super) meaning: String,
    /// What holds when it is left out; `None` where there is no such value.
    pub(super) default: Option<String>,
    pub(super) kind: SettingKind,
}

/// Every key that has a value of its own, in the order of the example.
pub(super) fn entries() -> &'static [Entry] {
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| read(EXAMPLE));
    &ENTRIES
}

/// Whether there is such a key.
pub(super) fn find(key: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.key == key)
}

fn read(example: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    let mut comment = Vec::new();
    for line in example.lines() {
        let Line { depth, content } = Line::read(line);
        match content {
            Content::Nothing => comment.clear(),
            Content::Comment(text) => comment.push(text),
            // Part of the value of the key above.
            Content::Key { .. } if depth > path.len() => {}
            Content::Item => {}
            Content::Key {
                name,
                value,
                is_left_out,
            } => {
                path.truncate(depth);
                path.push(name);
                let key = path.join(".");
                let meaning = paragraphs(&std::mem::take(&mut comment));
                let is_section = value.is_empty() && !LISTS.contains(&&*key) && key != RULES;
                if is_section {
                    continue;
                }
                let default = (!is_left_out).then(|| value.to_owned());
                path.pop();
                entries.push(Entry {
                    kind: kind_of(&key, default.as_deref()),
                    key,
                    meaning,
                    default,
                });
            }
        }
    }
    entries
}

fn kind_of(key: &str, default: Option<&str>) -> SettingKind {
    let choices = CHOICES.iter().find(|(of, _)| *of == key);
    match default {
        _ if key == RULES => SettingKind::Rules,
        _ if LISTS.contains(&key) => SettingKind::List,
        Some("true" | "false") => SettingKind::Switch,
        _ => match choices {
            Some((_, words)) => SettingKind::Choice {
                choices: words.iter().map(ToString::to_string).collect(),
            },
            None => SettingKind::Text,
        },
    }
}

/// A line of the example, without the sign of a key that is left out.
struct Line<'a> {
    /// How many keys it is below.
    depth: usize,
    content: Content<'a>,
}

enum Content<'a> {
    Nothing,
    Comment(&'a str),
    /// An item of a list, which is there to show what one looks like.
    Item,
    Key {
        name: &'a str,
        value: &'a str,
        is_left_out: bool,
    },
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Self {
        let text = line.trim_start();
        let spaces = line.len() - text.len();
        let at = |spaces: usize, content| Self {
            depth: spaces / INDENT,
            content,
        };
        let Some(commented) = text.strip_prefix("# ") else {
            return at(spaces, Content::plain(text, false));
        };
        let inner = commented.trim_start();
        let deeper = spaces + commented.len() - inner.len();
        match Content::plain(inner, true) {
            content @ (Content::Key { .. } | Content::Item) => at(deeper, content),
            content @ Content::Comment(_) if inner.starts_with("# ") => at(deeper, content),
            _ => at(spaces, Content::Comment(commented)),
        }
    }
}

impl<'a> Content<'a> {
    fn plain(text: &'a str, is_left_out: bool) -> Self {
        if text.is_empty() {
            return Self::Nothing;
        }
        if text.starts_with("- ") {
            return Self::Item;
        }
        if let Some(comment) = text.strip_prefix("# ") {
            return Self::Comment(comment);
        }
        let is_name = |name: &str| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        match text.split_once(':') {
            Some((name, value))
                if is_name(name) && (value.is_empty() || value.starts_with(' ')) =>
            {
                Self::Key {
                    name,
                    value: value.trim_start(),
                    is_left_out,
                }
            }
            _ => Self::Comment(text),
        }
    }
}

/// Lines that were broken to fit are put together; those that are indented, as
/// the words of a choice are, stay lines.
fn paragraphs(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        if !text.is_empty() {
            text.push(if line.starts_with(' ') { '\n' } else { ' ' });
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, keys_of};
    use std::path::Path;

    #[test]
    fn every_key_has_its_entry_and_no_other() {
        let sections = [
            "server",
            "server.tls",
            "database",
            "retention",
            "retention.default",
            "security",
            "limits",
            "logging",
            "performance",
        ];
        let mut expected: Vec<String> = sections
            .iter()
            .flat_map(|section| {
                let keys = keys_of(section).into_iter();
                keys.map(move |key| format!("{section}.{key}"))
            })
            .filter(|key| !sections.contains(&key.as_str()))
            .collect();
        let mut found: Vec<String> = entries().iter().map(|entry| entry.key.clone()).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_entry_says_what_the_example_says() {
        let port = find("server.port").unwrap();
        assert_eq!(
            port.meaning,
            "The port that devices publish to and browsers open. 1 to 65535, or 0 for any free one."
        );
        assert_eq!(port.default.as_deref(), Some("33334"));
        assert_eq!(port.kind, SettingKind::Text);
        let durability = find("database.durability").unwrap();
        assert!(durability.meaning.contains("\n  power    It survives"));
        assert_eq!(find("server.announce").unwrap().kind, SettingKind::Switch);
        let file = find("logging.file").unwrap();
        assert_eq!(file.default, None);
        let nested = find("server.tls.certificate").unwrap();
        assert!(
            nested.meaning.starts_with("PEM files"),
            "{}",
            nested.meaning
        );
        assert_eq!(find("retention.policies").unwrap().kind, SettingKind::Rules);
        let peers = find("security.blocked_peers").unwrap();
        assert_eq!(peers.kind, SettingKind::List);
        assert!(!peers.meaning.is_empty());
        assert!(entries().iter().all(|entry| entry.key != "server.tls"));
    }

    #[test]
    fn a_kind_is_what_the_configuration_takes() {
        let takes = |key: &str, value: &str| {
            let (section, name) = key.rsplit_once('.').unwrap();
            let text = section
                .split('.')
                .enumerate()
                .map(|(depth, name)| format!("{}{name}:\n", " ".repeat(depth)))
                .collect::<String>();
            let depth = section.split('.').count();
            let text = format!("{text}{}{name}: {value}\n", " ".repeat(depth));
            Config::parse(&text, Path::new("c.yaml")).is_ok()
        };
        for Entry { key, kind, .. } in entries() {
            match kind {
                SettingKind::Switch => assert!(takes(key, "true") && takes(key, "false")),
                SettingKind::Choice { choices } => {
                    assert!(choices.iter().all(|word| takes(key, word)), "{key}");
                    assert!(!takes(key, "another"), "{key}");
                }
                SettingKind::List | SettingKind::Rules => {
                    assert!(takes(key, "[]") && !takes(key, "true"), "{key}");
                }
                SettingKind::Text => assert!(!takes(key, "[1, 2]"), "{key}"),
            }
        }
    }
}
