//! A stop under load: what is under way is answered, and it is quick.

use std::time::{Duration, Instant};

use moustique_tests::history::{Delivery, Topics, add, assert_kept};
use moustique_tests::load::{FILTER, Load, check_values, collect, observe};
use moustique_tests::{Broker, Ended, Raw, integrity};

/// How often the broker is stopped.
const CYCLES: usize = 50;

/// The longest a stop may take.
const LONGEST: Duration = Duration::from_secs(6);

/// The longest a second signal may take to end it: less than the five seconds
/// for which it waits for half a request.
const AT_ONCE: Duration = Duration::from_secs(3);

fn load(cycle: usize) -> Load {
    Load {
        writers: 16,
        acks: 50 + cycle * 17 % 100,
    }
}

/// It says that it stopped, and that nothing was cut or went wrong before.
fn assert_clean(ended: &Ended) {
    assert_eq!(ended.status.code(), Some(0), "{ended:#?}");
    let last = ended.log.last().map_or("", String::as_str);
    assert!(last.contains("stopped"), "{ended:#?}");
    let wrong = ["ERROR", "panicked", "cut connections"];
    let is_wrong = |line: &String| wrong.iter().any(|word| line.contains(word));
    assert!(!ended.log.iter().any(is_wrong), "{ended:#?}");
}

#[test]
fn fifty_stops_under_load_keep_everything() {
    let folder = tempfile::tempdir().unwrap();
    Broker::start(folder.path())
        .caller()
        .subscribe("reader", FILTER);
    let mut written = Topics::new();
    let mut history = Vec::new();
    let mut slowest = Duration::ZERO;
    for cycle in 0..CYCLES {
        let broker = Broker::start(folder.path());
        check_values(&broker.caller(), &written);
        let signal = ["TERM", "INT"][cycle % 2];
        let (later, seen, took) = load(cycle).run(
            broker,
            &written,
            |caller, gone| observe(caller, gone, "reader"),
            |mut broker| {
                let begun = Instant::now();
                broker.signal(signal);
                assert_clean(&broker.wait_at_most(LONGEST));
                begun.elapsed()
            },
        );
        slowest = slowest.max(took);
        add(&mut written, later);
        // Without a mark: after a clean stop nothing may come again.
        history.extend(seen);
    }
    println!("{CYCLES} stops, the slowest took {slowest:?}");
    let broker = Broker::start(folder.path());
    check_values(&broker.caller(), &written);
    history.extend(collect(&broker.caller(), "reader"));
    assert_kept(&written, &history, Delivery::Once);
}

/// A request of which half is there holds a stop up for its whole patience; a
/// second signal does not wait for it.
#[test]
fn a_second_signal_ends_it_at_once_and_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = Topics::new();
    for cycle in 0..10 {
        let broker = Broker::start(folder.path());
        check_values(&broker.caller(), &written);
        let mut half = Raw::connect(broker.port());
        half.send(b"POST /POST HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntopic=");
        let (later, (), ended) = load(cycle).run(
            broker,
            &written,
            |_, _| {},
            |mut broker| {
                broker.signal("TERM");
                wait_until_it_refuses(&broker);
                let begun = Instant::now();
                broker.signal(["TERM", "INT"][cycle % 2]);
                let ended = broker.wait_at_most(AT_ONCE);
                (begun.elapsed(), ended)
            },
        );
        assert!(ended.1.status.code().is_some(), "{ended:#?}");
        add(&mut written, later);
        assert_eq!(integrity(&folder.path().join("moustique.db")), "ok");
    }
    let broker = Broker::start(folder.path());
    check_values(&broker.caller(), &written);
}

/// Two signals that come together are one: the second must find the stop begun.
fn wait_until_it_refuses(broker: &Broker) {
    let caller = broker.caller();
    let is_stored = || {
        let reply = caller.try_post("PUTVAL", &[("valname", "/probe"), ("val", "x")]);
        reply.is_ok_and(|reply| reply.status == 200)
    };
    while is_stored() {}
}
