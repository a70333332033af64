//! The shapes that clients were built against, recorded from the broker they
//! spoke to first. What they can see must not change.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::tz::TimeZone;
use moustique_core::{
    ClientName, Draft, Filter, Limits, Message, MessageId, MessageKind, RunTime, Timestamp,
};
use serde_json::{Value, json};

use crate::encoding::Encoding;
use crate::getval::GetVal;
use crate::getvalsbyregex::GetValsByRegex;
use crate::message_json::SystemMessage;
use crate::pickup::PickupReply;
use crate::rejection::Rejection;
use crate::request::{Command, Request, RequestLimits, read};
use crate::vectors::{Known, cases, escape_encoded, load, text};
use crate::verb::Verb;

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
/// When the recording was made.
const RECORDED: Timestamp = Timestamp(1_795_355_476_000);

/// Reads a recorded request as it was sent: values in the dialect `inner`.
fn read_case(case: &Value) -> Result<Request, Rejection> {
    let (method, path) = text(case, "request").split_once(' ').unwrap();
    let verb = Verb::parse(path)?;
    verb.check_method(method)?;
    let fields: Vec<_> = case["fields"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let is_raw = fields.iter().any(|(_, value)| value.starts_with('%'));
    let form = if is_raw {
        fields
            .iter()
            .map(|(name, value)| format!("{name}={value}&"))
            .collect()
    } else {
        escape_encoded(&fields, Encoding::Inner)
    };
    let hints = Known {
        last_used: Some(Encoding::Inner),
        ..Known::nothing()
    };
    read(
        verb,
        form.as_bytes(),
        None,
        &hints,
        &RequestLimits::default(),
    )
}

/// A recorded reply, without what is new in ours.
fn without_id(mut reply: Value) -> Value {
    match &mut reply {
        Value::Object(object) => {
            object.remove("id");
            object
                .values_mut()
                .for_each(|value| *value = without_id(value.take()));
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|value| *value = without_id(value.take())),
        _ => {}
    }
    reply
}

fn json_of(body: &[u8]) -> Value {
    let body = std::str::from_utf8(body).unwrap();
    let json = Encoding::Inner.decode(body).unwrap();
    without_id(serde_json::from_str(&json).unwrap())
}

/// As much of a broker as the recording needs: one value a topic, and one
/// client with the filter `/a/b`.
#[derive(Default)]
struct Recorder {
    values: HashMap<String, Message>,
    waiting: Vec<Message>,
    last: MessageId,
}

impl Recorder {
    fn log(&mut self, draft: Draft) {
        self.last = self.last.next();
        let message = Message {
            id: self.last,
            time: RECORDED,
            taken: RunTime(0),
            topic: draft.topic,
            payload: draft.payload,
            from: draft.from,
            address: draft.address,
            updated_time: draft.updated_time.unwrap_or(RECORDED.seconds()),
            kind: draft.kind,
        };
        if message.kind == MessageKind::Published {
            self.waiting.push(message.clone());
        }
        self.values.insert(message.topic.to_string(), message);
    }

    fn answer(&mut self, command: Command) -> Result<Vec<u8>, Rejection> {
        match command {
            Command::Post(post) => self.log(post.into_draft(LOCAL)),
            Command::PutVal(put) => self.log(put.into_draft(LOCAL)),
            Command::Subscribe(_) | Command::Unsubscribe(_) | Command::Ack(_) => {}
            Command::GetVal(get) => {
                return match self.values.get(get.topic.as_str()) {
                    Some(value) => Ok(GetVal::reply(value, &TimeZone::UTC, Encoding::Inner)),
                    None => Err(Rejection::NoValue { topic: get.topic }),
                };
            }
            Command::Pickup(pickup) => {
                let filter = Filter::parse("/a/b", &Limits::default()).unwrap();
                return Ok(self.hand_over(&pickup.client, &filter));
            }
            Command::GetValsByRegex(get) => {
                // What the pattern finds is not for this crate to say.
                let keys = match get.pattern.as_str() {
                    "^/v/[12]$" => &["/v/1", "/v/2"][..],
                    _ => &[],
                };
                let found = keys.iter().filter_map(|key| self.values.get(*key));
                let found: Vec<_> = found.cloned().map(Arc::new).collect();
                return Ok(GetValsByRegex::reply(
                    &found,
                    &TimeZone::UTC,
                    Encoding::Inner,
                ));
            }
            Command::Version | Command::FileVersion | Command::Report(..) => {
                unreachable!("its reply is its own")
            }
        }
        Ok(Vec::new())
    }

    fn hand_over(&mut self, client: &ClientName, filter: &Filter) -> Vec<u8> {
        let zone = TimeZone::UTC;
        let mut reply = PickupReply::new(client, &zone);
        let unknown = SystemMessage::resubscribe(RECORDED, LOCAL);
        if client.as_str() == "nobody" {
            reply.push_system(&unknown);
        }
        let waiting = std::mem::take(&mut self.waiting);
        for message in &waiting {
            reply.push(filter, message, 0);
        }
        reply.finish(Encoding::Inner)
    }
}

/// Where the contract departs from the recording, or the recording leaves out
/// what came before: the case, and why it is not compared.
const DEPARTURES: [(&str, &str); 13] = [
    (
        "r027",
        "one of the values was put by a request that is not recorded",
    ),
    (
        "r029",
        "whether a pattern is one is not for this crate to say, and it is 400",
    ),
    (
        "r032",
        "numbers of that moment: their names are compared where they are made",
    ),
    ("r033", "the page was not recorded"),
    ("r034", "rows of that moment"),
    ("r035", "rows of that moment"),
    ("r036", "in no order"),
    ("r037", "nobody is banned"),
    ("r038", "lines of that moment"),
    ("r015", "a chunked body that reached the form undecoded"),
    (
        "r025",
        "the value was published by a request that is not recorded",
    ),
    ("r026", "the client subscribed to another filter"),
    ("r042", "accounts are not part of these verbs"),
];

#[test]
fn what_clients_can_see_is_as_recorded() {
    let file = load("original-replies.json");
    let mut recorder = Recorder::default();
    let mut compared = 0;
    for case in cases(&file, "cases") {
        let id = text(case, "id");
        let is_ours = Verb::parse(text(case, "request").split_once(' ').unwrap().1).is_ok();
        if DEPARTURES.iter().any(|(departure, _)| *departure == id) || !(is_ours || id == "r041") {
            continue;
        }
        compared += 1;
        let status: u16 = text(case, "status")
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let body = match read_case(case).and_then(|request| {
            assert_eq!(request.encoding, Encoding::Inner, "{case}");
            match request.command {
                Command::Version | Command::FileVersion => Ok(crate::text_reply(
                    case["reply"].as_str().unwrap(),
                    request.encoding,
                )),
                command => recorder.answer(command),
            }
        }) {
            Ok(body) => {
                assert_eq!(status, 200, "{case}");
                body
            }
            Err(rejection) => {
                assert_eq!(rejection.status(), status, "{case}: {rejection}");
                continue;
            }
        };
        let mut expected = case["reply"].clone();
        if expected == "" {
            assert!(body.is_empty(), "{case}");
            continue;
        }
        // protocol.md, section 1: from is UNKNOWN when absent.
        if id == "r022" {
            expected["from"] = json!("UNKNOWN");
        }
        assert_eq!(json_of(&body), expected, "{case}");
    }
    assert_eq!(compared, 29);
}
