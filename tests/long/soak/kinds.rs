//! What the kinds of peers do in one turn, and what they must be answered.

use std::time::Duration;

use super::load::Peer;
use super::{SILENCE, VALUES};

/// When each topic that is there all the time has been written, however busy
/// the machine is.
const ALL_WRITTEN: Duration = Duration::from_secs(60);

/// Clients that wait at a time.
const WAITERS: u64 = 10;

/// Bytes that a monitor gets at once, because they tell of some hundred topics.
const FIRST_NEWS: usize = 16 * 1_024;

/// What one kind of peer does.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) turns_per_second: u32,
    pub(crate) turn: fn(&mut Peer),
}

/// All that is known.
pub(crate) const KINDS: [Kind; 14] = [
    kind("overwrite", 70, overwrite),
    kind("come and go", 25, come_and_go),
    kind("repeat", 20, repeat),
    kind("read", 60, read),
    kind("connect anew", 40, connect_anew),
    kind("vanish", 4, vanish),
    kind("lease", 10, lease),
    kind("pick up", 10, pick_up),
    kind("break a wait", 20, break_a_wait),
    kind("break a request", 20, break_a_request),
    kind("watch", 2, watch),
    kind("look back", 10, look_back),
    kind("search", 4, search),
    kind("follow", 4, follow),
];

const fn kind(name: &'static str, turns_per_second: u32, turn: fn(&mut Peer)) -> Kind {
    Kind {
        name,
        turns_per_second,
        turn,
    }
}

/// Topics that are there all the time get values of another length.
fn overwrite(peer: &mut Peer) {
    let (topic, text) = (peer.topic(), peer.text());
    peer.done("POST", &[("topic", &topic), ("message", &text)]);
}

/// Topics that nobody names again: their policy deletes their values.
fn come_and_go(peer: &mut Peer) {
    let (topic, text) = (format!("/passing/{}", peer.turn), peer.text());
    peer.done("PUTVAL", &[("valname", &topic), ("val", &text)]);
    if let Some(gone) = peer.left_behind(&topic, VALUES * 2) {
        assert_eq!(peer.value(&topic), Some(text));
        assert_eq!(peer.value(&gone), None);
    }
}

/// A publish that comes again changes nothing.
fn repeat(peer: &mut Peer) {
    let id = peer.turn.to_string();
    let topic = "/repeated";
    for message in [id.as_str(), "again"] {
        let fields = [("topic", topic), ("message", message), ("msg_id", &id)];
        peer.done("POST", &fields);
    }
    assert_eq!(peer.value(topic), Some(id));
}

/// Values are read that somebody wrote.
fn read(peer: &mut Peer) {
    let topic = peer.topic();
    let is_early = peer.begun.elapsed() < ALL_WRITTEN;
    let value = peer.value(&topic);
    assert!(is_early || value.is_some(), "{topic} has no value");
}

/// A connection for each request.
fn connect_anew(peer: &mut Peer) {
    let mut connection = match peer.turn % 2 {
        0 => peer.ask("VERSION", &[]),
        _ => peer.ask("PUTVAL", &[("valname", "/anew"), ("val", &peer.text())]),
    };
    assert_eq!(connection.reply().status, 200);
}

/// Clients that subscribe and are never seen again: their queues fill, and they
/// are forgotten.
fn vanish(peer: &mut Peer) {
    let name = format!("vanished-{}", peer.turn);
    peer.done("SUBSCRIBE", &[("client", &name), ("topic", "/kept/#")]);
    if let Some(forgotten) = peer.left_behind(&name, SILENCE * 2) {
        let reply = peer.post("PICKUP", &[("client", &forgotten)]);
        assert!(reply.body.contains("resubscribe"), "{reply:?}");
    }
}

/// Leases of which every third is not let go of, so that its messages come
/// again.
fn lease(peer: &mut Peer) {
    let client = ("client", "leaser");
    if peer.turn == 0 {
        peer.done("SUBSCRIBE", &[client, ("topic", "/kept/1/#")]);
    }
    let reply = peer.post("PICKUP", &[client, ("lease", "2"), ("wait", "1")]);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(!reply.body.contains("resubscribe"), "{reply:?}");
    if let Some(lease) = reply.header("moustique-lease")
        && !peer.turn.is_multiple_of(3)
    {
        let reply = peer.post("ACK", &[client, ("ack", lease)]);
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

/// Clients that subscribe, take what waits, and end their subscription.
fn pick_up(peer: &mut Peer) {
    let name = format!("reader-{}", peer.turn / 8 % 10);
    let (client, filter) = (("client", name.as_str()), ("topic", "/kept/2/+"));
    match peer.turn % 8 {
        0 => peer.done("SUBSCRIBE", &[client, filter]),
        7 => peer.done("UNSUBSCRIBE", &[client, filter]),
        _ => {
            let reply = peer.post("PICKUP", &[client, ("wait", "0.2")]);
            assert!(reply.json().is_object(), "{reply:?}");
        }
    }
}

/// Clients that wait for what never comes, and break off after a while.
fn break_a_wait(peer: &mut Peer) {
    let name = format!("waiter-{}", peer.turn % WAITERS);
    let client = ("client", name.as_str());
    if peer.turn < WAITERS {
        peer.done("SUBSCRIBE", &[client, ("topic", "/never")]);
    } else {
        drop(peer.waiting.pop_front());
    }
    let waiting = peer.ask("PICKUP", &[client, ("wait", "30")]);
    peer.waiting.push_back(waiting);
}

/// Connections that end in the head or in the body of a request.
fn break_a_request(peer: &mut Peer) {
    let whole = "POST /POST HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\ntopic=";
    let part = peer.turn as usize % whole.len();
    peer.connect().send(&whole.as_bytes()[..=part]);
}

/// Monitors that are looked at until they know what there is. One at a time:
/// their first news fills so much memory for a moment that several of them would
/// hide a trend.
fn watch(peer: &mut Peer) {
    let mut monitor = peer.connect();
    monitor.request("GET", "/v1/monitor/stream", &[], "");
    monitor.head();
    monitor.skip(FIRST_NEWS);
}

/// The earlier values of a topic, from the log.
fn look_back(peer: &mut Peer) {
    let topic = peer.topic();
    let reply = peer.get(&format!("/v1/history?topic={topic}&limit=50"));
    assert!(reply.json()["messages"].is_array(), "{reply:?}");
}

/// Values by a regular expression, another one each time.
fn search(peer: &mut Peer) {
    let expression = format!("^/kept/[0-9]/{}?$", peer.turn);
    let reply = peer.post("GETVALSBYREGEX", &[("topic", &expression)]);
    // A machine that is busy otherwise may not find the end of it in its time.
    if reply.status == 503 {
        assert_eq!(reply.header("retry-after"), Some("1"), "{reply:?}");
        return;
    }
    assert!(reply.json().is_object(), "{reply:?}");
}

/// Streams that begin in the past and are left after some messages.
fn follow(peer: &mut Peer) {
    let mut stream = peer.connect();
    let path = "/v1/stream?filter=/kept/%23&since=0";
    stream.request("GET", path, &[], "");
    stream.head();
    stream.skip(FIRST_NEWS);
}
