//! How a value is obscured on the wire.
//!
//! Two dialects are in the field, and both are Base64 with ROT13: over the
//! Base64 letters ([`Encoding::Classic`]) or over the text's own letters
//! before Base64 ([`Encoding::Inner`]). Neither hides anything; they are what
//! the clients send, and what they expect in the reply.

use std::borrow::Cow;
use std::fmt;

use base64::DecodeError;
use thiserror::Error;

use crate::excerpt::Excerpt;
use crate::form::{Form, FormLimits};
use crate::rejection::Rejection;
use crate::rotated_base64::{
    decode_classic, decode_inner, encode_classic, encode_inner, is_dropped,
};

/// How the values of a request and the text of its reply are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Base64 of the text, then ROT13 over the Base64 letters.
    Classic,
    /// ROT13 over the text's letters, then Base64.
    Inner,
    /// The text itself.
    Plain,
}

impl Encoding {
    /// The word for it in the `Moustique-Encoding` header, the `encoding`
    /// field and the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Inner => "inner",
            Self::Plain => "plain",
        }
    }

    /// Reads the word for it, in any case.
    ///
    /// # Errors
    /// When it is none of the three words.
    pub fn parse(word: &str) -> Result<Self, Rejection> {
        [Self::Classic, Self::Inner, Self::Plain]
            .into_iter()
            .find(|encoding| word.eq_ignore_ascii_case(encoding.name()))
            .ok_or_else(|| Rejection::UnknownEncoding {
                given: Excerpt::of(word),
            })
    }

    /// What the request says about its own encoding: the value of the
    /// `Moustique-Encoding` header, else `encoding` in the query. `None` when
    /// neither is there. (A field `encoding` of the form itself is seen by
    /// [`crate::read`], so the query of a `GET` need not be given here.)
    ///
    /// # Errors
    /// When the word is unknown, or the query is no well-formed form or beyond
    /// its bounds.
    pub fn declared(
        header: Option<&[u8]>,
        query: Option<&str>,
        limits: &FormLimits,
    ) -> Result<Option<Self>, Rejection> {
        if let Some(header) = header {
            return Self::parse(&String::from_utf8_lossy(header)).map(Some);
        }
        let Some(query) = query else { return Ok(None) };
        Form::parse(query.as_bytes(), limits)?
            .get("encoding")
            .map(Self::parse)
            .transpose()
    }

    /// Appends the encoded text, given as its UTF-8 bytes. A text must be
    /// given whole: Base64 pads at the end.
    pub fn encode(self, text: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Plain => out.extend_from_slice(text),
            Self::Classic => encode_classic(text, out),
            Self::Inner => encode_inner(text, out),
        }
    }

    /// Reads a value as it stands in a form.
    ///
    /// Lenient where the field's clients need it: a space counts as `+`
    /// (unescaped, the form made it one), CR, LF and TAB are dropped (`base64`
    /// wraps its lines), URL-safe letters are accepted, padding may be absent.
    /// Strict where a wrong guess must show: the unused last bits are zero and
    /// the text is UTF-8.
    ///
    /// # Errors
    /// When the value is not of this encoding, with the reason.
    pub fn decode(self, value: &str) -> Result<Cow<'_, str>, Undecodable> {
        let bytes = match self {
            Self::Plain => return Ok(Cow::Borrowed(value)),
            Self::Classic => decode_classic(value),
            Self::Inner => decode_inner(value),
        };
        let bytes = bytes.map_err(|error| Undecodable::base64(value, &error))?;
        String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|_| Undecodable::NotUtf8)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a value is not of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Undecodable {
    /// A character that Base64 does not use, or padding before the end.
    #[error(
        "character {position} is '{}', which Base64 does not have there",
        Excerpt::of(.found.encode_utf8(&mut [0; 4]))
    )]
    Symbol {
        /// Which character it is, counted from 1 without CR, LF and TAB.
        position: usize,
        /// The character.
        found: char,
    },
    /// One Base64 character is left over, and one alone carries no byte.
    #[error("it has {symbols} Base64 characters, and the last one alone carries no byte")]
    Length {
        /// Base64 characters given, without padding.
        symbols: usize,
    },
    /// Bits that no encoder sets: the value was cut or is something else.
    #[error("the unused bits of its last Base64 character are not zero")]
    TrailingBits,
    /// The bytes are not text.
    #[error("it decodes to bytes that are not UTF-8")]
    NotUtf8,
}

impl Undecodable {
    fn base64(value: &str, error: &DecodeError) -> Self {
        match *error {
            DecodeError::InvalidByte(offset, byte) => {
                // Everything before the refused character is ASCII, so byte
                // and character offsets agree.
                let found = value.chars().filter(|c| !is_dropped(*c)).nth(offset);
                Self::Symbol {
                    position: offset + 1,
                    found: found.unwrap_or(char::from(byte)),
                }
            }
            DecodeError::InvalidLength(symbols) => Self::Length { symbols },
            DecodeError::InvalidLastSymbol { .. } | DecodeError::InvalidPadding => {
                Self::TrailingBits
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{cases, encoding, load, text};
    use proptest::prelude::*;

    const CODED: [Encoding; 2] = [Encoding::Classic, Encoding::Inner];

    fn encode(encoding: Encoding, text: &str) -> String {
        let mut out = Vec::new();
        encoding.encode(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn both_directions_as_in_the_vectors() {
        let file = load("encodings.json");
        for case in cases(&file, "cases") {
            let original = text(case, "text");
            for encoding in CODED {
                let encoded = text(case, encoding.name());
                assert_eq!(encode(encoding, original), encoded, "{case}");
                assert_eq!(encoding.decode(encoded).unwrap(), original, "{case}");
            }
        }
    }

    #[test]
    fn what_the_fields_clients_send_is_accepted() {
        let file = load("encodings.json");
        for case in cases(&file, "lenient") {
            let decoded = encoding(case, "encoding").decode(text(case, "value"));
            assert_eq!(decoded.as_deref(), Ok(text(case, "text")), "{case}");
        }
    }

    #[test]
    fn what_is_something_else_is_refused_with_the_reason() {
        let file = load("encodings.json");
        for case in cases(&file, "refused") {
            let decoded = encoding(case, "encoding").decode(text(case, "value"));
            let reason = match decoded {
                Ok(text) => panic!("{case} decodes to {text:?}"),
                Err(Undecodable::Symbol { .. }) => "symbol",
                Err(Undecodable::Length { .. }) => "length",
                Err(Undecodable::TrailingBits) => "trailing_bits",
                Err(Undecodable::NotUtf8) => "not_utf8",
            };
            assert_eq!(reason, text(case, "reason"), "{case}");
        }
    }

    #[test]
    fn the_refused_character_is_the_one_that_was_sent() {
        let refused = |value| Encoding::Inner.decode(value).unwrap_err().to_string();
        assert_eq!(
            refused("AB\r\nC€"),
            "character 4 is '€', which Base64 does not have there"
        );
        assert_eq!(
            refused("A=BC"),
            "character 2 is '=', which Base64 does not have there"
        );
        assert_eq!(
            refused("ABCDE"),
            "it has 5 Base64 characters, and the last one alone carries no byte"
        );
    }

    #[test]
    fn a_word_in_any_case_names_an_encoding() {
        assert_eq!(Encoding::parse("Classic"), Ok(Encoding::Classic));
        let rejection = Encoding::parse("base64\n").unwrap_err();
        assert_eq!(
            rejection.to_string(),
            "'base64\\u{a}' is no encoding; expected is classic, inner or plain"
        );
        assert!(Encoding::parse("").is_err());
    }

    #[test]
    fn the_header_outweighs_the_query() {
        let limits = FormLimits::default();
        let rejected = |header, query| Encoding::declared(header, query, &limits).is_err();
        let declared = |header: Option<&str>, query| {
            Encoding::declared(header.map(str::as_bytes), query, &limits).unwrap()
        };
        assert_eq!(declared(None, None), None);
        assert_eq!(declared(None, Some("")), None);
        assert_eq!(declared(None, Some("a=b")), None);
        let query = Some("a=b&encoding=%69nner");
        assert_eq!(declared(None, query), Some(Encoding::Inner));
        assert_eq!(declared(Some("plain"), query), Some(Encoding::Plain));
        assert!(rejected(Some(b"\xff"), query));
        assert!(rejected(None, Some("encoding=")));
        assert!(rejected(None, Some("encoding=%x")));
        let one = FormLimits {
            fields: 1,
            ..limits
        };
        assert!(Encoding::declared(None, Some("a&b"), &one).is_err());
    }

    #[test]
    fn what_is_already_there_stays() {
        for encoding in [Encoding::Classic, Encoding::Inner, Encoding::Plain] {
            let mut out = b"before ".to_vec();
            encoding.encode(b"text", &mut out);
            let (before, encoded) = out.split_at(7);
            assert_eq!(before, b"before ");
            assert_eq!(encoded, encode(encoding, "text").as_bytes());
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in any::<String>()) {
            for encoding in [Encoding::Classic, Encoding::Inner, Encoding::Plain] {
                let encoded = encode(encoding, &text);
                let decoded = encoding.decode(&encoded);
                prop_assert_eq!(decoded.as_deref(), Ok(text.as_str()));
            }
        }

        #[test]
        fn a_long_text_comes_back(text in "\\PC{1000,4000}") {
            for encoding in CODED {
                let wrapped = encode(encoding, &text)
                    .as_bytes()
                    .chunks(76)
                    .flat_map(|line| [line, b"\n"].concat())
                    .collect();
                let wrapped = String::from_utf8(wrapped).unwrap();
                let decoded = encoding.decode(&wrapped);
                prop_assert_eq!(decoded.as_deref(), Ok(text.as_str()));
            }
        }

        #[test]
        fn one_value_has_one_meaning(value in "[A-Za-z0-9+/]{0,40}") {
            // What is accepted without leniency is what encoding gives.
            for encoding in CODED {
                if let Ok(text) = encoding.decode(&value) {
                    let again = encode(encoding, &text);
                    prop_assert_eq!(again.trim_end_matches('='), value.as_str());
                }
            }
        }
    }
}
