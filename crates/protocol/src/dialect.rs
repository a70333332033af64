//! Which encoding a request uses, when it does not say so.
//!
//! The values tell: read in the wrong dialect, Base64 gives bytes that are
//! hardly ever text. It is decided once a request, over all fields together,
//! so that a request is never read half in one way and half in another.

use crate::encoding::Encoding;
use crate::fields::Fields;
use crate::form::Form;

/// What the broker knows that can tell the dialects apart.
pub trait Hints {
    /// Whether a topic of this name has a value.
    fn topic_exists(&self, topic: &str) -> bool;
    /// Whether a client of this name is known.
    fn client_known(&self, client: &str) -> bool;
    /// What the last request of the same peer address was found to use, if
    /// [`Basis::is_evidence`] held for it.
    fn last_used(&self) -> Option<Encoding>;
    /// `server.encoding` of the configuration.
    fn configured(&self) -> Encoding;
}

/// What a request's encoding was decided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The request says so.
    Declared,
    /// Only one reading of the values is possible.
    Values,
    /// Both dialects are possible, and one makes a topic with a leading `/` or
    /// the name of a topic or client that exists; or the single value names
    /// what exists as it stands, and decoded it does not.
    Names,
    /// Both dialects are possible: as the peer's last request.
    LastUsed,
    /// Both dialects are possible: as configured.
    Configured,
}

impl Basis {
    /// Whether the request itself shows its encoding. Without evidence it must
    /// not be remembered as the peer's last one, or a guess would confirm
    /// itself; nor may a password be judged by it.
    #[must_use]
    pub fn is_evidence(self) -> bool {
        match self {
            Self::Declared | Self::Values => true,
            Self::Names | Self::LastUsed | Self::Configured => false,
        }
    }
}

/// A decoded form, and how it came to be read that way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'f> {
    /// What the fields say.
    pub fields: Fields<'f>,
    /// How they are encoded.
    pub encoding: Encoding,
    /// What showed it.
    pub basis: Basis,
}

/// Decides how a form that does not declare its encoding is encoded, and
/// decodes it (spec/PROTOCOL.md, section 1, rules 2 and 3).
///
/// A form without any value is possible in both dialects: its reply goes out
/// as the peer's last one.
#[must_use]
pub fn decide<'f>(form: &'f Form<'_>, hints: &impl Hints) -> Decision<'f> {
    let classic = possible(form, Encoding::Classic);
    let inner = possible(form, Encoding::Inner);
    let (fields, encoding, basis) = match (classic, inner) {
        (Some(fields), None) => (fields, Encoding::Classic, Basis::Values),
        (None, Some(fields)) => (fields, Encoding::Inner, Basis::Values),
        (None, None) => (Fields::plain(form), Encoding::Plain, Basis::Values),
        (Some(classic), Some(inner)) => {
            let (encoding, basis) = decide_between(&classic, &inner, hints);
            let fields = match encoding {
                Encoding::Classic => classic,
                Encoding::Inner => inner,
                Encoding::Plain => Fields::plain(form),
            };
            (fields, encoding, basis)
        }
    };
    if encoding != Encoding::Plain
        && let Some(plain) = plain_by_name(form, &fields, hints)
    {
        return plain;
    }
    Decision {
        fields,
        encoding,
        basis,
    }
}

/// The form as it stands, if that names what exists and `decoded` does not.
///
/// A single word of plain text is Base64 by chance often enough that somebody
/// with a terminal would meet it: `zqp5` is. Several values never are
/// together, so only a form with one is looked at.
fn plain_by_name<'f>(
    form: &'f Form<'_>,
    decoded: &Fields<'_>,
    hints: &impl Hints,
) -> Option<Decision<'f>> {
    if form.iter().filter(|(_, value)| !value.is_empty()).count() != 1 {
        return None;
    }
    let plain = Fields::plain(form);
    (names_what_exists(&plain, hints) && !names_what_exists(decoded, hints)).then_some(Decision {
        fields: plain,
        encoding: Encoding::Plain,
        basis: Basis::Names,
    })
}

/// What the form says in a dialect, if every value can be of it.
fn possible<'f>(form: &'f Form<'_>, dialect: Encoding) -> Option<Fields<'f>> {
    Fields::decode_with(form, |_, value| {
        let text = dialect.decode(value).map_err(drop)?;
        if has_control_character(&text) {
            return Err(());
        }
        Ok(text)
    })
    .ok()
}

fn decide_between(
    classic: &Fields<'_>,
    inner: &Fields<'_>,
    hints: &impl Hints,
) -> (Encoding, Basis) {
    let exclusive = |shows: &dyn Fn(&Fields<'_>) -> bool| match (shows(classic), shows(inner)) {
        (true, false) => Some(Encoding::Classic),
        (false, true) => Some(Encoding::Inner),
        _ => None,
    };
    // What exists first: `box` in classic reads as `/?k` in inner, but hardly
    // ever is there a topic `/?k` as well.
    if let Some(dialect) = exclusive(&|fields| names_what_exists(fields, hints))
        .or_else(|| exclusive(&|fields| topics(fields).any(is_likely)))
    {
        return (dialect, Basis::Names);
    }
    match hints.last_used() {
        Some(encoding) => (encoding, Basis::LastUsed),
        None => (hints.configured(), Basis::Configured),
    }
}

fn topics<'t>(fields: &'t Fields<'_>) -> impl Iterator<Item = &'t str> {
    ["topic", "valname"]
        .into_iter()
        .filter_map(|name| fields.get(name))
}

/// Whether it begins as topics do, or as regular expressions for them.
fn is_likely(topic: &str) -> bool {
    topic.strip_prefix('^').unwrap_or(topic).starts_with('/')
}

fn names_what_exists(fields: &Fields<'_>, hints: &impl Hints) -> bool {
    topics(fields).any(|topic| hints.topic_exists(topic))
        || fields
            .get("client")
            .is_some_and(|client| hints.client_known(client))
}

/// Whether a text holds a control character that no client means to send:
/// any of C0, DEL and C1 but TAB, CR and LF.
fn has_control_character(text: &str) -> bool {
    // Nearly every value is printable ASCII, and many bytes are compared in
    // the time in which one character is decoded.
    let is_printable = text.bytes().fold(true, |is_printable, byte| {
        is_printable & matches!(byte, b' '..=b'~')
    });
    !is_printable
        && text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::FormLimits;
    use crate::vectors::{self, Known, cases, encoding, load, text};
    use serde_json::Value;

    fn decide_case(case: &Value, hints: &Known) -> Basis {
        let fields = case["form"].as_object().unwrap();
        let form = vectors::escape(
            fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap())),
        );
        let form = Form::parse(form.as_bytes(), &FormLimits::default()).unwrap();
        let decision = decide(&form, hints);
        assert_eq!(decision.encoding, encoding(case, "dialect"), "{case}");
        let decoded: serde_json::Map<_, _> = decision
            .fields
            .iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        assert_eq!(Value::from(decoded), case["decoded"], "{case}");
        decision.basis
    }

    #[test]
    fn the_values_tell() {
        let file = load("dialects.json");
        for case in cases(&file, "cases") {
            // Whatever else is known must not matter.
            for last_used in [Encoding::Classic, Encoding::Inner, Encoding::Plain] {
                let hints = Known {
                    last_used: Some(last_used),
                    ..Known::nothing()
                };
                let basis = decide_case(case, &hints);
                assert!(matches!(basis, Basis::Values | Basis::Names), "{case}");
            }
        }
    }

    #[test]
    fn what_the_values_leave_open_is_decided_in_order() {
        let file = load("dialects.json");
        for case in cases(&file, "undecided") {
            let basis = match text(case, "basis") {
                "names" => Basis::Names,
                "last_used" => Basis::LastUsed,
                "configured" => Basis::Configured,
                other => panic!("{other}"),
            };
            let hints = Known::of_case(&case["hints"]);
            assert_eq!(decide_case(case, &hints), basis, "{case}");
            assert!(!basis.is_evidence());
        }
    }

    #[test]
    fn the_field_about_the_encoding_is_not_encoded() {
        let form = b"encoding=plain&topic=L24vbw==";
        let form = Form::parse(form, &FormLimits::default()).unwrap();
        let decision = decide(&form, &Known::nothing());
        assert_eq!(decision.encoding, Encoding::Inner);
        assert!(decision.fields.iter().eq([("topic", "/a/b")]));
    }

    #[test]
    fn control_characters_but_three() {
        for code in (0..0x20).chain(0x7f..0xa0) {
            let character = char::from_u32(code).unwrap();
            let is_allowed = ['\t', '\r', '\n'].contains(&character);
            assert_eq!(
                has_control_character(&format!("a{character}b")),
                !is_allowed,
                "U+{code:04X}"
            );
        }
        assert!(!has_control_character("å \u{a0}\u{2028}😀~"));
    }
}
