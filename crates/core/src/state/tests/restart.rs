//! What is stored, and what a restart makes of it.

use super::*;

/// A state that starts from these changes, of which the client `c` has let go of
/// some.
fn restarted(before: &State, log: &[Change], settled: Settled) -> State {
    let loaded = Loaded {
        last_id: before.last_id(),
        values: before.values().iter().map(|m| Message::clone(m)).collect(),
        clients: vec![LoadedClient {
            name: ClientName::parse("c", &Limits::default()).unwrap(),
            address: LOCAL,
            since: Timestamp(0),
            settled,
            subscriptions: log
                .iter()
                .filter_map(|change| match change {
                    Change::Subscribed { filter, since, .. } => Some((filter.clone(), *since)),
                    _ => None,
                })
                .collect(),
        }],
        ..Loaded::default()
    };
    let limits = before.limits().clone();
    let mut after = State::new(limits, Retention::default(), loaded, at(0));
    for change in log {
        if let Change::Logged(Logged { message, .. }) = change {
            after.replay(message);
        }
    }
    after
}

#[test]
fn what_is_settled_is_stored_once() {
    let mut state = state(Limits::default());
    run(&mut state, [subscribe("c", "#"), publish("t", "1")]);
    take(&mut state, "c");
    let changes = run(&mut state, []);
    assert!(
        matches!(&changes[..], [Change::Settled { settled, .. }] if *settled == up_to(1)),
        "{changes:?}"
    );
    assert_eq!(run(&mut state, []).len(), 0);
}

#[test]
fn a_restart_queues_what_was_not_settled() {
    let mut before = state(Limits::default());
    let mut log = run(
        &mut before,
        [subscribe("c", "a"), publish("a", "1"), publish("a", "2")],
    );
    log.extend(run(&mut before, [subscribe("c", "b"), publish("b", "3")]));
    let mut after = restarted(&before, &log, up_to(1));
    assert_eq!(take(&mut after, "c"), ["2", "3"]);
    assert_eq!(after.last_id(), MessageId(3));
    assert_eq!(after.values().len(), 2);
}

/// It came again, and in a queue that was nearly full it pushed out what was
/// leased.
#[test]
fn what_was_let_go_of_behind_a_lease_does_not_come_again_after_a_restart() {
    let mut before = state(Limits {
        queue_messages: 2,
        ..Limits::default()
    });
    let mut log = run(&mut before, [subscribe("c", "#"), publish("t", "leased")]);
    let handover = reply(&mut before, "c", 1, Some(30), at(0));
    before.arrived(handover, at(0).run);
    for payload in ["2", "3", "4"] {
        log.extend(run(&mut before, [publish("t", payload)]));
        assert_eq!(take(&mut before, "c"), [payload]);
    }
    log.extend(run(&mut before, [publish("t", "5")]));
    let settled = before.client("c").unwrap().inbox.settled();
    for _ in 0..2 {
        let mut after = restarted(&before, &log, settled.clone());
        assert_eq!(after.dropped(), 0);
        let again = after.client("c").unwrap().inbox.settled();
        assert_eq!(again, settled, "nothing of it is forgotten");
        assert_eq!(take(&mut after, "c"), ["leased", "5"]);
    }
}

#[test]
fn a_repeat_is_known_after_a_restart() {
    let Command::Publish(draft) = with_id("7", "t", "a") else {
        unreachable!()
    };
    let key = RepeatKey {
        topic: draft.topic,
        from: None,
        id: draft.repeat_id.unwrap(),
    };
    let loaded = Loaded {
        repeats: vec![(at(100).run, key)],
        ..Loaded::default()
    };
    let mut state = State::new(Limits::default(), Retention::default(), loaded, at(100));
    let (_, outcomes) = run_at(&mut state, at(700), [with_id("7", "t", "a")]);
    assert_eq!(outcomes, [Outcome::Repeated]);
}
