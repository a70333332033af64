//! Clocks on the wall that jump, while the broker runs and while it does not.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::{Broker, Caller};
use serde_json::json;

use crate::clock_file::{Clock, now, seconds_to};

const DAY: i64 = 24 * 60 * 60;

/// 1970-01-02 and 2038-02-01, the day after the 32-bit clocks have run out.
const IN_1970: i64 = DAY;
const IN_2038: i64 = 2_148_595_200;

/// Chores often enough that some fall into each wait: forgetting silent
/// clients, pruning the log.
const CHORES: &str = "performance:\n  maintenance_interval: 50ms\n";

/// How long a poll waits when nothing comes, and how much later it may end.
const WAIT: Duration = Duration::from_secs(1);
const SLACK: Duration = Duration::from_secs(3);

/// Seconds between what the broker stamps and what its clock shows.
const STAMP_SLACK: i64 = 10;

/// A poll that waits across a jump: it ends with nothing when its time is over
/// by the monotonic clock, neither before nor long after.
fn poll_across(caller: &Caller, jump: impl FnOnce()) {
    let (begun, waiting) = (Instant::now(), caller.clone());
    let poll = thread::spawn(move || {
        let picked = waiting.pickup("poller", &WAIT.as_secs().to_string());
        (picked, begun.elapsed())
    });
    jump();
    let (picked, took) = poll.join().unwrap();
    assert_eq!(picked, json!({}));
    assert!(took >= WAIT, "it ended early: {took:?}");
    assert!(took < WAIT + SLACK, "it ended late: {took:?}");
}

/// A poll that waits while something comes is answered with it at once. The
/// write that follows it is stored with or after the note that it arrived, so
/// that no kill brings it again.
fn poll_is_woken(caller: &Caller, text: &str) {
    let waiting = caller.clone();
    let begun = Instant::now();
    let poll = thread::spawn(move || waiting.pickup("poller", "30"));
    caller.publish("/poll", text);
    assert_eq!(poll.join().unwrap()["/poll"][0]["message"], text);
    assert!(begun.elapsed() < SLACK, "{:?}", begun.elapsed());
    caller.publish("/confirmed", text);
}

/// What the broker stamps on a publish shows where its clock stands: without
/// this nothing would say that the jump took place.
fn assert_clock_stands_at(caller: &Caller, offset: i64) {
    caller.publish("/stamp", "x");
    let reply = caller.post("GETVAL", &[("topic", "/stamp")]);
    let stamp = reply.json()["updated_time"].as_i64().unwrap();
    let wrong = stamp - (now() + offset);
    assert!(wrong.abs() < STAMP_SLACK, "{stamp} is {wrong} s off");
}

fn start(folder: &Path, clock: &Clock) -> Broker {
    Broker::start_with(folder, &clock.setup(CHORES))
}

/// Everything a jump could take: a value, what waits, who is known.
fn jump_while_it_runs_and_while_it_does_not(offset: i64) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::new(folder.path());
    let broker = start(folder.path(), &clock);
    let caller = broker.caller();
    caller.subscribe("reader", "/kept/#");
    caller.subscribe("poller", "/poll");
    caller.publish("/kept/1", "before");

    // While it runs, and back.
    poll_across(&caller, || clock.jump(offset));
    assert_clock_stands_at(&caller, offset);
    caller.publish("/kept/2", "after");
    poll_is_woken(&caller, "far away");
    poll_across(&caller, || clock.jump(0));
    assert_clock_stands_at(&caller, 0);
    caller.publish("/kept/3", "back");
    poll_is_woken(&caller, "back");
    broker.kill();

    // While it does not run.
    clock.jump(offset);
    let broker = start(folder.path(), &clock);
    let caller = broker.caller();
    assert_clock_stands_at(&caller, offset);
    caller.publish("/kept/4", "far away");
    poll_across(&caller, || {});
    broker.stop();

    // And back again. What still waits is read from the log, so nothing of it
    // has been pruned.
    clock.jump(0);
    let broker = start(folder.path(), &clock);
    let caller = broker.caller();
    poll_across(&caller, || {});
    let picked = caller.pickup("reader", "0");
    let messages = picked["/kept/#"]
        .as_array()
        .unwrap_or_else(|| panic!("{picked}"));
    let texts: Vec<_> = messages
        .iter()
        .map(|m| m["message"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["before", "after", "back", "far away"]);
    for (topic, text) in ["/kept/1", "/kept/2", "/kept/3", "/kept/4"]
        .iter()
        .zip(texts)
    {
        assert_eq!(caller.value(topic).as_deref(), Some(text));
    }
}

#[test]
fn thirty_days_ahead() {
    jump_while_it_runs_and_while_it_does_not(30 * DAY);
}

#[test]
fn thirty_days_back() {
    jump_while_it_runs_and_while_it_does_not(-30 * DAY);
}

#[test]
fn back_to_1970() {
    jump_while_it_runs_and_while_it_does_not(seconds_to(IN_1970));
}

#[test]
fn ahead_to_2038() {
    jump_while_it_runs_and_while_it_does_not(seconds_to(IN_2038));
}
