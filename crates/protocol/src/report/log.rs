//! `LOG`: the last lines of the log.

use serde::Serialize;

use crate::encoding::Encoding;
use crate::message_json::encode_json;

#[derive(Serialize)]
struct LogJson<'l> {
    lines: &'l [String],
    total: u64,
}

/// The body of the answer: the last lines, oldest first, and how many there were
/// in all, as JSON that is encoded like the request.
#[must_use]
pub fn log_reply(lines: &[String], total: u64, encoding: Encoding) -> Vec<u8> {
    encode_json(&LogJson { lines, total }, encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_their_number() {
        let lines = ["a \"b\"".to_owned(), "c".to_owned()];
        let reply = log_reply(&lines, 7, Encoding::Plain);
        assert_eq!(reply, br#"{"lines":["a \"b\"","c"],"total":7}"#);
    }
}
