//! `PICKUP`: hand over what waits for a client.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Duration;

use jiff::tz::TimeZone;
use moustique_core::{ClientName, Filter, LeaseToken, Limits, Message, MessageId};

use crate::ack;
use crate::encoding::Encoding;
use crate::excerpt::Excerpt;
use crate::fields::Fields;
use crate::message_json::{MessageJson, SystemMessage, USUAL_JSON, encode_text, write_json};
use crate::rejection::Rejection;
use crate::verb::Verb;

/// The longest a pickup may wait for a message.
pub const MAX_WAIT: Duration = Duration::from_secs(60);

/// The longest a lease may last.
pub const MAX_LEASE: Duration = Duration::from_secs(60 * 60);

/// A request for what waits. Answered with [`PickupReply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pickup {
    /// For whom.
    pub client: ClientName,
    /// How long the answer may be held back while nothing waits; at most
    /// [`MAX_WAIT`]. Zero when not said: at once.
    pub wait: Duration,
    /// How many messages at most; the rest stays.
    pub max: Option<NonZeroUsize>,
    /// How long the client may keep the messages without letting go of them; at
    /// most [`MAX_LEASE`]. `None` when they are its own once they have gone out.
    pub lease: Option<Duration>,
    /// A lease of before that the client lets go of.
    pub ack: Option<LeaseToken>,
}

impl Pickup {
    /// Reads `client`, `wait` and `lease` (seconds, decimals allowed), `max` and
    /// `ack`.
    ///
    /// # Errors
    /// When `client` is missing or breaks a rule, a number is none of those
    /// expected, or `ack` names no lease.
    pub fn decode(fields: &Fields<'_>, limits: &Limits) -> Result<Self, Rejection> {
        Ok(Self {
            client: fields.client(Verb::Pickup, limits)?,
            wait: number(fields, "wait", "seconds from 0 to 60", parse_wait)?.unwrap_or_default(),
            max: number(fields, "max", "a whole number from 1 up", |text| {
                text.parse().ok()
            })?,
            lease: number(fields, "lease", "seconds above 0, up to 3600", parse_lease)?,
            ack: ack::lease(fields)?,
        })
    }
}

fn number<T>(
    fields: &Fields<'_>,
    field: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Rejection> {
    let Some(text) = fields.get(field) else {
        return Ok(None);
    };
    match parse(text) {
        Some(number) => Ok(Some(number)),
        None => Err(Rejection::InvalidNumber {
            field,
            given: Excerpt::of(text),
            expected,
        }),
    }
}

fn parse_wait(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    let wait = Duration::try_from_secs_f64(seconds).ok()?;
    (wait <= MAX_WAIT).then_some(wait)
}

fn parse_lease(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    let lease = Duration::try_from_secs_f64(seconds).ok()?;
    (!lease.is_zero() && lease <= MAX_LEASE).then_some(lease)
}

/// The body of the answer, as it grows: a JSON object with, for each filter
/// that matched, its messages.
///
/// Filters stand in the order in which they were first pushed, messages in
/// theirs: push the oldest first.
#[derive(Debug)]
pub struct PickupReply<'r> {
    receiver: &'r ClientName,
    zone: &'r TimeZone,
    /// The JSON of every message, once, however many filters it matched.
    messages: Vec<u8>,
    last: Option<(MessageId, Range<usize>)>,
    groups: Vec<Group<'r>>,
    positions: HashMap<&'r str, usize>,
}

#[derive(Debug)]
struct Group<'r> {
    filter: &'r str,
    messages: Vec<Range<usize>>,
}

impl<'r> PickupReply<'r> {
    /// An empty answer for a client. `zone` is the broker's own, for the
    /// readable times.
    #[must_use]
    pub fn new(receiver: &'r ClientName, zone: &'r TimeZone) -> Self {
        Self {
            receiver,
            zone,
            messages: Vec::new(),
            last: None,
            groups: Vec::new(),
            positions: HashMap::new(),
        }
    }

    /// Adds a message under a filter that matched it. Its JSON is made once
    /// when all its filters are pushed one after the other. `redelivered` says
    /// how often it was handed over under a lease that ended.
    pub fn push(&mut self, filter: &'r Filter, message: &Message, redelivered: u32) {
        let range = match &self.last {
            Some((id, range)) if *id == message.id => range.clone(),
            _ => {
                let json = MessageJson::of_delivery(message, self.receiver, self.zone, redelivered);
                let range = append(&mut self.messages, &json);
                self.last = Some((message.id, range.clone()));
                range
            }
        };
        self.add(filter.as_str(), range);
    }

    /// Adds a word from the broker itself, under its topic.
    pub fn push_system(&mut self, message: &SystemMessage<'r>) {
        let json = MessageJson::of_system(message, self.zone);
        let range = append(&mut self.messages, &json);
        self.add(message.topic, range);
    }

    /// The whole body, encoded like the request.
    #[must_use]
    pub fn finish(self, encoding: Encoding) -> Vec<u8> {
        let filters = self.groups.iter().map(|group| group.filter.len());
        let mut json =
            Vec::with_capacity(self.messages.len() + filters.sum::<usize>() + USUAL_JSON);
        json.push(b'{');
        for (index, group) in self.groups.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            write_json(group.filter, &mut json);
            json.extend_from_slice(b":[");
            for (index, range) in group.messages.iter().enumerate() {
                if index > 0 {
                    json.push(b',');
                }
                let message = self.messages.get(range.clone());
                json.extend_from_slice(message.unwrap_or_default());
            }
            json.push(b']');
        }
        json.push(b'}');
        encode_text(json, encoding)
    }

    fn add(&mut self, filter: &'r str, message: Range<usize>) {
        let next = self.groups.len();
        let position = *self.positions.entry(filter).or_insert(next);
        match self.groups.get_mut(position) {
            Some(group) => group.messages.push(message),
            None => self.groups.push(Group {
                filter,
                messages: vec![message],
            }),
        }
    }
}

fn append(messages: &mut Vec<u8>, json: &MessageJson<'_>) -> Range<usize> {
    let start = messages.len();
    messages.reserve(USUAL_JSON);
    write_json(json, messages);
    start..messages.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Form, FormLimits};
    use moustique_core::{MessageKind, RunTime, Timestamp, Topic};
    use serde_json::Value;

    fn filter(text: &str) -> Filter {
        Filter::parse(text, &Limits::default()).unwrap()
    }

    fn message(id: u64, topic: &str) -> Message {
        Message {
            id: MessageId(id),
            time: Timestamp(0),
            taken: RunTime(0),
            topic: Topic::parse(topic, &Limits::default()).unwrap(),
            payload: format!("payload {id}").into(),
            from: None,
            address: [192, 0, 2, 7].into(),
            updated_time: 0,
            kind: MessageKind::Published,
        }
    }

    fn receiver() -> ClientName {
        ClientName::parse("c\"1", &Limits::default()).unwrap()
    }

    /// Filters in their order, each with the ids of its messages.
    fn shape(reply: &str) -> Vec<(String, Vec<u64>)> {
        let read: Value = serde_json::from_str(reply).unwrap();
        let mut groups: Vec<_> = read
            .as_object()
            .unwrap()
            .iter()
            .map(|(filter, messages)| {
                let ids = messages.as_array().unwrap().iter();
                let ids = ids.map(|message| message["id"].as_u64().unwrap());
                (filter.clone(), ids.collect())
            })
            .collect();
        groups.sort_by_key(|(filter, _)| reply.find(&format!("{filter:?}:[")));
        groups
    }

    #[test]
    fn nothing_waits() {
        let (receiver, zone) = (receiver(), TimeZone::UTC);
        for (encoding, body) in [
            (Encoding::Plain, "{}"),
            (Encoding::Classic, "r30="),
            (Encoding::Inner, "e30="),
        ] {
            let reply = PickupReply::new(&receiver, &zone).finish(encoding);
            assert_eq!(reply, body.as_bytes());
        }
    }

    #[test]
    fn grouped_by_filter_oldest_first() {
        let (receiver, zone) = (receiver(), TimeZone::UTC);
        let (all, kitchen) = (filter("/#"), filter("/kitchen/+"));
        let mut reply = PickupReply::new(&receiver, &zone);
        reply.push(&kitchen, &message(3, "/kitchen/temp"), 0);
        reply.push(&all, &message(3, "/kitchen/temp"), 0);
        reply.push(&all, &message(5, "/door"), 0);
        reply.push(&kitchen, &message(9, "/kitchen/lamp"), 0);
        let reply = String::from_utf8(reply.finish(Encoding::Plain)).unwrap();
        assert_eq!(
            shape(&reply),
            [
                ("/kitchen/+".to_owned(), vec![3, 9]),
                ("/#".to_owned(), vec![3, 5])
            ]
        );
        let read: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(read["/#"][0], read["/kitchen/+"][0]);
        assert_eq!(read["/#"][1]["message"], "payload 5");
        assert_eq!(read["/#"][1]["topic"], "/door");
        assert_eq!(
            read["/#"][1]["subscribers"],
            serde_json::json!({"c\"1": true})
        );
    }

    #[test]
    fn a_message_is_written_once_for_all_its_filters() {
        let (receiver, zone) = (receiver(), TimeZone::UTC);
        let filters: Vec<_> = (0..200).map(|n| filter(&format!("/+/{n}/#"))).collect();
        let message = message(1, "/t");
        let mut reply = PickupReply::new(&receiver, &zone);
        reply.push(&filters[0], &message, 0);
        let once = reply.messages.len();
        for filter in &filters[1..] {
            reply.push(filter, &message, 0);
        }
        assert_eq!(reply.messages.len(), once);
        let reply = String::from_utf8(reply.finish(Encoding::Plain)).unwrap();
        assert_eq!(reply.matches("payload 1").count(), 200);
    }

    #[test]
    fn filters_are_text_like_any_other() {
        let (receiver, zone) = (receiver(), TimeZone::UTC);
        let odd = filter("/\"\\/<å>");
        let mut reply = PickupReply::new(&receiver, &zone);
        reply.push(&odd, &message(1, "/t"), 0);
        let read: Value = serde_json::from_slice(&reply.finish(Encoding::Plain)).unwrap();
        assert_eq!(read["/\"\\/<å>"][0]["id"], 1);
    }

    #[test]
    fn a_word_from_the_broker_stands_under_its_topic() {
        let (receiver, zone) = (receiver(), TimeZone::UTC);
        let system = SystemMessage::resubscribe(Timestamp(0), [127, 0, 0, 1].into());
        let filter = filter("#");
        let mut reply = PickupReply::new(&receiver, &zone);
        reply.push_system(&system);
        reply.push(&filter, &message(4, "t"), 0);
        let read: Value = serde_json::from_slice(&reply.finish(Encoding::Plain)).unwrap();
        let word = &read["/server/action/resubscribe"][0];
        assert_eq!(
            (&word["from"], &word["message"]),
            (&"SERVER".into(), &"resubscribe".into())
        );
        assert_eq!(read["#"][0]["id"], 4);
    }

    #[test]
    fn an_encoded_reply_reads_as_the_plain_one() {
        let (receiver, zone) = (receiver(), TimeZone::UTC);
        let filter = filter("/#");
        let body = |encoding: Encoding| {
            let mut reply = PickupReply::new(&receiver, &zone);
            for id in 1..100 {
                reply.push(&filter, &message(id, "/köket/ugn"), 0);
            }
            String::from_utf8(reply.finish(encoding)).unwrap()
        };
        let plain = body(Encoding::Plain);
        for encoding in [Encoding::Classic, Encoding::Inner] {
            assert_eq!(
                encoding.decode(&body(encoding)).as_deref(),
                Ok(plain.as_str())
            );
        }
    }

    #[test]
    fn a_message_that_comes_again_says_how_often() {
        let (receiver, zone) = (receiver(), TimeZone::UTC);
        let filter = filter("#");
        let mut reply = PickupReply::new(&receiver, &zone);
        reply.push(&filter, &message(1, "t"), 2);
        reply.push(&filter, &message(2, "t"), 0);
        let read: Value = serde_json::from_slice(&reply.finish(Encoding::Plain)).unwrap();
        assert_eq!(read["#"][0]["redelivered"], 2);
        assert!(read["#"][1].get("redelivered").is_none());
    }

    #[test]
    fn a_client_is_told_how_much_was_dropped() {
        let (receiver, zone) = (receiver(), TimeZone::UTC);
        let dropped = SystemMessage::dropped("12", Timestamp(0), [127, 0, 0, 1].into());
        let mut reply = PickupReply::new(&receiver, &zone);
        reply.push_system(&dropped);
        let read: Value = serde_json::from_slice(&reply.finish(Encoding::Plain)).unwrap();
        assert_eq!(read["/server/notification/dropped"][0]["message"], "12");
    }

    #[test]
    fn a_lease_and_an_ack_are_read() {
        let pickup = |form: &str| {
            let form = Form::parse(form.as_bytes(), &FormLimits::default()).unwrap();
            Pickup::decode(&Fields::plain(&form), &Limits::default())
        };
        let read = pickup("client=c&lease=0.5&ack=00000000000000ff").unwrap();
        assert_eq!(read.lease, Some(Duration::from_millis(500)));
        assert_eq!(read.ack.unwrap().to_string(), "00000000000000ff");
        assert_eq!(pickup("client=c&ack=").unwrap().ack, None);
        for (form, code) in [
            ("lease=0", "invalid_number"),
            ("lease=3600.1", "invalid_number"),
            ("lease=-1", "invalid_number"),
            ("lease=", "invalid_number"),
            ("ack=x", "invalid_lease"),
        ] {
            let refused = pickup(&format!("client=c&{form}")).unwrap_err();
            assert_eq!((refused.status(), refused.code()), (400, code), "{form}");
        }
    }
}
