//! Writers and a subscriber that work until the broker is gone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use crate::broker::Broker;
use crate::call::{Caller, Reply};
use crate::history::{Event, Topics, Written};

/// The longest a writer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What matches every writer's topic.
pub const FILTER: &str = "/writer/+";

/// Whether the broker may be gone.
#[derive(Debug, Default)]
pub struct Gone(AtomicBool);

impl Gone {
    /// From now on it may be.
    pub fn allow(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Ends the test unless the broker may be gone.
    ///
    /// # Panics
    /// When it may not.
    pub fn expect(&self, error: &impl std::fmt::Debug) {
        assert!(self.0.load(Ordering::SeqCst), "too early: {error:?}");
    }
}

/// How many writers there are, and when they have written enough.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Writers, each with a topic of its own.
    pub writers: usize,
    /// Acknowledged writes before the end begins.
    pub acks: usize,
}

impl Load {
    /// One life of a broker: writers publish numbers that go on where `before`
    /// stopped, `observe` subscribes, and when enough is acknowledged, `end`
    /// ends the broker under them. What was written, and what `observe` and
    /// `end` returned.
    ///
    /// # Panics
    /// When the broker is gone before it is ended, or answers a writer with
    /// anything but 200 or, at its end, 503.
    pub fn run<S: Send, E>(
        self,
        broker: Broker,
        before: &Topics,
        observe: impl FnOnce(&Caller, &Gone) -> S + Send,
        end: impl FnOnce(Broker) -> E,
    ) -> (Topics, S, E) {
        let gone = &Gone::default();
        let (acked, acks) = mpsc::channel();
        thread::scope(|scope| {
            let caller = broker.caller();
            let observer = scope.spawn(move || observe(&caller, gone));
            let writers: Vec<_> = (0..self.writers)
                .map(|writer| {
                    let topic = format!("/writer/{writer}");
                    let first = before.get(&topic).map_or(1, Written::next);
                    let caller = Caller::with_patience(broker.port(), PATIENCE);
                    let acked = acked.clone();
                    scope.spawn(move || {
                        let written = write(&caller, &topic, first, &acked, gone);
                        (topic, written)
                    })
                })
                .collect();
            drop(acked);
            assert_eq!(acks.iter().take(self.acks).count(), self.acks);
            gone.allow();
            let ended = end(broker);
            let written = writers.into_iter().map(|writer| writer.join().unwrap());
            (written.collect(), observer.join().unwrap(), ended)
        })
    }
}

/// Publishes numbers that only grow until the broker is gone.
fn write(caller: &Caller, topic: &str, first: u64, acked: &Sender<()>, gone: &Gone) -> Written {
    let mut written = Written::default();
    for number in first.. {
        let text = number.to_string();
        match caller.try_post("POST", &[("topic", topic), ("message", &text)]) {
            Ok(reply) if reply.status == 200 => {
                written.acknowledged.insert(number);
                // Who counts has counted enough when nobody listens.
                let _ = acked.send(());
            }
            Ok(reply) => {
                gone.expect(&reply);
                assert_eq!(reply.status, 503, "{reply:?}");
                written.refused.insert(number);
            }
            Err(error) => {
                gone.expect(&error);
                written.unanswered.insert(number);
                break;
            }
        }
    }
    written
}

/// Compares each topic's value with what was written.
///
/// # Panics
/// When one is older than what was acknowledged, or was never sent.
pub fn check_values(caller: &Caller, written: &Topics) {
    for (topic, written) in written {
        let value = caller.value(topic).map(|text| text.parse().unwrap());
        assert!(
            !written.contradicts(value),
            "{topic} is {value:?}, {:?} was acknowledged last",
            written.acknowledged.last()
        );
    }
}

/// The messages of a pickup's reply, in their order.
///
/// # Panics
/// When it is none, or brings anything but messages of writers: the request to
/// subscribe again, because the broker has forgotten the client.
#[must_use]
pub fn messages(reply: &Reply) -> Vec<Event> {
    assert_eq!(reply.status, 200, "{reply:?}");
    let json = reply.json();
    let filters = json.as_object().unwrap();
    assert!(filters.keys().all(|filter| filter == FILTER), "{json}");
    let messages = filters.get(FILTER).and_then(|list| list.as_array());
    let event = |message: &serde_json::Value| Event::Saw {
        id: message["id"].as_u64().unwrap(),
        topic: message["topic"].as_str().unwrap().to_owned(),
        number: message["message"].as_str().unwrap().parse().unwrap(),
    };
    messages.into_iter().flatten().map(event).collect()
}

/// Everything that waits for a client, with plain pickups.
///
/// # Panics
/// As [`messages`].
#[must_use]
pub fn collect(caller: &Caller, client: &str) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let picked = messages(&caller.post("PICKUP", &[("client", client)]));
        if picked.is_empty() {
            return all;
        }
        all.extend(picked);
    }
}

/// Picks up with plain pickups until the broker is gone, and confirms each
/// reply by a write that is acknowledged after it ([`crate::history`] says what
/// for).
pub fn observe(caller: &Caller, gone: &Gone, client: &str) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        match caller.try_post("PICKUP", &[("client", client), ("wait", "1")]) {
            Ok(reply) if reply.status == 200 => seen.extend(messages(&reply)),
            other => {
                gone.expect(&other);
                return seen;
            }
        }
        match caller.try_post("PUTVAL", &[("valname", "/observer"), ("val", "read")]) {
            Ok(reply) if reply.status == 200 => seen.push(Event::Confirmed),
            other => {
                gone.expect(&other);
                return seen;
            }
        }
    }
}
