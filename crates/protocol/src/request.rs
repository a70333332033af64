//! From a form to a command.

use moustique_core::Limits;

use crate::ack::Ack;
use crate::dialect::{Basis, Decision, Hints, decide};
use crate::encoding::Encoding;
use crate::fields::{ENCODING, Fields};
use crate::form::{Form, FormLimits};
use crate::getval::GetVal;
use crate::getvalsbyregex::GetValsByRegex;
use crate::pickup::Pickup;
use crate::post::Post;
use crate::putval::PutVal;
use crate::rejection::Rejection;
use crate::report::{Passwords, Report};
use crate::subscribe::Subscribe;
use crate::unsubscribe::Unsubscribe;
use crate::verb::Verb;

/// What one request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Publish a message.
    Post(Post),
    /// Subscribe a client to a filter.
    Subscribe(Subscribe),
    /// End a client's subscription to a filter.
    Unsubscribe(Unsubscribe),
    /// Hand over what waits for a client.
    Pickup(Pickup),
    /// Let go of messages that were handed over under a lease.
    Ack(Ack),
    /// Set a topic's last value, and notify nobody.
    PutVal(PutVal),
    /// Read a topic's last value.
    GetVal(GetVal),
    /// Read the last values of the topics that a regular expression finds.
    GetValsByRegex(GetValsByRegex),
    /// Say something of the broker itself, to those who may know.
    Report(Report, Passwords),
    /// Say which version is running.
    Version,
    /// Say which executable is running.
    FileVersion,
}

/// A request that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it asks for.
    pub command: Command,
    /// How its values are encoded, and so how the reply is to be.
    pub encoding: Encoding,
    /// What showed the encoding.
    pub basis: Basis,
}

/// The bounds of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestLimits {
    /// Those of its form.
    pub form: FormLimits,
    /// Those of what it says.
    pub broker: Limits,
}

/// Reads a request: the body, or for a `GET` the query, with what the request
/// says about its encoding (see [`Encoding::declared`]).
///
/// A field `encoding` counts as saying so too when `declared` is `None`.
/// Fields that the verb does not know are passed over.
///
/// # Errors
/// When the form is malformed, a required field is missing, or a value breaks
/// a rule. Nothing is repaired.
pub fn read(
    verb: Verb,
    form: &[u8],
    declared: Option<Encoding>,
    hints: &impl Hints,
    limits: &RequestLimits,
) -> Result<Request, Rejection> {
    let form = Form::parse(form, &limits.form)?;
    let declared = match (declared, form.get(ENCODING)) {
        (None, Some(word)) => Some(Encoding::parse(word)?),
        (declared, _) => declared,
    };
    let Decision {
        fields,
        encoding,
        basis,
    } = match declared {
        Some(encoding) => Decision {
            fields: Fields::decode(&form, encoding)?,
            encoding,
            basis: Basis::Declared,
        },
        None => decide(&form, hints),
    };
    let command = match verb {
        Verb::Report(report) => Command::Report(report, Passwords::read(&form, &fields, declared)),
        verb => decode(verb, &fields, &limits.broker)?,
    };
    Ok(Request {
        command,
        encoding,
        basis,
    })
}

fn decode(verb: Verb, fields: &Fields<'_>, limits: &Limits) -> Result<Command, Rejection> {
    Ok(match verb {
        Verb::Post => Command::Post(Post::decode(fields, limits)?),
        Verb::Subscribe => Command::Subscribe(Subscribe::decode(fields, limits)?),
        Verb::Unsubscribe => Command::Unsubscribe(Unsubscribe::decode(fields, limits)?),
        Verb::Pickup => Command::Pickup(Pickup::decode(fields, limits)?),
        Verb::Ack => Command::Ack(Ack::decode(fields, limits)?),
        Verb::PutVal => Command::PutVal(PutVal::decode(fields, limits)?),
        Verb::GetVal => Command::GetVal(GetVal::decode(fields, limits)?),
        Verb::GetValsByRegex => Command::GetValsByRegex(GetValsByRegex::decode(fields)?),
        Verb::Report(report) => Command::Report(report, Passwords::default()),
        Verb::Version => Command::Version,
        Verb::FileVersion => Command::FileVersion,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{Known, cases, encoding, load, text};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// The command as the vectors write it. Fields that may be there stand only
    /// where they are.
    fn describe(command: &Command) -> Value {
        let mut written = match command {
            Command::Post(post) => json!({
                "topic": post.topic.as_str(),
                "message": post.message.as_ref(),
                "from": post.from.as_ref().map(|from| from.as_str()),
                "updated_time": post.updated_time,
                "?msg_id": post.repeat_id.as_ref().map(|id| id.as_str()),
            }),
            Command::Subscribe(subscribe) => json!({
                "topic": subscribe.filter.as_str(),
                "client": subscribe.client.as_str(),
            }),
            Command::Unsubscribe(unsubscribe) => json!({
                "topic": unsubscribe.filter.as_str(),
                "client": unsubscribe.client.as_str(),
            }),
            Command::Pickup(pickup) => json!({
                "client": pickup.client.as_str(),
                "wait": pickup.wait.as_secs_f64(),
                "max": pickup.max,
                "?lease": pickup.lease.map(|lease| lease.as_secs_f64()),
                "?ack": pickup.ack.map(|ack| ack.to_string()),
            }),
            Command::Ack(ack) => json!({
                "client": ack.client.as_str(),
                "ack": ack.lease.to_string(),
            }),
            Command::PutVal(put) => json!({
                "valname": put.valname.as_str(),
                "val": put.val.as_ref(),
                "from": put.from.as_ref().map(|from| from.as_str()),
                "updated_time": put.updated_time,
            }),
            Command::GetVal(get) => json!({ "topic": get.topic.as_str() }),
            Command::GetValsByRegex(get) => json!({ "topic": get.pattern }),
            Command::Report(_, passwords) => json!({ "pwd": passwords.offered() }),
            Command::Version | Command::FileVersion => json!({}),
        };
        let fields = written.as_object_mut().unwrap();
        *fields = std::mem::take(fields)
            .into_iter()
            .filter_map(|(name, value)| match name.strip_prefix('?') {
                Some(_) if value.is_null() => None,
                Some(name) => Some((name.to_owned(), value)),
                None => Some((name, value)),
            })
            .collect();
        written
    }

    fn read_case(case: &Value) -> Result<Request, Rejection> {
        let (method, path) = text(case, "request").split_once(' ').unwrap();
        let verb = Verb::parse(path)?;
        verb.check_method(method)?;
        let header = case["declared"].as_str().map(str::as_bytes);
        read(
            verb,
            text(case, "form").as_bytes(),
            Encoding::declared(header, None, &FormLimits::default())?,
            &Known::nothing(),
            &RequestLimits::default(),
        )
    }

    #[test]
    fn requests_as_in_the_vectors() {
        let file = load("requests.json");
        for case in cases(&file, "cases") {
            match (read_case(case), case.get("rejected")) {
                (Ok(request), None) => {
                    assert_eq!(request.encoding, encoding(case, "encoding"), "{case}");
                    assert_eq!(describe(&request.command), case["command"], "{case}");
                }
                (Err(rejection), Some(rejected)) => assert_eq!(
                    &json!({
                        "status": rejection.status(),
                        "code": rejection.code(),
                        "text": rejection.to_string(),
                    }),
                    rejected,
                    "{case}"
                ),
                (result, _) => panic!("{case}: {result:?}"),
            }
        }
    }

    #[test]
    fn the_longest_message_fits_and_a_longer_one_is_told_both_numbers() {
        let limits = RequestLimits::default();
        let read = |verb, form: String| {
            let declared = Some(Encoding::Plain);
            read(verb, form.as_bytes(), declared, &Known::nothing(), &limits)
        };
        let most = limits.broker.message_bytes;
        for (verb, form) in [
            (Verb::Post, "topic=/a&message="),
            (Verb::PutVal, "valname=/a&val="),
        ] {
            assert!(read(verb, form.to_owned() + &"m".repeat(most)).is_ok());
            let rejection = read(verb, form.to_owned() + &"m".repeat(most + 1)).unwrap_err();
            assert_eq!(rejection.status(), 413);
            assert_eq!(
                rejection.to_string(),
                "the message has 262145 bytes; at most 262144 are allowed"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn no_bytes_bring_it_down(
            form in prop::collection::vec(any::<u8>(), 0..200),
            verb in prop::sample::select(&Verb::ALL[..]),
            declared in prop::sample::select(&[
                None,
                Some(Encoding::Classic),
                Some(Encoding::Inner),
                Some(Encoding::Plain),
            ][..]),
        ) {
            let _ = read(verb, &form, declared, &Known::nothing(), &RequestLimits::default());
        }

        #[test]
        fn nor_bytes_that_look_like_a_form(
            form in "((topic|client|message|val|valname|from|wait|max|updated_time|encoding)=[A-Za-z0-9+/=%&_. -]{0,12}&?){0,6}",
            verb in prop::sample::select(&Verb::ALL[..]),
        ) {
            let result = read(verb, form.as_bytes(), None, &Known::nothing(), &RequestLimits::default());
            if let Err(rejection) = result {
                prop_assert!((400..500).contains(&rejection.status()));
                prop_assert!(!rejection.to_string().chars().any(char::is_control));
            }
        }
    }
}
