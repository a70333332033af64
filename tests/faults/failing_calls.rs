//! A disk that fails a call: EIO at the n-th `fsync`, `pwrite64` or `pread64`.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::{Broker, Ended, Setup, copy_files, count_from, figure, integrity};

use crate::injection::Injection;
use crate::ledger::Ledger;

/// The longest to wait for the n-th call, and for each call before it: the
/// write-ahead log is moved ten times a second at most.
const UNTIL_STRUCK: Duration = Duration::from_secs(10);
const UNTIL_CALLED: Duration = Duration::from_millis(200);

/// The longest to wait for a call after a publish.
const PAUSE: Duration = Duration::from_millis(200);

/// The longest until writes succeed again after a call failed.
const RECOVERY: Duration = Duration::from_secs(5);

/// Which call fails at last, unless `MOUSTIQUE_FAILING_CALLS` says otherwise.
const LAST: usize = 50;

/// Up to which call both threads that make them are struck.
const BOTH: usize = 8;

/// A data folder that a broker has left behind, with what is in it.
struct Template {
    folder: tempfile::TempDir,
    ledger: Ledger,
}

impl Template {
    fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("moustique.db")
    }

    /// Values and a client for whom they wait. After a kill the write-ahead log
    /// is there, after a stop it is not.
    fn new(end: fn(Broker)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::with_padding(100);
        let broker = Broker::start(folder.path());
        broker.caller().subscribe("reader", Ledger::FILTER);
        for _ in 0..20 {
            assert_eq!(ledger.publish(&broker.caller()).status, 200);
        }
        end(broker);
        Self { folder, ledger }
    }
}

/// The log of a broker that says in one sentence why it does not start.
fn refusal(ended: Ended) -> Vec<String> {
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let errors = ended.log.iter().filter(|line| line.contains("ERROR"));
    assert_eq!(errors.count(), 1, "{ended:#?}");
    ended.log
}

fn assert_no_panic(log: &[String]) {
    assert!(
        !log.iter().any(|line| line.contains("panicked")),
        "{log:#?}"
    );
}

/// Nothing of a folder was taken for damaged because a call failed.
fn assert_nothing_aside(folder: &Path, injection: Injection, log: &[String]) {
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name();
        let is_aside = name.to_string_lossy().contains("damaged");
        assert!(!is_aside, "{name:?} by {injection:?}: {log:#?}");
    }
}

/// The whole log of a broker that ends by a kill.
fn kill_and_read_log(broker: Broker) -> Vec<String> {
    let mut log = broker.log_of_start().to_vec();
    log.extend(broker.kill_and_read_log());
    log
}

/// Has a broker meet the failing call, and looks at what it did with it.
/// Whether the call was reached.
fn strike(template: &Template, injection: Injection) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let database = copy_files(&template.database(), folder.path());
    let mut ledger = template.ledger.clone();
    let (setup, mut trace) = injection.arm(&database);
    let log = match Broker::try_start(folder.path(), &setup) {
        Err(ended) => refusal(ended),
        Ok(broker) => {
            let caller = broker.caller();
            let begun = Instant::now();
            // The writer and the thread that moves the write-ahead log; later ones
            // take too long for both.
            let threads = if injection.when <= BOTH { 2 } else { 1 };
            let longest = UNTIL_STRUCK.max(UNTIL_CALLED * injection.when as u32);
            while trace.struck() < threads && begun.elapsed() < longest {
                ledger.publish(&caller);
                // What a publish sets in motion: the log is moved after it.
                trace.wait_for_calls(PAUSE);
            }
            let struck = Instant::now();
            for _ in 0..5 {
                ledger.publish(&caller);
            }
            while ledger.publish(&caller).status != 200 {
                assert!(struck.elapsed() < RECOVERY, "no recovery: {injection:?}");
            }
            ledger.check(&caller);
            kill_and_read_log(broker)
        }
    };
    assert_no_panic(&log);
    let was_reached = trace.struck_in_all() > 0;
    assert_eq!(integrity(&database), "ok", "{injection:?}");
    let broker = Broker::start(folder.path());
    ledger.check(&broker.caller());
    ledger.check_pickups(&broker.caller(), "reader");
    broker.stop();
    assert_nothing_aside(folder.path(), injection, &log);
    was_reached
}

/// Strikes each of the calls in turn, two at a time; most of them must have
/// been reached, or nothing was tested.
fn strike_all(calls: &'static str, durability: &'static str) {
    let template = &Template::new(Broker::stop);
    let last = count_from("MOUSTIQUE_FAILING_CALLS", LAST);
    let every_other = |first: usize| {
        let numbers = (first..=last).step_by(2);
        let injection = |when| Injection {
            calls,
            when,
            durability,
        };
        let reached = numbers.filter(|&when| strike(template, injection(when)));
        reached.count()
    };
    let reached = thread::scope(|scope| {
        let other = scope.spawn(move || every_other(2));
        every_other(1) + other.join().unwrap()
    });
    figure(&format!(
        "durability {durability}: {last} x {calls} failed in turn, {reached} reached"
    ));
    assert!(reached > last * 9 / 10, "{reached} of {last} were reached");
}

#[test]
fn a_sync_that_fails_is_never_acknowledged_away() {
    strike_all("fsync,fdatasync", "process");
}

/// With this durability each publish is synced, and one of which the sync failed
/// is whole in the write-ahead log although it was refused.
#[test]
fn a_sync_that_fails_is_never_acknowledged_away_with_power() {
    strike_all("fsync,fdatasync", "power");
}

#[test]
fn a_write_that_fails_is_never_acknowledged_away() {
    strike_all("pwrite64", "process");
}

/// Where nothing is there yet, the first calls make the database.
#[test]
fn a_first_start_that_fails_leaves_nothing_that_hinders_the_next() {
    for calls in ["fsync,fdatasync", "pwrite64", "pread64"] {
        for when in 1..=16 {
            let folder = tempfile::tempdir().unwrap();
            let injection = Injection {
                calls,
                when,
                durability: "process",
            };
            let (setup, trace) = injection.arm(&folder.path().join("moustique.db"));
            let log = match Broker::try_start(folder.path(), &setup) {
                Err(ended) => {
                    assert!(trace.struck_in_all() > 0, "{injection:?}: {ended:#?}");
                    refusal(ended)
                }
                Ok(broker) => kill_and_read_log(broker),
            };
            assert_no_panic(&log);
            let broker = Broker::start(folder.path());
            broker.caller().publish("/a", "1");
            assert_eq!(broker.caller().value("/a").as_deref(), Some("1"));
            broker.stop();
            assert_nothing_aside(folder.path(), injection, &log);
        }
    }
}

/// A page that cannot be read now is not a page that is damaged: the start may
/// fail, but the file stays what and where it is.
#[test]
fn a_read_that_fails_is_not_taken_for_damage() {
    for end in [Broker::stop, Broker::kill] {
        let template = Template::new(end);
        let mut reached = 0;
        for when in 1.. {
            let folder = tempfile::tempdir().unwrap();
            let database = copy_files(&template.database(), folder.path());
            let injection = Injection {
                calls: "pread64",
                when,
                durability: "process",
            };
            let (setup, trace) = injection.arm(&database);
            let log = match Broker::try_start(folder.path(), &setup) {
                Err(ended) => refusal(ended),
                Ok(broker) => {
                    template.ledger.check(&broker.caller());
                    kill_and_read_log(broker)
                }
            };
            assert_no_panic(&log);
            assert_nothing_aside(folder.path(), injection, &log);
            let broker = Broker::start_with(folder.path(), &Setup::default());
            template.ledger.check(&broker.caller());
            template.ledger.check_pickups(&broker.caller(), "reader");
            if trace.struck_in_all() == 0 {
                break;
            }
            reached += 1;
        }
        assert!(reached >= 5, "{reached} reads were reached");
    }
}
