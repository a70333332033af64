//! The calls of the classic API that this client makes.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use form_urlencoded::Serializer;

/// Characters of a text that an error shows of it.
const EXCERPT_CHARACTERS: usize = 80;

/// One call. Shown as what was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call<'c> {
    Publish {
        topic: &'c str,
        message: &'c str,
    },
    PutValue {
        key: &'c str,
        value: &'c str,
    },
    Value {
        key: &'c str,
    },
    Subscribe {
        filter: &'c str,
    },
    Pickup {
        wait: Duration,
        max: Option<NonZeroUsize>,
    },
}

impl Call<'_> {
    /// The word of the path.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Publish { .. } => "POST",
            Self::PutValue { .. } => "PUTVAL",
            Self::Value { .. } => "GETVAL",
            Self::Subscribe { .. } => "SUBSCRIBE",
            Self::Pickup { .. } => "PICKUP",
        }
    }

    /// The body, in the name of a client.
    pub(crate) fn form(&self, name: &str) -> String {
        let mut form = Serializer::new(String::new());
        match self {
            Self::Publish { topic, message } => {
                form.extend_pairs([("topic", topic), ("message", message), ("from", &name)]);
            }
            Self::PutValue { key, value } => {
                form.extend_pairs([("valname", key), ("val", value), ("from", &name)]);
            }
            Self::Value { key } => {
                form.append_pair("topic", key);
            }
            Self::Subscribe { filter } => {
                form.extend_pairs([("topic", *filter), ("client", name)]);
            }
            Self::Pickup { wait, max } => {
                form.append_pair("client", name);
                form.append_pair("wait", &wait.as_secs_f64().to_string());
                if let Some(max) = max {
                    form.append_pair("max", &max.to_string());
                }
            }
        }
        form.finish()
    }

    /// How long the broker may hold the answer back.
    pub(crate) fn wait(&self) -> Duration {
        match self {
            Self::Pickup { wait, .. } => *wait,
            _ => Duration::ZERO,
        }
    }
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { topic, .. } => write!(f, "publish to '{}'", excerpt(topic)),
            Self::PutValue { key, .. } => write!(f, "put the value of '{}'", excerpt(key)),
            Self::Value { key } => write!(f, "read the value of '{}'", excerpt(key)),
            Self::Subscribe { filter } => write!(f, "subscribe to '{}'", excerpt(filter)),
            Self::Pickup { .. } => f.write_str("pick up messages"),
        }
    }
}

/// The beginning of a text, fit to be shown: control characters would reach a
/// terminal or break a line of a log.
pub(crate) fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(EXCERPT_CHARACTERS) {
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_carries_any_text() {
        let call = Call::Publish {
            topic: "/a b/å",
            message: "1+1=2 & 100% 😀\r\n",
        };
        assert_eq!(
            call.form("me&you"),
            "topic=%2Fa+b%2F%C3%A5\
             &message=1%2B1%3D2+%26+100%25+%F0%9F%98%80%0D%0A\
             &from=me%26you"
        );
    }

    #[test]
    fn each_call_has_its_verb_and_its_fields() {
        let max = NonZeroUsize::new(7);
        for (call, verb, form) in [
            (
                Call::Publish {
                    topic: "t",
                    message: "",
                },
                "POST",
                "topic=t&message=&from=me",
            ),
            (
                Call::PutValue {
                    key: "k",
                    value: "v",
                },
                "PUTVAL",
                "valname=k&val=v&from=me",
            ),
            (Call::Value { key: "k" }, "GETVAL", "topic=k"),
            (
                Call::Subscribe { filter: "#" },
                "SUBSCRIBE",
                "topic=%23&client=me",
            ),
            (
                Call::Pickup {
                    wait: Duration::from_millis(250),
                    max,
                },
                "PICKUP",
                "client=me&wait=0.25&max=7",
            ),
            (
                Call::Pickup {
                    wait: Duration::ZERO,
                    max: None,
                },
                "PICKUP",
                "client=me&wait=0",
            ),
        ] {
            assert_eq!((call.verb(), call.form("me").as_str()), (verb, form));
        }
    }

    #[test]
    fn what_was_asked_is_shown_safely() {
        let long = "ö".repeat(EXCERPT_CHARACTERS + 1);
        let shown = Call::Value { key: &long }.to_string();
        let kept = "ö".repeat(EXCERPT_CHARACTERS);
        assert_eq!(shown, format!("read the value of '{kept}…'"));
        let subscribe = Call::Subscribe {
            filter: "a\u{1b}[2J",
        };
        assert_eq!(subscribe.to_string(), r"subscribe to 'a\u{1b}[2J'");
    }
}
