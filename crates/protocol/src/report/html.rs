//! The one place that makes text into HTML.

use std::fmt::{self, Display, Write};

use moustique_core::push_safe;

/// Anything, as text within an element or within a quoted attribute: none of its
/// characters is markup, and none acts otherwise.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape(f), "{}", self.0)
    }
}

/// What is written into it is escaped.
struct Escape<'f, 'b>(&'f mut fmt::Formatter<'b>);

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut shown = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '&' => shown.push_str("&amp;"),
                '<' => shown.push_str("&lt;"),
                '>' => shown.push_str("&gt;"),
                '"' => shown.push_str("&quot;"),
                '\'' => shown.push_str("&#39;"),
                other => push_safe(other, &mut shown),
            }
        }
        self.0.write_str(&shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_markup_and_nothing_is_lost(text in r#"[<>&"'a-z;#=/åd😀]{0,40}|\PC{0,20}"#) {
            let escaped = Escaped(&text).to_string();
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            // Every & begins one of the five, so reading them back gives the text.
            let read = escaped
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
            prop_assert_eq!(read, moustique_core::safe(&text));
        }

        #[test]
        fn any_text_at_all_is_harmless(text in any::<String>()) {
            let escaped = Escaped(&text).to_string();
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            prop_assert!(!escaped.chars().any(char::is_control));
        }
    }
}
