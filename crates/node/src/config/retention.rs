//! What stays in the log, and for how long.

use std::time::Duration;

use moustique_core::{Filter, Keep, Limits, MAX_POLICIES};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::bounded::{Count, GIB, KIB, MIB, Size, Time, above_zero};

const DAY: u64 = 24 * 60 * 60;

/// The longest that anything can be kept by its age: ten years.
const MAX_AGE: u64 = 10 * 365 * DAY;

/// The least that a database can be bounded to: below, it has no room for the
/// pages that every database has.
const MIN_TOTAL: u64 = MIB;

/// The word for a value that no age takes away.
const FOREVER: &str = "forever";

/// What stays in the log: see [`moustique_core::Retention`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// The database, in all.
    pub total: Size<MIN_TOTAL, { 1024 * GIB }>,
    /// What holds for topics that no policy names.
    #[serde(deserialize_with = "super::section")]
    pub default: KeepOptions,
    /// What holds for the topics that a filter matches, first match first.
    #[serde(deserialize_with = "policies")]
    pub policies: Vec<Policy>,
}

/// What is kept of the topics that one filter matches.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The topics.
    #[serde(deserialize_with = "filter")]
    pub filter: Filter,
    /// Age.
    #[serde(default = "default_age")]
    pub age: Time<MAX_AGE>,
    /// Messages.
    #[serde(default = "default_messages")]
    pub messages: Count<1_000_000_000>,
    /// Bytes.
    #[serde(default = "default_bytes")]
    pub bytes: Size<KIB, { 1024 * GIB }>,
    /// The age of values.
    #[serde(default, deserialize_with = "values")]
    pub values: Option<Duration>,
}

/// What is kept where no policy says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeepOptions {
    /// Age.
    pub age: Time<MAX_AGE>,
    /// Messages.
    pub messages: Count<1_000_000_000>,
    /// Bytes.
    pub bytes: Size<KIB, { 1024 * GIB }>,
    /// The age of values.
    #[serde(deserialize_with = "values")]
    pub values: Option<Duration>,
}

impl Retention {
    /// The same as the broker takes it.
    #[must_use]
    pub fn core(&self) -> moustique_core::Retention {
        let KeepOptions {
            age,
            messages,
            bytes,
            values,
        } = &self.default;
        moustique_core::Retention {
            default: keep(*age, *messages, *bytes, *values),
            policies: self
                .policies
                .iter()
                .map(|policy| {
                    let keep = keep(policy.age, policy.messages, policy.bytes, policy.values);
                    (policy.filter.clone(), keep)
                })
                .collect(),
            total_bytes: self.total.get() as u64,
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        let core = moustique_core::Retention::default();
        Self {
            total: Size::of(whole(core.total_bytes)),
            default: KeepOptions::default(),
            policies: Vec::new(),
        }
    }
}

impl Default for KeepOptions {
    fn default() -> Self {
        Self {
            age: default_age(),
            messages: default_messages(),
            bytes: default_bytes(),
            values: Keep::default().values,
        }
    }
}

fn keep(
    age: Time<MAX_AGE>,
    messages: Count<1_000_000_000>,
    bytes: Size<KIB, { 1024 * GIB }>,
    values: Option<Duration>,
) -> Keep {
    Keep {
        age: age.get(),
        messages: messages.get() as u64,
        bytes: bytes.get() as u64,
        values,
    }
}

fn default_age() -> Time<MAX_AGE> {
    Time::of(Keep::default().age)
}

fn default_messages() -> Count<1_000_000_000> {
    Count::of(whole(Keep::default().messages))
}

fn default_bytes() -> Size<KIB, { 1024 * GIB }> {
    Size::of(whole(Keep::default().bytes))
}

fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Filter, D::Error> {
    let text = String::deserialize(deserializer)?;
    Filter::parse(&text, &Limits::default())
        .map_err(|reason| D::Error::custom(format!("'{text}' is no filter: {reason}")))
}

fn values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let expected = "forever, or a time above zero with its unit, such as 12h or 30d";
    above_zero(deserializer, expected, |text| {
        if text == FOREVER {
            return Some(None);
        }
        let age = humantime::parse_duration(text).ok()?;
        (!age.is_zero()).then_some(Some(age))
    })
}

fn policies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Policy>, D::Error> {
    let policies = Vec::<Policy>::deserialize(deserializer)?;
    if policies.len() > MAX_POLICIES {
        return Err(D::Error::custom(format!(
            "there are {} policies; at most {MAX_POLICIES} are expected",
            policies.len()
        )));
    }
    Ok(policies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::path::Path;

    fn parse(text: &str) -> Result<moustique_core::Retention, String> {
        Config::parse(text, Path::new("c.yaml"))
            .map(|config| config.retention.core())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        let default = moustique_core::Retention::default();
        for text in ["", "retention: {}", "retention:\n  default:\n"] {
            assert_eq!(parse(text), Ok(default.clone()), "{text}");
        }
    }

    #[test]
    fn policies_hold_in_their_order() {
        let read = parse(
            "retention:\n  total: 2 GiB\n  default:\n    age: 1d\n  policies:\n\
             \x20   - filter: /camera/#\n      messages: 100\n      values: 1h\n\
             \x20   - filter: /log/+\n      bytes: 1 MiB\n      age: 30d\n      values: forever\n",
        )
        .unwrap();
        assert_eq!(read.total_bytes, 2 * GIB);
        assert_eq!(read.default.age, Duration::from_secs(DAY));
        let (filter, keep) = &read.policies[0];
        assert_eq!((filter.as_str(), keep.messages), ("/camera/#", 100));
        assert_eq!(keep.values, Some(Duration::from_secs(3_600)));
        assert_eq!(keep.bytes, Keep::default().bytes);
        let (filter, keep) = &read.policies[1];
        assert_eq!(
            (filter.as_str(), keep.bytes, keep.values),
            ("/log/+", MIB, None)
        );
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_line() {
        for (text, line, reason) in [
            (
                "retention:\n  total: 10 KiB",
                2,
                "'10 KiB' is not a size from 1 MiB",
            ),
            (
                "retention:\n  default:\n    messages: 0",
                3,
                "0 never means unlimited",
            ),
            (
                "retention:\n  default:\n    values: never",
                3,
                "'never' is not forever",
            ),
            (
                "retention:\n  policies:\n    - filter: /a#",
                3,
                "'/a#' is no filter",
            ),
            ("retention:\n  policies:\n    - age: 1d", 3, "filter"),
            (
                "retention:\n  policies:\n    - filter: /a\n      keep: 1",
                4,
                "keep",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(&format!("line {line}")), "{error}");
            assert!(error.contains(reason), "{error}");
        }
    }
}
