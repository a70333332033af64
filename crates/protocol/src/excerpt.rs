//! What was given, in a form that may stand in an error.

use std::fmt;

use moustique_core::push_safe;

/// The beginning of a text from outside, made safe to show.
///
/// Errors travel into terminals, logs and web pages. So what would act there is
/// written out as [`moustique_core::safe`] does, and a long text ends after 80
/// characters with `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt(String);

/// Characters of the given text that are shown at most.
const CHARACTERS: usize = 80;

impl Excerpt {
    /// The excerpt of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut excerpt = String::with_capacity(text.len().min(CHARACTERS));
        let mut characters = text.chars();
        for character in characters.by_ref().take(CHARACTERS) {
            push_safe(character, &mut excerpt);
        }
        if characters.next().is_some() {
            excerpt.push('…');
        }
        Self(excerpt)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_harmless_stays() {
        for text in ["", "/home/köket", "😀", "it's <b>"] {
            assert_eq!(Excerpt::of(text).to_string(), text);
        }
    }

    #[test]
    fn what_acts_is_escaped() {
        let cases = [
            ("a\nb", "a\\u{a}b"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("\u{7f}\u{85}", "\\u{7f}\\u{85}"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
        ];
        for (text, shown) in cases {
            assert_eq!(Excerpt::of(text).to_string(), shown);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(Excerpt::of(&"é".repeat(80)).to_string(), "é".repeat(80));
        let cut = Excerpt::of(&"é".repeat(81)).to_string();
        assert_eq!(cut, "é".repeat(80) + "…");
    }
}
