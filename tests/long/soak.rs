//! A broker whose peers do everything that peers do, for minutes: once all that
//! is bounded is full, it holds no more than before.

mod kinds;
mod load;
mod watch;

use std::time::Duration;

use moustique_tests::{Broker, Setup, count_from, figure};

use load::under_load;
use watch::Watch;

/// How long it is watched, unless `MOUSTIQUE_MINUTES` says otherwise.
const MINUTES: usize = 30;

/// What grows faster than so many MiB an hour grows. What the allocator keeps free
/// moves the trend of a broker that does not grow, too: over ten minutes by 1 MiB/h
/// either way, over thirty by some tenths. A window of repeats that fills up had
/// 12.7.
const MEMORY_AN_HOUR: f64 = 1.0;

/// The same for descriptors and for threads: one in five minutes. Whole numbers
/// that only vary have a trend of 0.
const HANDLES_AN_HOUR: f64 = 12.0;

/// How long clients may be silent, and values may be kept that come and go.
const SILENCE: Duration = Duration::from_secs(20);
const VALUES: Duration = Duration::from_secs(10);

/// Everything that is bounded is full within a minute: the repeats by their
/// window, which is 10 minutes where nobody says otherwise and takes some 165
/// bytes a repeat, the log after 4,000 messages at more than 100 a second, a
/// queue after 50 of them.
fn setup() -> Setup {
    Setup {
        more: format!(
            "retention:\n  total: 64 MiB\n  default:\n    messages: 4000\n  policies:\n    \
             - filter: /passing/#\n      messages: 1000\n      values: {}s\n\
             limits:\n  queue_messages: 50\n  queues_bytes: 4 MiB\n  repeats: 1000\n  \
             repeat_window: 60s\n\
             performance:\n  message_queue_timeout: {}s\n  maintenance_interval: 2s\n",
            VALUES.as_secs(),
            SILENCE.as_secs(),
        ),
        ..Setup::default()
    }
}

#[test]
fn nothing_grows() {
    let minutes = count_from("MOUSTIQUE_MINUTES", MINUTES);
    assert!(
        minutes >= 20,
        "{minutes} minutes show no trend; 20 at least do"
    );
    let length = Duration::from_secs(60 * minutes as u64);
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start_with(folder.path(), &setup());
    let (watch, done) = under_load(broker.port(), |is_enough| {
        Watch::of(broker.pid(), length, is_enough)
    });
    let requests: u64 = done.iter().map(|done| done.requests).sum();
    let seconds = watch.seconds();
    let rate = requests as f64 / seconds;
    figure(&format!(
        "{seconds:.0} s, {requests} requests, {rate:.0} a second: {watch}"
    ));
    for kind in done {
        let (name, turns, least) = (kind.name, kind.turns, kind.least);
        assert!(turns >= least, "{name}: {turns} turns, expected {least}");
    }
    let caller = broker.caller();
    caller.publish("/after", "all");
    assert_eq!(caller.value("/after").as_deref(), Some("all"));
    broker.stop();
    let (memory, descriptors, threads) = (watch.memory(), watch.descriptors(), watch.threads());
    assert!(memory.slope < MEMORY_AN_HOUR, "{memory:?}");
    assert!(descriptors.slope < HANDLES_AN_HOUR, "{descriptors:?}");
    assert!(threads.slope < HANDLES_AN_HOUR, "{threads:?}");
}
