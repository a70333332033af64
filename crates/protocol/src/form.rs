//! The form as it arrives: `application/x-www-form-urlencoded`, read strictly.
//!
//! Libraries for this format repair what is malformed. Here a wrong guess
//! would publish something that nobody sent, so what is malformed is refused.

use std::borrow::Cow;

use crate::excerpt::Excerpt;
use crate::rejection::Rejection;

/// The bounds of a form. The body as a whole is bounded before it gets here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormLimits {
    /// Fields. More: refused.
    pub fields: usize,
    /// Length of a field's name in bytes, after unescaping. Longer: refused.
    pub name_bytes: usize,
}

impl Default for FormLimits {
    fn default() -> Self {
        Self {
            fields: 16,
            name_bytes: 32,
        }
    }
}

/// The fields of a form in their order, unescaped, their values still encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form<'b> {
    fields: Vec<(Cow<'b, str>, Cow<'b, str>)>,
}

impl<'b> Form<'b> {
    /// Reads a form. `+` is a space; a field without `=` has an empty value;
    /// nothing between two `&`, or after the last, is no field.
    ///
    /// # Errors
    /// On a malformed escape, a name or value that is not UTF-8, a field
    /// without a name or there twice, and beyond the limits.
    pub fn parse(body: &'b [u8], limits: &FormLimits) -> Result<Self, Rejection> {
        let mut fields: Vec<(Cow<'b, str>, Cow<'b, str>)> = Vec::new();
        let mut start = 0;
        for field in body.split(|byte| *byte == b'&') {
            let field_start = start;
            start += field.len() + 1;
            if field.is_empty() {
                continue;
            }
            if fields.len() == limits.fields {
                return Err(Rejection::TooManyFields {
                    limit: limits.fields,
                });
            }
            let equals = field.iter().position(|byte| *byte == b'=');
            let (name, value) = match equals {
                Some(equals) => (
                    field.get(..equals).unwrap_or_default(),
                    field.get(equals + 1..).unwrap_or_default(),
                ),
                None => (field, [].as_slice()),
            };
            let name = parse_name(name, field_start, fields.len() + 1, limits)?;
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Rejection::RepeatedField {
                    field: Excerpt::of(&name),
                });
            }
            let value_start = field_start + equals.map_or(field.len(), |equals| equals + 1);
            let value =
                text(unescape(value, value_start)?).ok_or_else(|| Rejection::FieldNotUtf8 {
                    field: Excerpt::of(&name),
                })?;
            fields.push((name, value));
        }
        Ok(Self { fields })
    }

    /// The value of a field as it was sent, when the field is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Names and values in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

fn parse_name<'b>(
    raw: &'b [u8],
    start: usize,
    number: usize,
    limits: &FormLimits,
) -> Result<Cow<'b, str>, Rejection> {
    let name = unescape(raw, start)?;
    if name.is_empty() {
        return Err(Rejection::NamelessField { number });
    }
    if name.len() > limits.name_bytes {
        return Err(Rejection::FieldNameTooLong {
            bytes: name.len(),
            limit: limits.name_bytes,
        });
    }
    text(name).ok_or(Rejection::FieldNameNotUtf8 { number })
}

fn text(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// Resolves `%XX` and `+`. `start` is where `raw` begins in the form, for the
/// position in an error.
fn unescape(raw: &[u8], start: usize) -> Result<Cow<'_, [u8]>, Rejection> {
    if !raw.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [byte, after @ ..] = rest {
        rest = after;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match escaped(after) {
                Some(byte) => {
                    rest = after.get(2..).unwrap_or_default();
                    byte
                }
                None => {
                    let found = after.get(..2).unwrap_or(after);
                    return Err(Rejection::MalformedEscape {
                        position: start + raw.len() - after.len(),
                        found: Excerpt::of(&format!("%{}", String::from_utf8_lossy(found))),
                    });
                }
            },
            other => *other,
        });
    }
    Ok(Cow::Owned(bytes))
}

/// The byte that two hexadecimal digits at the beginning stand for.
fn escaped(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let high = char::from(*high).to_digit(16)?;
    let low = char::from(*low).to_digit(16)?;
    u8::try_from(high << 4 | low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::escape;
    use proptest::prelude::*;

    fn parse(form: &[u8]) -> Result<Vec<(String, String)>, Rejection> {
        let form = Form::parse(form, &FormLimits::default())?;
        Ok(form
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    #[test]
    fn fields_in_their_order() {
        let cases: [(&str, &[(&str, &str)]); 9] = [
            ("", &[]),
            ("&&", &[]),
            ("a=1", &[("a", "1")]),
            ("a=1&", &[("a", "1")]),
            ("a&b", &[("a", ""), ("b", "")]),
            ("b=&a==", &[("b", ""), ("a", "=")]),
            ("a=1+2%2B3", &[("a", "1 2+3")]),
            ("a+b=%c3%A5%25", &[("a b", "å%")]),
            ("a=%26%3D&b=/?;", &[("a", "&="), ("b", "/?;")]),
        ];
        for (form, fields) in cases {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(parse(form.as_bytes()), Ok(fields), "{form}");
        }
    }

    #[test]
    fn what_needs_no_change_is_not_copied() {
        let form = Form::parse(b"a=1&%62=2", &FormLimits::default()).unwrap();
        let is_borrowed = |text: &Cow<'_, str>| matches!(text, Cow::Borrowed(_));
        let borrowed: Vec<_> = form
            .fields
            .iter()
            .map(|(name, value)| (is_borrowed(name), is_borrowed(value)))
            .collect();
        assert_eq!(borrowed, [(true, true), (false, true)]);
    }

    #[test]
    fn the_limits_are_those_given() {
        let limits = FormLimits {
            fields: 1,
            name_bytes: 2,
        };
        assert!(Form::parse(b"&ab=&", &limits).is_ok());
        assert_eq!(
            Form::parse(b"a=&b=", &limits),
            Err(Rejection::TooManyFields { limit: 1 })
        );
        assert_eq!(
            Form::parse("aå=".as_bytes(), &limits),
            Err(Rejection::FieldNameTooLong { bytes: 3, limit: 2 })
        );
    }

    #[test]
    fn a_malformed_escape_is_located_in_the_whole_form() {
        let cases = [
            ("%", 1, "%"),
            ("a=%4", 3, "%4"),
            ("a=%41%4g", 6, "%4g"),
            ("a=1&b%%30=2", 6, "%%3"),
            ("a=%+f", 3, "%+f"),
            ("a=%\n\u{1b}", 3, "%\n\u{1b}"),
        ];
        for (form, position, found) in cases {
            let found = Excerpt::of(found);
            assert_eq!(
                parse(form.as_bytes()),
                Err(Rejection::MalformedEscape { position, found }),
                "{form:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_value_comes_back(values in prop::collection::vec(any::<String>(), 0..=16)) {
            let names: Vec<_> = (0..values.len()).map(|index| format!("f{index}")).collect();
            let fields = || names.iter().map(String::as_str).zip(values.iter().map(String::as_str));
            let form = escape(fields());
            let form = Form::parse(form.as_bytes(), &FormLimits::default()).unwrap();
            prop_assert!(form.iter().eq(fields()));
            for (name, value) in fields() {
                prop_assert_eq!(form.get(name), Some(value));
            }
            prop_assert_eq!(form.get("g"), None);
        }
    }
}
