//! What a client subscribes to.

use std::fmt;
use std::sync::Arc;

use crate::limits::Limits;
use crate::text::{self, InvalidText};
use crate::topic::Topic;

/// A filter: a topic in which `+` stands for one whole level and a last `#`
/// for its parent and everything below (MQTT 5, section 4.7).
///
/// ```
/// use moustique_core::{Filter, Limits, Topic};
///
/// let limits = Limits::default();
/// let filter = Filter::parse("/home/+/temperature", &limits)?;
/// assert!(filter.matches(&Topic::parse("/home/kitchen/temperature", &limits)?));
/// assert!(!filter.matches(&Topic::parse("/home/temperature", &limits)?));
/// # Ok::<(), moustique_core::InvalidText>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter(Arc<str>);

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When the text is empty, too long, too deep, holds a control character,
    /// or a wildcard stands where none may.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, InvalidText> {
        text::check(text, limits.topic_bytes)?;
        text::check_levels(text, limits.topic_levels)?;
        let levels = text.split('/').count();
        for (index, level) in text.split('/').enumerate() {
            if level.contains(['+', '#']) && level.chars().count() > 1 {
                return Err(InvalidText::WildcardNotAlone {
                    level: index + 1,
                    text: level.to_owned(),
                });
            }
            if level == "#" && index + 1 < levels {
                return Err(InvalidText::HashNotLast {
                    level: index + 1,
                    levels,
                });
            }
        }
        Ok(Self(text.into()))
    }

    /// Whether the filter matches the topic: the plain definition, level by
    /// level. [`crate::FilterIndex`] answers the same for many filters at once.
    #[must_use]
    pub fn matches(&self, topic: &Topic) -> bool {
        if topic.is_reserved() && self.starts_with_wildcard() {
            return false;
        }
        let mut levels = topic.levels();
        for wanted in self.levels() {
            // Asked before the topic's next level is: `a/#` matches `a` too.
            if wanted == "#" {
                return true;
            }
            match levels.next() {
                Some(level) if wanted == "+" || wanted == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }

    /// The levels from left to right.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The whole filter.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What every topic that matches begins with, as text; empty when the filter
    /// begins with a wildcard.
    #[must_use]
    pub fn fixed_part(&self) -> &str {
        match self.0.split_once(['+', '#']) {
            None => &self.0,
            // `a/#` matches `a`, too.
            Some((fixed, "")) if self.0.ends_with('#') => fixed.strip_suffix('/').unwrap_or(fixed),
            Some((fixed, _)) => fixed,
        }
    }

    fn starts_with_wildcard(&self) -> bool {
        self.0.starts_with(['+', '#'])
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Filter, InvalidText> {
        Filter::parse(text, &Limits::default())
    }

    #[test]
    fn refuses_with_the_reason() {
        let cases = [
            ("", "it is empty"),
            ("a/#/b", "'#' is level 2 of 3"),
            ("#/a", "'#' is level 1 of 2"),
            ("a#", "level 1 is 'a#'"),
            ("a/b#", "level 2 is 'b#'"),
            ("a+", "level 1 is 'a+'"),
            ("a/+b", "level 2 is '+b'"),
            ("a/++", "level 2 is '++'"),
            ("a/##", "level 2 is '##'"),
            ("a\u{7f}", "U+007F"),
        ];
        for (text, reason) in cases {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_matches_begins_with_the_fixed_part() {
        for (text, fixed) in [
            ("/a/b", "/a/b"),
            ("/a/+/b", "/a/"),
            ("/a/+/#", "/a/"),
            ("/a/#", "/a"),
            ("/#", ""),
            ("#", ""),
            ("+/a", ""),
        ] {
            assert_eq!(parse(text).unwrap().fixed_part(), fixed, "{text}");
        }
    }

    #[test]
    fn a_filter_without_wildcards_matches_its_own_topic_only() {
        let filter = parse("a/b").unwrap();
        let topic = |text| Topic::parse(text, &Limits::default()).unwrap();
        assert!(filter.matches(&topic("a/b")));
        assert!(!filter.matches(&topic("a/b/c")));
        assert!(!filter.matches(&topic("a")));
    }
}
