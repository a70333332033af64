//! kill -9 under load: what was acknowledged is there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use moustique_tests::{Broker, Caller};

/// How often the broker is killed.
const CYCLES: u64 = 20;

/// Writers, each with a topic of its own.
const WRITERS: usize = 16;

/// Acknowledged writes of a cycle before the broker is killed: different each
/// time, so that the blow falls on different work.
fn acks_before_kill(cycle: u64) -> u64 {
    200 + cycle * 37 % 400
}

/// What one writer did in one cycle.
struct Written {
    writer: usize,
    /// Every number that was acknowledged.
    acknowledged: Range<u64>,
    /// The last number that was sent: it may be stored or not.
    sent: u64,
}

/// Publishes numbers that only grow until the broker is gone.
fn write(
    caller: &Caller,
    writer: usize,
    first: u64,
    acks: &AtomicU64,
    gone: &AtomicBool,
) -> Written {
    let topic = topic(writer);
    let mut number = first;
    loop {
        let text = number.to_string();
        match caller.try_post("POST", &[("topic", &topic), ("message", &text)]) {
            Ok(reply) => {
                assert_eq!(reply.status, 200, "{reply:?}");
                acks.fetch_add(1, Ordering::Relaxed);
                number += 1;
            }
            Err(error) => {
                assert!(gone.load(Ordering::Relaxed), "before the kill: {error}");
                return Written {
                    writer,
                    acknowledged: first..number,
                    sent: number,
                };
            }
        }
    }
}

fn topic(writer: usize) -> String {
    format!("/writer/{writer}")
}

/// Lets the writers write, kills the broker amid it, and returns what they did.
fn write_and_kill(broker: Broker, cycle: u64, sent: &[u64]) -> Vec<Written> {
    let acks = Arc::new(AtomicU64::new(0));
    let gone = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = sent
        .iter()
        .enumerate()
        .map(|(writer, sent)| {
            let (caller, first) = (broker.caller(), sent + 1);
            let (acks, gone) = (Arc::clone(&acks), Arc::clone(&gone));
            thread::spawn(move || write(&caller, writer, first, &acks, &gone))
        })
        .collect();
    while acks.load(Ordering::Relaxed) < acks_before_kill(cycle) {
        thread::yield_now();
    }
    gone.store(true, Ordering::Relaxed);
    broker.kill();
    writers
        .into_iter()
        .map(|writer| writer.join().unwrap())
        .collect()
}

#[test]
fn nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut sent = [0_u64; WRITERS];
    let mut acknowledged = [const { BTreeSet::<u64>::new() }; WRITERS];
    let mut delivered: BTreeMap<String, Vec<u64>> = BTreeMap::new();

    Broker::start(folder.path())
        .caller()
        .subscribe("witness", "/writer/+");
    for cycle in 0..CYCLES {
        for written in write_and_kill(Broker::start(folder.path()), cycle, &sent) {
            sent[written.writer] = written.sent;
            acknowledged[written.writer].extend(written.acknowledged);
        }
        let broker = Broker::start(folder.path());
        let caller = broker.caller();
        for writer in 0..WRITERS {
            let value = caller
                .value(&topic(writer))
                .map_or(0, |text| text.parse().unwrap());
            let last = acknowledged[writer].last().copied().unwrap_or(0);
            assert!(
                (last..=sent[writer]).contains(&value),
                "writer {writer}: {value} is stored, {last} was acknowledged, {} was sent",
                sent[writer]
            );
        }
        collect(&caller, &mut delivered);
        broker.kill();
    }

    let mut total = 0;
    for (writer, acknowledged) in acknowledged.iter().enumerate() {
        let numbers = &delivered[&topic(writer)];
        assert!(
            numbers.is_sorted(),
            "writer {writer} was delivered out of order"
        );
        let delivered = numbers.iter().copied().collect();
        let lost: Vec<_> = acknowledged.difference(&delivered).collect();
        assert!(
            lost.is_empty(),
            "writer {writer}: {lost:?} were acknowledged and lost"
        );
        total += acknowledged.len();
    }
    println!("{CYCLES} kills, {total} acknowledged, 0 lost");
}

/// Picks up everything that waits.
fn collect(caller: &Caller, delivered: &mut BTreeMap<String, Vec<u64>>) {
    loop {
        let picked = caller.pickup("witness", "0");
        let Some(messages) = picked["/writer/+"].as_array() else {
            return;
        };
        for message in messages {
            let topic = message["topic"].as_str().unwrap().to_owned();
            let number: u64 = message["message"].as_str().unwrap().parse().unwrap();
            let numbers = delivered.entry(topic).or_default();
            // A pickup that the broker could not note before it was killed
            // comes again.
            if numbers.last() < Some(&number) {
                numbers.push(number);
            } else {
                assert!(numbers.contains(&number), "{number} came late");
            }
        }
    }
}
