//! What was published last, in lines of a menu.

use moustique_core::{Message, Timestamp};

use crate::text::shown;

/// Lines at most: a menu is no monitor.
pub(super) const MAX_LINES: usize = 5;

/// Most characters of a topic. Its end tells more than its beginning.
const MAX_TOPIC: usize = 40;

/// Most characters of a value.
const MAX_VALUE: usize = 30;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The line of a message.
pub(super) fn line(message: &Message, now: Timestamp) -> String {
    let topic = end(message.topic.as_str());
    let value = shown(&message.payload, MAX_VALUE);
    let age = age(now.0.saturating_sub(message.time.0));
    match value.as_str() {
        "" => format!("{topic} ({age})"),
        value => format!("{topic}: {value} ({age})"),
    }
}

/// The end of a topic, which has no control characters; those that turn the
/// direction of writing around it may have.
fn end(topic: &str) -> String {
    let characters = topic.chars().count();
    if characters <= MAX_TOPIC {
        return shown(topic, MAX_TOPIC);
    }
    let end: String = topic.chars().skip(characters - (MAX_TOPIC - 1)).collect();
    format!("…{}", shown(&end, MAX_TOPIC - 1))
}

/// How long ago, in milliseconds, to a minute: a line that changes each second
/// would redraw an open menu.
fn age(ago: i64) -> String {
    let days = ago / DAY;
    match ago {
        // Also when the clock was set back.
        ..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{} min ago", ago / MINUTE),
        HOUR..DAY => format!("{} h ago", ago / HOUR),
        _ if days == 1 => "1 day ago".to_owned(),
        _ => format!("{days} days ago"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use moustique_core::{Limits, MessageId, MessageKind, RunTime, Topic};

    use super::*;

    fn line_of(topic: &str, payload: &str, ago: i64) -> String {
        let message = Message {
            id: MessageId(1),
            time: Timestamp(DAY),
            taken: RunTime(0),
            topic: Topic::parse(topic, &Limits::default()).unwrap(),
            payload: payload.into(),
            from: None,
            address: Ipv4Addr::LOCALHOST.into(),
            updated_time: 0,
            kind: MessageKind::Published,
        };
        line(&message, Timestamp(DAY + ago))
    }

    #[test]
    fn a_line_has_topic_value_and_age() {
        for (ago, age) in [
            (-HOUR, "just now"),
            (0, "just now"),
            (59_999, "just now"),
            (MINUTE, "1 min ago"),
            (59 * MINUTE, "59 min ago"),
            (HOUR, "1 h ago"),
            (23 * HOUR, "23 h ago"),
            (DAY, "1 day ago"),
            (2 * DAY, "2 days ago"),
        ] {
            let expected = format!("/home/door: open ({age})");
            assert_eq!(line_of("/home/door", "open", ago), expected);
        }
        assert_eq!(line_of("/bell", "", 0), "/bell (just now)");
    }

    #[test]
    fn what_is_long_or_hostile_is_short_and_harmless() {
        let topic = format!("/{}/kitchen/temperature", "x".repeat(100));
        let line = line_of(
            &topic,
            &format!("\u{1b}]0;\u{202e}{}", "é".repeat(1_000)),
            0,
        );

        assert!(line.starts_with("…xxx"), "{line}");
        assert!(
            line.contains("/kitchen/temperature: \\u{1b}]0;\\u{202e}é"),
            "{line}"
        );
        assert!(line.ends_with("… (just now)"), "{line}");
        assert!(line.chars().count() <= MAX_TOPIC + MAX_VALUE + 20, "{line}");
        let turned = line_of("/a\u{202e}b", "\n", 0);
        assert_eq!(turned, "/a\\u{202e}b: \\u{a} (just now)");
    }
}
