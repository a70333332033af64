//! Kill after kill under writers and one subscriber.

use std::path::Path;

use moustique_tests::history::{Event, Topics, add};
use moustique_tests::load::{Gone, Load, check_values};
use moustique_tests::{Broker, Caller, count_from, figure, integrity};

/// How often the broker is killed, unless `MOUSTIQUE_KILLS` says otherwise.
const CYCLES: usize = 50;

/// How often SQLite is asked for its opinion, in cycles.
const CHECK_EVERY: usize = 10;

/// Writers, each with a topic of its own.
const WRITERS: usize = 32;

/// Acknowledged writes of a cycle before the broker is killed: different each
/// time, so that the blow falls on different work.
fn acks_before_kill(cycle: usize) -> usize {
    200 + cycle * 37 % 400
}

/// Kills the broker again and again. What was written, and what `observe` saw
/// until its broker was gone, with a mark at each restart.
pub(crate) fn run(
    folder: &Path,
    observe: impl Fn(&Caller, &Gone) -> Vec<Event> + Sync,
) -> (Topics, Vec<Event>) {
    let cycles = count_from("MOUSTIQUE_KILLS", CYCLES);
    let mut written = Topics::new();
    let mut history = Vec::new();
    for cycle in 0..cycles {
        let broker = Broker::start(folder);
        let mut log = broker.log_of_start().iter();
        let damage = log.find(|line| line.contains("damaged"));
        assert_eq!(damage, None, "a kill damages nothing");
        check_values(&broker.caller(), &written);
        let load = Load {
            writers: WRITERS,
            acks: acks_before_kill(cycle),
        };
        let (later, seen, ()) = load.run(broker, &written, &observe, Broker::kill);
        add(&mut written, later);
        history.extend(seen);
        history.push(Event::Restarted);
        if (cycle + 1) % CHECK_EVERY == 0 {
            assert_eq!(integrity(&folder.join("moustique.db")), "ok");
        }
    }
    (written, history)
}

/// Says how much was done when it was found to be well done.
pub(crate) fn report(subscriber: &str, written: &Topics) {
    let cycles = count_from("MOUSTIQUE_KILLS", CYCLES);
    let total: usize = written.values().map(|w| w.acknowledged.len()).sum();
    figure(&format!(
        "a subscriber with {subscriber}: {cycles} kills, {total} acknowledged, 0 lost"
    ));
}
