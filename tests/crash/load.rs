//! Writers that publish until the broker is killed under them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use moustique_tests::history::{Event, Written};
use moustique_tests::{Broker, Caller, integrity};

/// How often the broker is killed.
const CYCLES: u64 = 50;

/// How often SQLite is asked for its opinion, in cycles.
const CHECK_EVERY: u64 = 10;

/// Writers, each with a topic of its own.
const WRITERS: usize = 32;

/// What matches every writer's topic.
pub(crate) const FILTER: &str = "/writer/+";

/// Acknowledged writes of a cycle before the broker is killed: different each
/// time, so that the blow falls on different work.
fn acks_before_kill(cycle: u64) -> usize {
    (200 + cycle * 37 % 400) as usize
}

/// Whether the broker may be gone.
pub(crate) type Gone = AtomicBool;

/// Kills the broker again and again under writers and one subscriber. What
/// `observe` saw until its broker was gone, with a mark at each restart, and
/// what was written.
pub(crate) fn run(
    folder: &Path,
    observe: impl Fn(&Caller, &Gone) -> Vec<Event> + Sync,
) -> (BTreeMap<String, Written>, Vec<Event>) {
    let mut written: BTreeMap<String, Written> = BTreeMap::new();
    let mut history = Vec::new();
    for cycle in 0..CYCLES {
        let broker = Broker::start(folder);
        check_values(&broker.caller(), &written);
        let (seen, ranges) = cycle_under_load(broker, cycle, &written, &observe);
        history.extend(seen);
        history.push(Event::Restarted);
        for (writer, acknowledged) in ranges.into_iter().enumerate() {
            let written = written.entry(topic(writer)).or_default();
            // The one after was sent, and nobody knows whether it is stored.
            written.unanswered.insert(acknowledged.end);
            written.acknowledged.extend(acknowledged);
        }
        if cycle % CHECK_EVERY == CHECK_EVERY - 1 {
            assert_eq!(integrity(&folder.join("moustique.db")), "ok");
        }
    }
    let total: usize = written.values().map(|w| w.acknowledged.len()).sum();
    println!("{CYCLES} kills, {total} acknowledged");
    (written, history)
}

/// One life of the broker: writers and the subscriber work until it is killed.
fn cycle_under_load(
    broker: Broker,
    cycle: u64,
    written: &BTreeMap<String, Written>,
    observe: &(impl Fn(&Caller, &Gone) -> Vec<Event> + Sync),
) -> (Vec<Event>, Vec<Range<u64>>) {
    let gone = &Gone::new(false);
    let (acked, acks) = mpsc::channel();
    thread::scope(|scope| {
        let caller = broker.caller();
        let observer = scope.spawn(move || observe(&caller, gone));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let first = next_number(written.get(&topic(writer)));
                let (caller, acked) = (broker.caller(), acked.clone());
                scope.spawn(move || write(&caller, writer, first, &acked, gone))
            })
            .collect();
        drop(acked);
        assert_eq!(
            acks.iter().take(acks_before_kill(cycle)).count(),
            acks_before_kill(cycle)
        );
        gone.store(true, Ordering::SeqCst);
        broker.kill();
        let ranges = writers.into_iter().map(|writer| writer.join().unwrap());
        let ranges = ranges.collect();
        (observer.join().unwrap(), ranges)
    })
}

/// Publishes numbers that only grow until the broker is gone; returns those
/// that were acknowledged.
fn write(
    caller: &Caller,
    writer: usize,
    first: u64,
    acked: &Sender<()>,
    gone: &Gone,
) -> Range<u64> {
    let topic = topic(writer);
    for number in first.. {
        let text = number.to_string();
        match caller.try_post("POST", &[("topic", &topic), ("message", &text)]) {
            Ok(reply) => {
                assert_eq!(reply.status, 200, "{reply:?}");
                // Who counts has counted enough when nobody listens.
                let _ = acked.send(());
            }
            Err(error) => {
                assert!(gone.load(Ordering::SeqCst), "before the kill: {error}");
                return first..number;
            }
        }
    }
    unreachable!()
}

/// Each topic's value is the last number that was acknowledged, or one that
/// was sent after it.
fn check_values(caller: &Caller, written: &BTreeMap<String, Written>) {
    for (topic, written) in written {
        let value = caller
            .value(topic)
            .map_or(0, |text| text.parse::<u64>().unwrap());
        let last = written.acknowledged.last().copied().unwrap_or(0);
        let is_known = value == last || written.unanswered.contains(&value);
        assert!(
            value >= last && is_known,
            "{topic} is {value}, {last} was acknowledged"
        );
    }
}

fn topic(writer: usize) -> String {
    format!("/writer/{writer}")
}

fn next_number(written: Option<&Written>) -> u64 {
    let last = |written: &Written| written.unanswered.last().copied();
    written.and_then(last).map_or(1, |last| last + 1)
}
