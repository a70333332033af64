//! Changes in the text of the configuration file. What somebody wrote there by
//! hand stays as it is, comments and order included.

use moustique_monitor::{SettingChange, SettingKind, SettingValue};
use serde_json::{Map, Value};
use thiserror::Error;
use yaml_edit::{Document, Mapping, Sequence};

use super::catalog::{self, Entry};

/// Keys with a second name, which older files have.
const ALIASES: [(&str, &str); 1] = [("security.allowed_ips", "allowed_peers")];

/// Why the text cannot be changed.
#[derive(Debug, Error)]
pub(super) enum EditError {
    #[error("there is no setting '{0}'")]
    Unknown(String),
    #[error("'{0}' has rules of several keys each: change them in the file")]
    Rules(String),
    #[error("'{key}' takes {expected}")]
    Kind { key: String, expected: &'static str },
    #[error("the file is no YAML that can be read: {0}")]
    Unreadable(String),
    #[error("'{0}' is written in a way that cannot be changed from here: change it in the file")]
    Unusual(String),
}

/// The text with these changes in it.
///
/// # Errors
/// When there is no such key, it takes no such value, or the way in which the file
/// is written leaves no room for it.
pub(super) fn edited(text: &str, changes: &[SettingChange]) -> Result<String, EditError> {
    let mut text = text.to_owned();
    for change in changes {
        text = with(&text, change)?;
    }
    Ok(text)
}

fn with(text: &str, change: &SettingChange) -> Result<String, EditError> {
    let SettingChange { key, value } = change;
    let entry = catalog::find(key).ok_or_else(|| EditError::Unknown(key.clone()))?;
    let value = value.as_ref().map(|value| scalar(entry, value));
    let value = value.transpose()?;
    let before = tree(text)?;
    let path = path(&before, key);
    let mut expected = before.clone();
    put(&mut expected, &path, value.clone());
    let edited = match value {
        Some(value) if before.is_null() => begun(text, &path, &value),
        Some(value) => set(text, &path, &value),
        None => removed(text, &path),
    };
    // What else is in the file must be what it was: such a library may fail in
    // ways that nobody has thought of, and the file is the user's.
    match edited {
        Some(edited) if tree(&edited).is_ok_and(|after| same(&after, &expected)) => Ok(edited),
        _ => Err(EditError::Unusual(key.clone())),
    }
}

/// The path of a key, by the name that the file has for it.
fn path<'a>(tree: &Value, key: &'a str) -> Vec<&'a str> {
    let mut path: Vec<&str> = key.split('.').collect();
    for (name, alias) in ALIASES {
        if name == key
            && let Some(last) = path.last_mut()
        {
            let section = key.split('.').next().unwrap_or_default();
            if tree.get(section).and_then(|keys| keys.get(alias)).is_some() {
                *last = alias;
            }
        }
    }
    path
}

/// A value as YAML has it: what looks like a number or a truth is one, as a person
/// would write it.
fn scalar(entry: &Entry, value: &SettingValue) -> Result<Value, EditError> {
    let wrong = |expected| EditError::Kind {
        key: entry.key.clone(),
        expected,
    };
    match (&entry.kind, value) {
        (SettingKind::Rules, _) => Err(EditError::Rules(entry.key.clone())),
        (SettingKind::List, SettingValue::Many(items)) => Ok(items.iter().cloned().collect()),
        (SettingKind::List, SettingValue::One(_)) => Err(wrong("a list")),
        (_, SettingValue::Many(_)) => Err(wrong("one value, not a list")),
        (_, SettingValue::One(text)) => {
            let number = text.parse::<i64>().ok();
            let number = number.filter(|number| number.to_string() == *text);
            Ok(match (text.as_str(), number) {
                ("true", _) => Value::Bool(true),
                ("false", _) => Value::Bool(false),
                (_, Some(number)) => number.into(),
                _ => Value::String(text.clone()),
            })
        }
    }
}

/// What the text says, whatever it looks like. Nothing at all is `null`.
pub(super) fn tree(text: &str) -> Result<Value, EditError> {
    let tree = serde_saphyr::from_str::<Option<Value>>(text);
    tree.map(Option::unwrap_or_default)
        .map_err(|error| EditError::Unreadable(error.without_snippet().to_string()))
}

/// What a tree says of a key.
pub(super) fn value<'a>(tree: &'a Value, key: &str) -> Option<&'a Value> {
    let mut names = path(tree, key).into_iter();
    let value = names.try_fold(tree, |place, name| place.get(name))?;
    (!value.is_null()).then_some(value)
}

fn put(tree: &mut Value, path: &[&str], value: Option<Value>) {
    let Some((last, sections)) = path.split_last() else {
        return;
    };
    let mut place = tree;
    for section in sections {
        if !place.is_object() {
            *place = Map::new().into();
        }
        let Some(keys) = place.as_object_mut() else {
            return;
        };
        place = keys.entry(*section).or_insert(Value::Null);
    }
    if !place.is_object() {
        *place = Map::new().into();
    }
    if let Some(keys) = place.as_object_mut() {
        match value {
            Some(value) => drop(keys.insert((*last).to_owned(), value)),
            None => drop(keys.remove(*last)),
        }
    }
}

/// Whether two trees say the same: a section without a key says nothing.
fn same(one: &Value, other: &Value) -> bool {
    fn is_nothing(value: &Value) -> bool {
        value.is_null()
            || value
                .as_object()
                .is_some_and(|keys| keys.values().all(is_nothing))
    }
    match (one.as_object(), other.as_object()) {
        (Some(one), Some(other)) => {
            let names = one.keys().chain(other.keys());
            names.into_iter().all(|name| {
                let of = |keys: &Map<String, Value>| keys.get(name).cloned().unwrap_or_default();
                same(&of(one), &of(other))
            })
        }
        _ => one == other || (is_nothing(one) && is_nothing(other)),
    }
}

/// A text without any key gets its first one, behind its comments.
fn begun(text: &str, path: &[&str], value: &Value) -> Option<String> {
    let document = Document::new_mapping();
    fill(&document.as_mapping()?, path, value)?;
    let mut text = text.trim_end().to_owned();
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(document.to_string().trim_start());
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Some(text)
}

fn set(text: &str, path: &[&str], value: &Value) -> Option<String> {
    let document: Document = text.parse().ok()?;
    fill(&document.as_mapping()?, path, value)?;
    Some(document.to_string())
}

fn fill(mapping: &Mapping, path: &[&str], value: &Value) -> Option<()> {
    let (name, below) = path.split_first()?;
    if below.is_empty() {
        match value {
            Value::Bool(is_on) => mapping.set(*name, *is_on),
            Value::Number(number) => mapping.set(*name, number.as_i64()?),
            Value::Array(items) => {
                let list = Sequence::new();
                for item in items {
                    list.push(item.as_str()?);
                }
                mapping.set(*name, list);
            }
            value => mapping.set(*name, value.as_str()?),
        }
        return Some(());
    }
    match mapping.get_mapping(*name) {
        Some(section) => fill(&section, below, value),
        None => {
            let section = Mapping::new();
            fill(&section, below, value)?;
            mapping.set(*name, section);
            Some(())
        }
    }
}

fn removed(text: &str, path: &[&str]) -> Option<String> {
    let Ok(document) = text.parse::<Document>() else {
        // There is no key in it at all.
        return Some(text.to_owned());
    };
    let (last, sections) = path.split_last()?;
    let mut place = document.as_mapping()?;
    for section in sections {
        match place.get_mapping(*section) {
            Some(below) => place = below,
            None => return Some(text.to_owned()),
        }
    }
    place.remove(*last);
    Some(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::EXAMPLE;

    fn one(key: &str, value: &str) -> SettingChange {
        SettingChange {
            key: key.to_owned(),
            value: Some(SettingValue::One(value.to_owned())),
        }
    }

    fn none(key: &str) -> SettingChange {
        SettingChange {
            key: key.to_owned(),
            value: None,
        }
    }

    fn many(key: &str, items: &[&str]) -> SettingChange {
        SettingChange {
            key: key.to_owned(),
            value: Some(SettingValue::Many(
                items.iter().map(ToString::to_string).collect(),
            )),
        }
    }

    #[test]
    fn a_value_changes_and_nothing_else() {
        let table = [
            ("", one("server.port", "8080"), "server:\n  port: 8080\n"),
            (
                "# Mine.\n",
                one("server.port", "8080"),
                "# Mine.\n\nserver:\n  port: 8080\n",
            ),
            (
                "server:\n  # The old one was 1.\n  port: 2 # for the pump\n",
                one("server.port", "8080"),
                "server:\n  # The old one was 1.\n  port: 8080 # for the pump\n",
            ),
            (
                "server:\n    host: \"::1\"\nlogging:\n    level: info\n",
                one("server.port", "8080"),
                "server:\n    host: \"::1\"\n    port: 8080\nlogging:\n    level: info\n",
            ),
            (
                "server: {host: 127.0.0.1}\n",
                one("server.announce", "false"),
                "server: {host: 127.0.0.1, announce: false}\n",
            ),
            (
                "server:\n  # port: 1\n",
                one("server.port", "8080"),
                "server:\n  port: 8080\n  # port: 1\n",
            ),
            (
                "server:\n  port: 1\n",
                one("retention.default.age", "30d"),
                "server:\n  port: 1\nretention:\n  default:\n    age: 30d\n",
            ),
            (
                "server:\r\n  port: 1 # c\r\n",
                one("server.port", "8080"),
                "server:\r\n  port: 8080 # c\r\n",
            ),
            (
                "server:\n  port: 1\n  host: 127.0.0.1\n",
                none("server.port"),
                "server:\n  host: 127.0.0.1\n",
            ),
            (
                "security:\n  allowed_peers: [10.0.0.0/8]\n",
                many("security.allowed_ips", &["::1"]),
                "security:\n  allowed_peers:\n    - '::1'\n",
            ),
            ("# Mine.\n", none("server.port"), "# Mine.\n"),
            (
                "base: &base\n  port: 1\nserver: *base\n",
                one("server.port", "2"),
                "base: &base\n  port: 1\nserver:\n  port: 2\n",
            ),
        ];
        for (before, change, after) in table {
            let edited = edited(before, std::slice::from_ref(&change));
            assert_eq!(edited.unwrap(), after, "{before:?} {change:?}");
        }
    }

    #[test]
    fn several_changes_are_made_one_after_another() {
        let changes = [
            one("server.tls.port", "33335"),
            one("server.tls.certificate", "/etc/c d.pem"),
            many("security.blocked_peers", &[]),
            one("logging.level", "debug"),
        ];
        assert_eq!(
            edited("# Mine.\n", &changes).unwrap(),
            "# Mine.\n\nserver:\n  tls:\n    port: 33335\n    certificate: /etc/c d.pem\nsecurity:\n  \
             blocked_peers: []\nlogging:\n  level: debug\n"
        );
    }

    #[test]
    fn every_key_of_the_example_can_be_set_and_removed() {
        for entry in catalog::entries() {
            let change = match entry.kind {
                SettingKind::List => many(&entry.key, &["10.0.0.0/8", "a: b # c", "- x"]),
                SettingKind::Rules => continue,
                _ => one(&entry.key, "another: value # \"x\""),
            };
            let set = edited(EXAMPLE, &[change]).unwrap();
            let lines = |text: &str| text.lines().filter(|line| line.contains('#')).count();
            assert!(
                lines(&set) >= lines(EXAMPLE),
                "{} loses comments",
                entry.key
            );
            let removed = edited(&set, &[none(&entry.key)]).unwrap();
            assert!(lines(&removed) >= lines(EXAMPLE) - 1, "{}", entry.key);
        }
    }

    #[test]
    fn what_cannot_be_changed_is_refused() {
        let table = [
            ("", one("server.prot", "1"), "no setting 'server.prot'"),
            ("", one("server", "1"), "no setting 'server'"),
            ("", one("security.allowed_ips", "::1"), "takes a list"),
            ("", many("server.port", &["1"]), "one value"),
            ("", one("retention.policies", "x"), "in the file"),
            ("server: [\n", one("server.port", "1"), "no YAML"),
            (
                "server:\n  port: 5\n---\nserver:\n  port: 6\n",
                one("server.port", "2"),
                "no YAML that can be read",
            ),
        ];
        for (text, change, expected) in table {
            let error = edited(text, std::slice::from_ref(&change)).unwrap_err();
            assert!(error.to_string().contains(expected), "{text:?}: {error}");
        }
    }
}
