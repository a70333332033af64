//! `VERSION`: which version is running.

use crate::encoding::Encoding;
use crate::message_json::encode_json;

/// The body of the answer: a JSON string, encoded like the request.
#[must_use]
pub fn version_reply(version: &str, encoding: Encoding) -> Vec<u8> {
    encode_json(version, encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_string_encoded_like_the_request() {
        assert_eq!(version_reply("0.1.0", Encoding::Plain), b"\"0.1.0\"");
        for encoding in [Encoding::Classic, Encoding::Inner] {
            let reply = String::from_utf8(version_reply("0.1.0", encoding)).unwrap();
            assert_eq!(encoding.decode(&reply).as_deref(), Ok("\"0.1.0\""));
        }
    }
}
