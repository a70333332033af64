//! Power cuts under load: what was acknowledged is there, or what was
//! acknowledged before the last second, as the configuration promises.
//!
//! The test of `process` proves that the harness takes something away: it must
//! lose some, or the test of `power` proves nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use moustique_tests::history::{Delivery, Event, Topics, Written, add, assert_kept};
use moustique_tests::load::{FILTER, collect};
use moustique_tests::{Broker, Caller, Setup, count_from, figure, integrity};

use crate::cut_disk::CutDisk;
use crate::power_load::{Ack, PowerLoad};

/// How often the power is cut, unless `MOUSTIQUE_CUTS` says otherwise.
const CUTS: usize = 100;

/// What `process` may lose: what was acknowledged this long before the cut.
const AT_RISK: Duration = Duration::from_secs(1);

/// A little longer than that.
const QUIET: Duration = Duration::from_millis(1_100);

/// Different each time, so that the blow falls on different work. Each fourth
/// cut falls when nobody has written for so long that nothing is at risk.
fn load(cut: usize) -> PowerLoad {
    let busy = 300 + cut * 137 % 1_500;
    PowerLoad {
        busy: Duration::from_millis(busy as u64),
        quiet: if cut % 4 == 3 { QUIET } else { Duration::ZERO },
    }
}

fn setup(durability: &str) -> Setup {
    Setup {
        // Whoever picks up after a cut finds all of what was written before.
        more: format!(
            "database:\n  durability: {durability}\nlimits:\n  queue_messages: 1000000\n  \
             queue_bytes: 1 GiB\n  queues_bytes: 2 GiB\n"
        ),
        ..Setup::default()
    }
}

/// Starts after a cut: nothing is damaged, and nobody thinks so.
fn start_again(folder: &Path, setup: &Setup) -> Broker {
    assert_eq!(integrity(&folder.join("moustique.db")), "ok");
    let broker = Broker::start_with(folder, setup);
    let log = broker.log_of_start();
    let is_bad = |line: &String| line.contains("ERROR") || line.contains("damaged");
    assert!(!log.iter().any(is_bad), "{log:#?}");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(!name.to_string_lossy().contains("damaged"), "{name:?}");
    }
    broker
}

/// What a series of cuts took away.
#[derive(Debug, Default)]
struct Losses {
    cuts: usize,
    cuts_with_loss: usize,
    acknowledged: usize,
    lost: usize,
    /// How long before its cut the oldest that is lost was acknowledged.
    oldest: Duration,
}

impl Losses {
    fn add(&mut self, acks: &[Ack], kept: &BTreeMap<String, u64>, cut_at: Instant) {
        let is_lost = |ack: &&Ack| ack.number > kept[&ack.topic];
        let ages = acks.iter().filter(is_lost).map(|ack| cut_at - ack.at);
        let ages: Vec<Duration> = ages.collect();
        self.cuts += 1;
        self.cuts_with_loss += usize::from(!ages.is_empty());
        self.acknowledged += acks.len();
        self.lost += ages.len();
        self.oldest = self.oldest.max(ages.into_iter().max().unwrap_or_default());
    }
}

/// The number that is the value of a topic, which somebody must have written.
fn value(caller: &Caller, topic: &str, written: &Written) -> u64 {
    let value = caller.value(topic).map(|text| text.parse());
    let value = value.map_or(0, Result::unwrap);
    let is_known = written.acknowledged.contains(&value) || written.unanswered.contains(&value);
    assert!(value == 0 || is_known, "{topic} is {value}");
    value
}

/// Cuts the power again and again, and has `observe` look at the broker after
/// each cut. What was written, and what is lost.
fn run(durability: &str, mut observe: impl FnMut(&Caller)) -> (Topics, Losses) {
    let disk = CutDisk::new();
    let (folder, setup) = (disk.mount_point(), setup(durability));
    let (mut written, mut losses) = (Topics::new(), Losses::default());
    // What is there after a cut has reached the disk and is there for good.
    let mut kept = BTreeMap::new();
    let mut broker = Broker::start_with(&folder, &setup);
    broker.caller().subscribe("reader", FILTER);
    for cut in 0..count_from("MOUSTIQUE_CUTS", CUTS) {
        let (later, acks, cut_at) = load(cut).run(broker, &written, &disk);
        add(&mut written, later);
        disk.power_up();
        broker = start_again(&folder, &setup);
        for (topic, written) in &written {
            let now = value(&broker.caller(), topic, written);
            let before = kept.insert(topic.clone(), now).unwrap_or(0);
            assert!(before <= now, "{topic} was {before} and is {now}");
        }
        losses.add(&acks, &kept, cut_at);
        observe(&broker.caller());
    }
    broker.stop();
    let Losses { cuts, lost, .. } = losses;
    figure(&format!(
        "durability {durability}: {cuts} power cuts, {} acknowledged, {lost} lost in {} of the \
         cuts, the oldest {} ms before its cut",
        losses.acknowledged,
        losses.cuts_with_loss,
        losses.oldest.as_millis(),
    ));
    (written, losses)
}

#[test]
fn power_loses_nothing() {
    let mut history = Vec::new();
    let (written, losses) = run("power", |caller| {
        history.extend(collect(caller, "reader"));
        caller.publish("/reader", "has read");
        history.push(Event::Confirmed);
        history.push(Event::Restarted);
    });
    assert_eq!(losses.lost, 0, "{losses:?}");
    assert_kept(&written, &history, Delivery::Once);
}

#[test]
fn process_loses_the_last_second_at_most() {
    let (_, losses) = run("process", |_| {});
    assert!(losses.lost > 0, "the cuts take nothing away: {losses:?}");
    assert!(losses.oldest <= AT_RISK, "{losses:?}");
}
