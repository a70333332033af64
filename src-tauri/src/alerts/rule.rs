//! A rule as the user writes it, and as it is watched for.

use std::collections::HashSet;
use std::time::Duration;

use moustique_broker::Pattern;
use moustique_core::{Filter, Limits, Topic, safe};
use moustique_monitor::{AlertRule, Comparison, Refusal};

/// Rules that there may be: each message is looked at by each of them.
pub(crate) const MAX_RULES: usize = 50;

/// Characters of a rule's name.
const MAX_NAME: usize = 60;

/// Characters of a rule's text.
const MAX_TEXT: usize = 300;

/// Bytes of a rule's value. A regular expression has a bound of its own.
const MAX_VALUE: usize = 1_000;

/// Bytes of a message in which a regular expression is looked for: its time grows
/// with both, and a message may be long.
const LOOKED_AT: usize = 4_096;

/// The shortest and the longest silence that can be waited for.
const SILENCE: (Duration, Duration) = (
    Duration::from_secs(1),
    Duration::from_secs(366 * 24 * 60 * 60),
);

/// A rule that can be watched for.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    written: AlertRule,
    filter: Filter,
    condition: Condition,
    text: String,
}

#[derive(Clone, Debug)]
enum Condition {
    Equals(String),
    Differs(String),
    Contains(String),
    Above(f64),
    Below(f64),
    Matches(Pattern),
    SilentFor(Duration),
}

/// What is written alike is watched for alike.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

/// Makes rules ready.
///
/// # Errors
/// What is wrong, with the rule and the field.
pub(crate) fn rules(written: &[AlertRule]) -> Result<Vec<Rule>, Refusal> {
    if written.len() > MAX_RULES {
        return Err(Refusal::new(
            "invalid",
            format!(
                "There are {} alert rules; at most {MAX_RULES} are allowed.",
                written.len()
            ),
        ));
    }
    let mut names = HashSet::new();
    let parsed = written.iter().map(|rule| {
        if !names.insert(rule.name.as_str()) {
            let reason = "another rule has that name already; give it one of its own";
            return Err(refused(rule, Field::Name, reason));
        }
        Rule::parse(rule)
    });
    parsed.collect()
}

/// The field of a rule that is wrong.
#[derive(Clone, Copy)]
enum Field {
    Name,
    Filter,
    Value,
    Text,
}

impl Field {
    /// The word to branch on, and what a person calls it.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("rule_name", "name"),
            Self::Filter => ("rule_filter", "topic filter"),
            Self::Value => ("rule_value", "value"),
            Self::Text => ("rule_text", "notification text"),
        }
    }
}

fn refused(rule: &AlertRule, field: Field, reason: &str) -> Refusal {
    let (code, field) = field.names();
    let name: String = rule.name.chars().take(MAX_NAME).collect();
    Refusal::new(
        code,
        format!("Alert rule '{}', {field}: {reason}.", safe(&name)),
    )
}

impl Rule {
    fn parse(rule: &AlertRule) -> Result<Self, Refusal> {
        let wrong = |field, reason: &str| refused(rule, field, reason);
        check_length(&rule.name, MAX_NAME).map_err(|reason| wrong(Field::Name, &reason))?;
        if rule.name.trim().is_empty() {
            let reason = "it is empty; at least one character is expected";
            return Err(wrong(Field::Name, reason));
        }
        if rule.name.chars().any(char::is_control) {
            return Err(wrong(Field::Name, "it has a control character in it"));
        }
        check_length(&rule.text, MAX_TEXT).map_err(|reason| wrong(Field::Text, &reason))?;
        let limits = Limits::default();
        let filter = Filter::parse(&rule.filter, &limits)
            .map_err(|error| wrong(Field::Filter, &error.to_string()))?;
        let condition =
            Condition::parse(rule, &limits).map_err(|reason| wrong(Field::Value, &reason))?;
        Ok(Self {
            text: match rule.text.trim() {
                "" => condition.sentence(),
                text => text.to_owned(),
            },
            filter,
            condition,
            written: rule.clone(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.written.name
    }

    /// What the notification says, with places for topic and value.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The topic, when the filter has no wildcard.
    pub(super) fn only_topic(&self) -> Option<Topic> {
        Topic::parse(self.filter.as_str(), &Limits::default()).ok()
    }

    /// For how long a topic may be silent, when that is what is watched.
    pub(super) fn longest_silence(&self) -> Option<Duration> {
        match self.condition {
            Condition::SilentFor(longest) => Some(longest),
            _ => None,
        }
    }

    /// Whether it is true of a message. `None` when that cannot be told: the
    /// message is no number, or it is not messages that are looked at.
    pub(super) fn is_true(&self, payload: &str) -> Option<bool> {
        match &self.condition {
            Condition::Equals(value) => Some(payload == value),
            Condition::Differs(value) => Some(payload != value),
            Condition::Contains(value) => Some(payload.contains(value)),
            Condition::Above(value) => number(payload).map(|number| number > *value),
            Condition::Below(value) => number(payload).map(|number| number < *value),
            Condition::Matches(pattern) => Some(pattern.is_match(beginning(payload))),
            Condition::SilentFor(_) => None,
        }
    }
}

impl Condition {
    fn parse(rule: &AlertRule, limits: &Limits) -> Result<Self, String> {
        let value = &rule.value;
        if value.len() > MAX_VALUE {
            return Err(format!(
                "it has {} bytes; at most {MAX_VALUE} are allowed",
                value.len()
            ));
        }
        let a_number = || {
            number(value).ok_or_else(|| {
                format!(
                    "'{}' is not a number; one such as 21.5 is expected",
                    shown(value)
                )
            })
        };
        Ok(match rule.comparison {
            Comparison::Equals => Self::Equals(value.clone()),
            Comparison::Differs => Self::Differs(value.clone()),
            Comparison::Contains if value.is_empty() => {
                return Err("it is empty, which is in every message".to_owned());
            }
            Comparison::Contains => Self::Contains(value.clone()),
            Comparison::Above => Self::Above(a_number()?),
            Comparison::Below => Self::Below(a_number()?),
            Comparison::Matches if value.is_empty() => {
                return Err("it is empty, which is found in every message".to_owned());
            }
            Comparison::Matches => {
                let pattern = Pattern::new(value, limits);
                Self::Matches(pattern.map_err(|error| error.to_string())?)
            }
            Comparison::SilentFor => Self::SilentFor(silence(value)?),
        })
    }

    /// What is said where the user has said nothing.
    fn sentence(&self) -> String {
        match self {
            Self::Equals(_) | Self::Differs(_) | Self::Contains(_) | Self::Matches(_) => {
                "{topic} is {value}".to_owned()
            }
            Self::Above(limit) => format!("{{topic}} is {{value}}, above {limit}"),
            Self::Below(limit) => format!("{{topic}} is {{value}}, below {limit}"),
            Self::SilentFor(longest) => {
                let longest = humantime::format_duration(*longest);
                format!("{{topic}} has been silent for {longest}")
            }
        }
    }
}

/// A finite number, as devices write it.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

fn silence(text: &str) -> Result<Duration, String> {
    let (shortest, longest) = SILENCE;
    let silence = humantime::parse_duration(text.trim()).map_err(|_| {
        format!(
            "'{}' is not a time; one such as 10min or 1h 30min is expected",
            shown(text)
        )
    })?;
    if silence < shortest || silence > longest {
        return Err(format!(
            "it is {}; between {} and {} are allowed",
            humantime::format_duration(silence),
            humantime::format_duration(shortest),
            "366days",
        ));
    }
    Ok(silence)
}

fn check_length(text: &str, most: usize) -> Result<(), String> {
    let characters = text.chars().count();
    if characters > most {
        return Err(format!(
            "it has {characters} characters; at most {most} are allowed"
        ));
    }
    Ok(())
}

/// What the user wrote, short enough for a sentence.
fn shown(text: &str) -> String {
    let beginning: String = text.chars().take(40).collect();
    safe(&beginning).into_owned()
}

/// As much of a message as a regular expression is looked for in.
fn beginning(payload: &str) -> &str {
    let mut end = LOOKED_AT.min(payload.len());
    while !payload.is_char_boundary(end) {
        end -= 1;
    }
    payload.get(..end).unwrap_or(payload)
}
