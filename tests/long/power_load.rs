//! Writers that know when each of their publishes was acknowledged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::history::{Topics, Written};
use moustique_tests::load::Gone;
use moustique_tests::{Broker, Caller};

use crate::cut_disk::CutDisk;

/// Writers, each with a topic of its own.
const WRITERS: usize = 32;

/// The longest a writer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// One publish that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Ack {
    pub(crate) topic: String,
    pub(crate) number: u64,
    pub(crate) at: Instant,
}

/// How long they write, and how long after that the power is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PowerLoad {
    pub(crate) busy: Duration,
    pub(crate) quiet: Duration,
}

impl PowerLoad {
    /// One life of a broker that ends by a power cut. What was written, each
    /// acknowledgement, and when the power was cut.
    pub(crate) fn run(
        self,
        broker: Broker,
        before: &Topics,
        disk: &CutDisk,
    ) -> (Topics, Vec<Ack>, Instant) {
        let (gone, enough) = (&Gone::default(), &AtomicBool::new(false));
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let topic = format!("/writer/{writer}");
                    let first = before.get(&topic).map_or(1, Written::next);
                    let caller = Caller::with_patience(broker.port(), PATIENCE);
                    scope.spawn(move || {
                        let (written, acks) = write(&caller, &topic, first, gone, enough);
                        (topic, written, acks)
                    })
                })
                .collect();
            thread::sleep(self.busy);
            if !self.quiet.is_zero() {
                enough.store(true, Ordering::SeqCst);
                thread::sleep(self.quiet);
            }
            gone.allow();
            broker.freeze();
            let cut_at = Instant::now();
            disk.cut();
            broker.kill();
            let (mut topics, mut all) = (Topics::new(), Vec::new());
            for writer in writers {
                let (topic, written, acks) = writer.join().unwrap();
                topics.insert(topic, written);
                all.extend(acks);
            }
            (topics, all, cut_at)
        })
    }
}

/// Publishes numbers that only grow until it is enough or the broker is gone.
fn write(
    caller: &Caller,
    topic: &str,
    first: u64,
    gone: &Gone,
    enough: &AtomicBool,
) -> (Written, Vec<Ack>) {
    let (mut written, mut acks) = (Written::default(), Vec::new());
    for number in first.. {
        if enough.load(Ordering::SeqCst) {
            break;
        }
        let text = number.to_string();
        let reply = caller.try_post("POST", &[("topic", topic), ("message", &text)]);
        if matches!(&reply, Ok(reply) if reply.status == 200) {
            let at = Instant::now();
            let topic = topic.to_owned();
            acks.push(Ack { topic, number, at });
            written.acknowledged.insert(number);
            continue;
        }
        gone.expect(&reply);
        written.unanswered.insert(number);
        break;
    }
    (written, acks)
}
