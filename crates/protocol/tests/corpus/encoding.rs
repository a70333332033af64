//! Any bytes as an encoded value, as a text to encode, and as the word for an
//! encoding.

use moustique_protocol::{Encoding, FormLimits};

use crate::support::{check_rejection, check_text};

/// Each value has one meaning in an encoding, or none; and each text comes back.
pub(crate) fn check(bytes: &[u8]) {
    let limits = FormLimits::default();
    if let Err(rejection) = Encoding::declared(Some(bytes), None, &limits) {
        check_rejection(&rejection);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Encoding::declared(None, Some(text), &limits) {
        Ok(Some(encoding)) => assert_eq!(Encoding::parse(encoding.name()), Ok(encoding)),
        Ok(None) => {}
        Err(rejection) => check_rejection(&rejection),
    }
    for encoding in [Encoding::Classic, Encoding::Inner, Encoding::Plain] {
        let encoded = encode(encoding, text);
        assert_eq!(encoding.decode(&encoded).as_deref(), Ok(text));
        match encoding.decode(text) {
            Ok(decoded) => {
                let again = encode(encoding, &decoded);
                assert_eq!(encoding.decode(&again), Ok(decoded));
                if encoding != Encoding::Plain {
                    assert_eq!(strict(&again), strict(text), "{encoding}");
                }
            }
            Err(reason) => check_text(&reason.to_string()),
        }
    }
}

fn encode(encoding: Encoding, text: &str) -> String {
    let mut out = Vec::new();
    encoding.encode(text.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

/// A value without what the field's clients may write in more than one way.
fn strict(value: &str) -> String {
    let kept = value.chars().filter(|c| !matches!(c, '\r' | '\n' | '\t'));
    let letters = kept.map(|c| match c {
        ' ' | '-' => '+',
        '_' => '/',
        other => other,
    });
    letters.collect::<String>().trim_end_matches('=').to_owned()
}
