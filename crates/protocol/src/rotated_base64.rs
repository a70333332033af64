//! Base64 with ROT13, the two ways round: the letters of the Base64 text are
//! rotated (classic), or the letters of the text before it (inner).

use std::borrow::Cow;

use base64::alphabet::Alphabet;
use base64::engine::general_purpose::{GeneralPurpose, PAD_INDIFFERENT, STANDARD_PAD_INDIFFERENT};
use base64::{DecodeError, Engine};

/// Base64 whose letters went through ROT13: one table instead of two passes.
const CLASSIC: GeneralPurpose = {
    const LETTERS: &str = "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm0123456789+/";
    let Ok(alphabet) = Alphabet::new(LETTERS) else {
        panic!("64 different letters");
    };
    GeneralPurpose::new(&alphabet, PAD_INDIFFERENT)
};
const INNER: GeneralPurpose = STANDARD_PAD_INDIFFERENT;

/// Bytes of text that are encoded at a time: they fit the first-level cache,
/// and whole groups of three need no padding in between.
const CHUNK: usize = 3 * 512;

/// Appends the Base64 of the text, its letters rotated.
pub(crate) fn encode_classic(text: &[u8], out: &mut Vec<u8>) {
    let encoded = append_zeros(out, encoded_len(text));
    let written = CLASSIC.encode_slice(text, encoded);
    debug_assert_eq!(written, Ok(encoded_len(text)));
}

/// Appends the Base64 of the rotated text.
pub(crate) fn encode_inner(text: &[u8], out: &mut Vec<u8>) {
    let encoded = append_zeros(out, encoded_len(text));
    let mut rotated = [0; CHUNK];
    for (piece, encoded) in text.chunks(CHUNK).zip(encoded.chunks_mut(CHUNK / 3 * 4)) {
        for (rotated, byte) in rotated.iter_mut().zip(piece) {
            *rotated = rot13(*byte);
        }
        let (rotated, _) = rotated.split_at(piece.len());
        let written = INNER.encode_slice(rotated, encoded);
        debug_assert_eq!(written, Ok(encoded_len(piece)));
    }
}

/// The bytes that [`encode_classic`] was given.
pub(crate) fn decode_classic(value: &str) -> Result<Vec<u8>, DecodeError> {
    CLASSIC.decode(symbols(value))
}

/// The bytes that [`encode_inner`] was given.
pub(crate) fn decode_inner(value: &str) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = INNER.decode(symbols(value))?;
    bytes.iter_mut().for_each(|byte| *byte = rot13(*byte));
    Ok(bytes)
}

/// Length of what Base64 makes of the text, padding included.
fn encoded_len(text: &[u8]) -> usize {
    text.len().div_ceil(3) * 4
}

fn append_zeros(out: &mut Vec<u8>, count: usize) -> &mut [u8] {
    let before = out.len();
    out.resize(before + count, 0);
    out.split_at_mut(before).1
}

/// Without a branch, so that the compiler handles many bytes at once. Bytes of
/// characters beyond ASCII stay as they are.
fn rot13(byte: u8) -> u8 {
    let lower = byte | 0x20;
    let first_half = lower.wrapping_sub(b'a') < 13;
    let second_half = lower.wrapping_sub(b'n') < 13;
    byte.wrapping_add(13 * u8::from(first_half))
        .wrapping_sub(13 * u8::from(second_half))
}

/// Whether a character of a value stands for nothing: `base64` wraps its lines.
pub(crate) fn is_dropped(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r')
}

/// The value's Base64 characters: borrowed when they stand there as they are,
/// which is what well-behaved clients send.
fn symbols(value: &str) -> Cow<'_, [u8]> {
    // Without stopping at the first, so that the compiler looks at many bytes
    // at once.
    let is_usual = value.bytes().fold(true, |is_usual, byte| {
        is_usual & !matches!(byte, b'\t' | b'\n' | b'\r' | b' ' | b'-' | b'_')
    });
    if is_usual {
        return Cow::Borrowed(value.as_bytes());
    }
    let usual = value.bytes().filter_map(|byte| match byte {
        b'\t' | b'\n' | b'\r' => None,
        b' ' | b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        other => Some(other),
    });
    Cow::Owned(usual.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rot13_touches_letters_only() {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let rotated = "NOPQRSTUVWXYZABCDEFGHIJKLM";
        for byte in 0..=u8::MAX {
            let expected = [letters.to_owned(), letters.to_lowercase()]
                .iter()
                .zip([rotated.to_owned(), rotated.to_lowercase()])
                .find_map(|(from, to)| {
                    let index = from.bytes().position(|letter| letter == byte)?;
                    Some(to.as_bytes()[index])
                });
            assert_eq!(rot13(byte), expected.unwrap_or(byte), "{byte}");
        }
    }

    #[test]
    fn classic_is_inner_turned_inside_out() {
        // Lengths around the chunks, where pieces could be joined wrongly.
        for length in (0..10).chain(CHUNK - 4..CHUNK + 5).chain([3 * CHUNK + 1]) {
            let original: String = ('a'..='z').cycle().take(length).collect();
            let rotate = |text: &str| -> String {
                text.bytes().map(|byte| char::from(rot13(byte))).collect()
            };
            let mut inner = Vec::new();
            encode_inner(original.as_bytes(), &mut inner);
            let mut classic = Vec::new();
            encode_classic(rotate(&original).as_bytes(), &mut classic);
            let inner = String::from_utf8(inner).unwrap();
            assert_eq!(
                rotate(&String::from_utf8(classic).unwrap()),
                inner,
                "{length}"
            );
            assert_eq!(decode_inner(&inner).unwrap(), original.as_bytes());
        }
    }
}
