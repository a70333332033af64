//! The load: each kind of peer has a thread and a pace of its own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::{Caller, Raw, Reply, form};

use super::kinds::{KINDS, Kind};

/// Topics that are there all the time, in groups.
const TOPICS: u64 = 200;
const GROUPS: u64 = 10;

/// The longest value.
const LONGEST: u64 = 2_048;

/// Each kind must have taken at least one in so many of its turns: less is no
/// load.
const LEAST_PART: u64 = 2;

/// What a kind has done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) name: &'static str,
    pub(crate) requests: u64,
    pub(crate) turns: u64,
    /// The turns that it must have taken, also on a busy machine.
    pub(crate) least: u64,
}

/// Puts the load on a broker until `observe` returns. It learns when that is
/// enough because a peer was not answered as it must be.
pub(crate) fn under_load<T>(
    port: u16,
    observe: impl FnOnce(&dyn Fn() -> bool) -> T,
) -> (T, Vec<Done>) {
    let enough = &AtomicBool::new(false);
    thread::scope(|scope| {
        let peers: Vec<_> = KINDS
            .iter()
            .map(|kind| scope.spawn(move || go_on(kind, port, enough)))
            .collect();
        let observed = {
            let _end = End(enough);
            observe(&|| enough.load(Ordering::SeqCst))
        };
        let done = peers.into_iter().map(|peer| peer.join().unwrap());
        (observed, done.collect())
    })
}

/// Ends the load, also when its holder panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Takes its turns until it is enough.
fn go_on(kind: &Kind, port: u16, enough: &AtomicBool) -> Done {
    let _end = End(enough);
    let mut peer = Peer::new(port);
    let pause = Duration::from_secs(1) / kind.turns_per_second;
    let mut due = peer.begun;
    while !enough.load(Ordering::SeqCst) {
        (kind.turn)(&mut peer);
        peer.turn += 1;
        // Who is late does not hurry afterwards.
        due = (due + pause).max(Instant::now());
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let seconds = peer.begun.elapsed().as_secs();
    Done {
        name: kind.name,
        requests: peer.requests,
        turns: peer.turn,
        least: u64::from(kind.turns_per_second) * seconds / LEAST_PART,
    }
}

/// One peer, which does the same again and again.
pub(crate) struct Peer {
    port: u16,
    /// Keeps its connections.
    caller: Caller,
    pub(crate) begun: Instant,
    /// Counts from 0.
    pub(crate) turn: u64,
    pub(crate) requests: u64,
    /// What it has left behind, and when.
    left: Option<(Instant, String)>,
    /// Connections on which it waits for something, the oldest first.
    pub(crate) waiting: VecDeque<Raw>,
}

impl Peer {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            port,
            caller: Caller::new(port),
            begun: Instant::now(),
            turn: 0,
            requests: 0,
            left: None,
            waiting: VecDeque::new(),
        }
    }

    /// A connection on which something is sent by hand, which counts as a
    /// request.
    pub(crate) fn connect(&mut self) -> Raw {
        self.requests += 1;
        Raw::connect(self.port)
    }

    /// Calls a verb over a kept connection.
    pub(crate) fn post(&mut self, verb: &str, fields: &[(&str, &str)]) -> Reply {
        self.requests += 1;
        self.caller.post(verb, fields)
    }

    /// Gets a path over a kept connection.
    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.requests += 1;
        self.caller.get(path, &[])
    }

    /// Does what is answered with nothing but success.
    pub(crate) fn done(&mut self, verb: &str, fields: &[(&str, &str)]) {
        let reply = self.post(verb, fields);
        assert_eq!((reply.status, reply.body.as_str()), (200, ""), "{verb}");
    }

    /// A request over a connection of its own, whose answer is not awaited.
    pub(crate) fn ask(&mut self, verb: &str, fields: &[(&str, &str)]) -> Raw {
        let mut connection = self.connect();
        let headers = [("Moustique-Encoding", "plain")];
        connection.request("POST", &format!("/{verb}"), &headers, &form(fields));
        connection
    }

    /// A topic's value, if it has one.
    pub(crate) fn value(&mut self, topic: &str) -> Option<String> {
        self.requests += 1;
        self.caller.value(topic)
    }

    /// A text whose length is another one in each turn.
    pub(crate) fn text(&self) -> String {
        "m".repeat((self.turn * 7_919 % LONGEST) as usize)
    }

    /// Something left behind longer ago than that, once.
    pub(crate) fn left_behind(&mut self, new: &str, age: Duration) -> Option<String> {
        match &self.left {
            Some((at, _)) if at.elapsed() <= age => None,
            _ => {
                let before = self.left.replace((Instant::now(), new.to_owned()));
                before.map(|(_, name)| name)
            }
        }
    }

    /// Another one of the topics that are there all the time, each in its turn.
    pub(crate) fn topic(&self) -> String {
        let topic = self.turn * 31 % TOPICS;
        format!("/kept/{}/{topic}", topic % GROUPS)
    }
}
