//! `VERSION`, `FILEVERSION` and `TOPICS`: a text, or texts.

use crate::encoding::Encoding;
use crate::message_json::encode_json;

/// The body of an answer that is one text: a JSON string, encoded like the
/// request.
#[must_use]
pub fn text_reply(text: &str, encoding: Encoding) -> Vec<u8> {
    encode_json(text, encoding)
}

/// The body of an answer that is a list of texts, encoded like the request.
#[must_use]
pub fn texts_reply<T: AsRef<str>>(texts: &[T], encoding: Encoding) -> Vec<u8> {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    encode_json(&texts, encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_string_encoded_like_the_request() {
        assert_eq!(text_reply("0.1.0", Encoding::Plain), b"\"0.1.0\"");
        for encoding in [Encoding::Classic, Encoding::Inner] {
            let reply = String::from_utf8(text_reply("0.1.0", encoding)).unwrap();
            assert_eq!(encoding.decode(&reply).as_deref(), Ok("\"0.1.0\""));
        }
        assert_eq!(
            texts_reply(&["/a", "/b"], Encoding::Plain),
            br#"["/a","/b"]"#
        );
        assert_eq!(texts_reply::<&str>(&[], Encoding::Plain), b"[]");
    }
}
