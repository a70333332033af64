//! What topics, filters and names have in common: bounded text without
//! control characters.

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
