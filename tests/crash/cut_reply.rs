//! A reply that is cut in the middle.

use std::io::ErrorKind;

use moustique_tests::{Broker, Raw, form};

/// As much as one reply may carry.
const MESSAGES: usize = 15;
const BYTES: usize = 128 * 1024;

/// Six bytes in JSON: together more than the system's sockets hold, which is
/// up to 4 MiB.
const CHARACTER: &str = "\u{1}";

/// A subscriber that has read the head of a reply when the broker is killed
/// has none of its messages: they are there after the start. Between, another
/// client's publish is stored, with which a broker that believes they had
/// arrived would note so.
#[test]
fn a_reply_cut_by_the_kill_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let mut slow = begin_a_long_reply(&broker);
    let promised = slow.head();
    broker.caller().publish("/other", "stored");
    broker.kill();
    match slow.rest() {
        Ok(read) => assert!(
            read < promised,
            "all {read} bytes went into the sockets: too few to be cut"
        ),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }

    let broker = Broker::start(folder.path());
    assert_eq!(
        waiting(&broker, "0"),
        MESSAGES,
        "of those whose reply was cut"
    );
}

/// The same without a kill: the subscriber goes away amid the reply.
#[test]
fn a_reply_cut_by_the_subscriber_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let mut slow = begin_a_long_reply(&broker);
    slow.head();
    drop(slow);

    // It waits until the broker has noticed.
    assert_eq!(
        waiting(&broker, "10"),
        MESSAGES,
        "of those whose reply was cut"
    );
}

/// Has a subscriber ask for more than the sockets hold.
fn begin_a_long_reply(broker: &Broker) -> Raw {
    let caller = broker.caller();
    caller.subscribe("slow", "/big/+");
    let text = CHARACTER.repeat(BYTES);
    for n in 0..MESSAGES {
        caller.publish(&format!("/big/{n}"), &text);
    }
    let mut slow = Raw::connect_narrow(broker.port());
    let headers = [("Moustique-Encoding", "plain")];
    slow.request("POST", "/PICKUP", &headers, &form(&[("client", "slow")]));
    slow
}

fn waiting(broker: &Broker, wait: &str) -> usize {
    let picked = broker.caller().pickup("slow", wait);
    picked["/big/+"].as_array().map_or(0, Vec::len)
}
