//! The name under which a message is published.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::limits::Limits;
use crate::text::{self, InvalidText};

/// A topic: levels separated by `/`, without wildcards (MQTT 5, section 4.7).
///
/// A leading `/` makes an empty first level, case matters, and nothing is
/// trimmed: `/a`, `a` and `a/` are three topics. Cloning is cheap.
///
/// ```
/// use moustique_core::{Limits, Topic};
///
/// let topic = Topic::parse("/home/kitchen", &Limits::default())?;
/// assert_eq!(topic.levels().collect::<Vec<_>>(), ["", "home", "kitchen"]);
/// assert!(Topic::parse("/home/+", &Limits::default()).is_err());
/// # Ok::<(), moustique_core::InvalidText>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(Arc<str>);

impl Topic {
    /// Reads a topic.
    ///
    /// # Errors
    /// When the text is empty, too long, too deep, or holds a control
    /// character or a wildcard.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, InvalidText> {
        text::check(text, limits.topic_bytes)?;
        if let Some(wildcard) = text.chars().find(|c| matches!(c, '+' | '#')) {
            return Err(InvalidText::WildcardInTopic { wildcard });
        }
        text::check_levels(text, limits.topic_levels)?;
        Ok(Self(text.into()))
    }

    /// The levels from left to right.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it begins with `$`: wildcards in the first level of a filter
    /// pass over such topics.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with('$')
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets a map of topics be asked with the text alone.
impl Borrow<str> for Topic {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Topic, InvalidText> {
        Topic::parse(text, &Limits::default())
    }

    #[test]
    fn accepts_what_mqtt_accepts() {
        for text in ["a", "/", "//", "a/", "/a b/å", "$SYS/uptime", "a//b"] {
            assert_eq!(parse(text).map(|t| t.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        let long = "x".repeat(513);
        let deep = "/".repeat(32);
        let cases = [
            ("", "it is empty"),
            (long.as_str(), "it has 513 bytes; at most 512"),
            (deep.as_str(), "it has 33 levels; at most 32"),
            ("a\nb", "character 2 is the control character U+000A"),
            ("å\u{85}", "character 2 is the control character U+0085"),
            ("a/+/b", "the wildcard '+'"),
            ("a#", "the wildcard '#'"),
        ];
        for (text, reason) in cases {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_longest_and_deepest_are_accepted() {
        assert!(parse(&"x".repeat(512)).is_ok());
        assert!(parse(&"/".repeat(31)).is_ok());
    }
}
