//! Texts from outside, as the desktop shows them.

use moustique_core::safe;

/// A text that does nothing where it is shown, with at most so many characters.
pub(crate) fn shown(text: &str, most: usize) -> String {
    // Cut first: what is long is not gone through to its end.
    let beginning: String = text.chars().take(most + 1).collect();
    let safe = safe(&beginning);
    if safe.chars().count() <= most {
        return safe.into_owned();
    }
    let cut: String = safe.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_does_nothing() {
        for (text, expected) in [
            ("", ""),
            ("21.5 °C", "21.5 °C"),
            ("1234567890", "1234567890"),
            ("12345678901", "123456789…"),
            ("ééééééééééé", "ééééééééé…"),
            ("12345678   x", "12345678…"),
            ("a\nb", "a\\u{a}b"),
            ("\u{202e}evil", "\\u{202e}e…"),
        ] {
            assert_eq!(shown(text, 10), expected, "{text:?}");
        }
        assert_eq!(shown(&"x".repeat(1_000_000), 80).chars().count(), 80);
    }
}
