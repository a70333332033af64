//! What topics, filters and names have in common: bounded text without
//! control characters; and how text that is not so is shown.

use std::borrow::Cow;

use thiserror::Error;

/// Why a text cannot be a topic, a filter or a name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidText {
    /// Nothing was given.
    #[error("it is empty; at least one character is expected")]
    Empty,
    /// More bytes than allowed.
    #[error("it has {bytes} bytes; at most {limit} are allowed")]
    TooLong {
        /// Length of what was given.
        bytes: usize,
        /// Length that is allowed.
        limit: usize,
    },
    /// A character of U+0000 to U+001F, U+007F or U+0080 to U+009F.
    #[error("character {position} is the control character U+{code:04X}, which is not allowed")]
    ControlCharacter {
        /// Which character it is, counted from 1.
        position: usize,
        /// Its code point.
        code: u32,
    },
    /// More levels than allowed.
    #[error("it has {levels} levels; at most {limit} are allowed")]
    TooManyLevels {
        /// Levels of what was given.
        levels: usize,
        /// Levels that are allowed.
        limit: usize,
    },
    /// A published topic names one place, so it holds no wildcard.
    #[error("it contains the wildcard '{wildcard}', which only a filter may")]
    WildcardInTopic {
        /// The wildcard found.
        wildcard: char,
    },
    /// A wildcard shares its level with other characters.
    #[error("level {level} is '{text}', but a wildcard must stand alone in its level")]
    WildcardNotAlone {
        /// Which level it is, counted from 1.
        level: usize,
        /// What stands there.
        text: String,
    },
    /// `#` before the last level.
    #[error("'#' is level {level} of {levels}, but it may only be the last one")]
    HashNotLast {
        /// Which level it is, counted from 1.
        level: usize,
        /// How many levels there are.
        levels: usize,
    },
}

/// Checks what every text from outside must satisfy.
pub(crate) fn check(text: &str, limit: usize) -> Result<(), InvalidText> {
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    if text.len() > limit {
        return Err(InvalidText::TooLong {
            bytes: text.len(),
            limit,
        });
    }
    // `char::is_control` is exactly C0, DEL and C1.
    match text.chars().enumerate().find(|(_, c)| c.is_control()) {
        Some((index, character)) => Err(InvalidText::ControlCharacter {
            position: index + 1,
            code: u32::from(character),
        }),
        None => Ok(()),
    }
}

/// Checks the number of levels.
pub(crate) fn check_levels(text: &str, limit: usize) -> Result<(), InvalidText> {
    let levels = text.split('/').count();
    if levels > limit {
        return Err(InvalidText::TooManyLevels { levels, limit });
    }
    Ok(())
}

/// A text from outside as it may be shown, whatever shows it: a terminal, a log,
/// a menu, a page.
///
/// Control characters (C0, DEL, C1), those that end a line, and those that turn
/// the direction of writing around become `\\u{…}`. What remains can neither act
/// nor show as another text.
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push_safe(character, &mut shown);
    }
    Cow::Owned(shown)
}

/// Appends a character as [`safe`] shows it.
pub fn push_safe(character: char, shown: &mut String) {
    if acts(character) {
        shown.extend(character.escape_unicode());
    } else {
        shown.push(character);
    }
}

/// Whether a character does something where it is shown.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientName, Filter, Limits, Topic};
    use proptest::prelude::*;

    #[test]
    fn what_is_harmless_is_not_copied() {
        for text in ["", "/home/köket", "😀 a\u{301}", "it's <b> \\u{1b}"] {
            assert!(matches!(safe(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_acts_is_written_out() {
        for (text, shown) in [
            ("a\nb\tc", "a\\u{a}b\\u{9}c"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("\u{7f}\u{85}\u{9b}2J", "\\u{7f}\\u{85}\\u{9b}2J"),
            (
                "a\u{202e}b\u{2066}\u{2028}",
                "a\\u{202e}b\\u{2066}\\u{2028}",
            ),
        ] {
            assert_eq!(safe(text), shown);
        }
    }

    proptest! {
        /// The classes are those of the Unicode standard, not the list above.
        #[test]
        fn nothing_that_acts_is_left(text in r"[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}a-z/é😀]{0,40}") {
            let shown = safe(&text);
            let mut rest = shown.chars();
            for character in text.chars() {
                if character.is_alphanumeric() || character == '/' || character == '😀' {
                    prop_assert_eq!(rest.next(), Some(character));
                } else {
                    let escape = format!("\\u{{{:x}}}", u32::from(character));
                    for expected in escape.chars() {
                        prop_assert_eq!(rest.next(), Some(expected));
                    }
                }
            }
            prop_assert_eq!(rest.next(), None);
        }
    }

    fn kind(invalid: &InvalidText) -> &'static str {
        match invalid {
            InvalidText::Empty => "empty",
            InvalidText::TooLong { .. } => "too_long",
            InvalidText::ControlCharacter { .. } => "control_character",
            InvalidText::TooManyLevels { .. } => "too_many_levels",
            InvalidText::WildcardInTopic { .. } => "wildcard",
            InvalidText::WildcardNotAlone { .. } => "wildcard_not_alone",
            InvalidText::HashNotLast { .. } => "hash_not_last",
        }
    }

    #[test]
    fn topics_filters_and_names_are_those_of_the_vectors() {
        let text = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../spec/vectors/names.json"
        ));
        let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert!(cases.len() >= 70, "{} cases", cases.len());
        let limits = Limits::default();
        for case in cases {
            let text = case["text"].as_str().unwrap();
            let parsed = match case["kind"].as_str().unwrap() {
                "topic" => Topic::parse(text, &limits).map(drop),
                "filter" => Filter::parse(text, &limits).map(drop),
                _ => ClientName::parse(text, &limits).map(drop),
            };
            let refused = parsed.as_ref().err().map(kind);
            assert_eq!(refused, case["refused"].as_str(), "{case}");
        }
    }
}
