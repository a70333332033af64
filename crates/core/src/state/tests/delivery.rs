//! Who gets what, and in which order.

use super::*;

#[test]
fn a_publish_reaches_those_who_subscribed_before_it() {
    let mut state = state(Limits::default());
    run(
        &mut state,
        [
            publish("a/b", "early"),
            subscribe("one", "a/+"),
            publish("a/b", "now"),
        ],
    );
    run(
        &mut state,
        [
            subscribe("two", "#"),
            publish("a/c", "later"),
            publish("x", "other"),
        ],
    );
    assert_eq!(take(&mut state, "one"), ["now", "later"]);
    assert_eq!(take(&mut state, "two"), ["later", "other"]);
    assert_eq!(take(&mut state, "one"), [""; 0]);
    assert_eq!(state.values().get("a/b").unwrap().payload.as_ref(), "now");
    assert_eq!(state.inbox_bytes(), 0);
}

#[test]
fn each_kind_of_message_does_what_it_says() {
    let cases = [
        (MessageKind::Published, Some("new"), &["new"][..]),
        (MessageKind::Put, Some("new"), &[]),
        (MessageKind::Notified, Some("old"), &["new"]),
        (MessageKind::Deleted, None, &[]),
    ];
    for (kind, value, delivered) in cases {
        let mut state = state(Limits::default());
        run(&mut state, [publish("k", "old"), subscribe("c", "#")]);
        let changes = run(&mut state, [of_kind(kind, "k", "new")]);
        assert!(matches!(&changes[..], [Change::Logged(_)]), "{kind:?}");
        let now = state.values().get("k").map(|value| value.payload.as_ref());
        assert_eq!(now, value, "{kind:?}");
        assert_eq!(take(&mut state, "c"), delivered, "{kind:?}");
    }
}

#[test]
fn there_is_no_tombstone_for_what_is_not_there() {
    let mut state = state(Limits::default());
    let orders = [
        of_kind(MessageKind::Deleted, "k", ""),
        publish("k", "v"),
        of_kind(MessageKind::Deleted, "k", ""),
    ];
    let (_, outcomes) = run_at(&mut state, at(0), orders);
    assert_eq!(outcomes[0], Outcome::Unchanged);
    assert_eq!(outcomes[2], Outcome::Logged(MessageId(2)));
    assert_eq!((state.values().len(), state.values().bytes()), (0, 0));
}

#[test]
fn a_repeat_is_accepted_and_changes_nothing() {
    let mut state = state(Limits::default());
    run(&mut state, [subscribe("c", "#")]);
    let twice = [with_id("7", "t", "a"), with_id("7", "t", "a")];
    let (_, outcomes) = run_at(&mut state, at(0), twice);
    assert_eq!(outcomes, [Outcome::Logged(MessageId(1)), Outcome::Repeated]);
    for (seconds, outcome) in [
        (600, Outcome::Repeated),
        (601, Outcome::Logged(MessageId(2))),
        (602, Outcome::Repeated),
    ] {
        let (_, outcomes) = run_at(&mut state, at(seconds), [with_id("7", "t", "a")]);
        assert_eq!(outcomes, [outcome], "after {seconds} s");
    }
    assert_eq!(take(&mut state, "c"), ["a", "a"]);
}

#[test]
fn what_did_not_arrive_comes_again_first() {
    let mut state = state(Limits::default());
    run(
        &mut state,
        [subscribe("c", "#"), publish("t", "1"), publish("t", "2")],
    );
    let handover = reply(&mut state, "c", 1, None, at(0));
    let stored = run(&mut state, [publish("t", "3")]);
    assert!(
        matches!(&stored[..], [Change::Logged(_)]),
        "the log learns nothing yet"
    );
    state.give_back(handover);
    assert_eq!(take(&mut state, "c"), ["1", "2", "3"]);
}

/// Were the second reply to go out while the first one breaks, the cursor would
/// pass over the messages of the first.
#[test]
fn a_reply_waits_for_the_one_before_it() {
    let mut state = state(Limits::default());
    run(
        &mut state,
        [subscribe("c", "#"), publish("t", "1"), publish("t", "2")],
    );
    let first = reply(&mut state, "c", 1, None, at(0));
    let take_all = Take {
        max: 9,
        lease: None,
        address: LOCAL,
    };
    let second = state.take("c", take_all, at(0));
    assert!(matches!(second, Some(Picked::Busy)), "{second:?}");
    state.give_back(first);
    assert_eq!(take(&mut state, "c"), ["1", "2"]);
}

#[test]
fn a_leased_message_comes_again_unless_it_is_let_go_of() {
    let mut state = state(Limits::default());
    run(
        &mut state,
        [subscribe("c", "#"), publish("t", "1"), publish("t", "2")],
    );
    let handover = reply(&mut state, "c", 1, Some(30), at(0));
    let (token, _) = handover.lease.unwrap();
    state.arrived(handover, at(0).run);
    assert_eq!(state.next_lease_end("c"), Some(at(30).run));
    assert_eq!(run(&mut state, []).len(), 0, "nothing is settled");
    let second = reply(&mut state, "c", 9, Some(30), at(10));
    assert_eq!(payloads(&second), ["2"]);
    let (second_token, _) = second.lease.unwrap();
    state.arrived(second, at(10).run);
    assert_eq!(
        state.let_go("c", second_token, at(11).run),
        Some(LetGo::Done)
    );

    let again = reply(&mut state, "c", 9, Some(30), at(30));
    assert_eq!(payloads(&again), ["1"]);
    assert_eq!(again.deliveries[0].redelivered, 1);
    assert_eq!(state.redelivered(), 1);
    assert_eq!(state.let_go("c", token, at(30).run), Some(LetGo::Unknown));
    let (token, _) = again.lease.unwrap();
    state.arrived(again, at(30).run);
    assert_eq!(state.let_go("c", token, at(31).run), Some(LetGo::Done));
    assert_eq!(state.let_go("c", token, at(31).run), Some(LetGo::Before));
    assert_eq!(state.let_go("nobody", token, at(31).run), None);
    let changes = run(&mut state, []);
    assert!(
        matches!(&changes[..], [Change::Settled { settled, .. }] if *settled == up_to(2)),
        "{changes:?}"
    );
    assert_eq!(state.inbox_bytes(), 0);
}

#[test]
fn an_ended_subscription_takes_its_messages_along() {
    let mut state = state(Limits::default());
    run(
        &mut state,
        [
            subscribe("c", "a"),
            subscribe("c", "#"),
            publish("a", "both"),
            publish("b", "one"),
        ],
    );
    let (_, outcomes) = run_at(
        &mut state,
        at(0),
        [unsubscribe("c", "#"), unsubscribe("c", "#")],
    );
    assert_eq!(outcomes, [Outcome::Changed, Outcome::Unchanged]);
    run(&mut state, [publish("a", "later"), publish("b", "nothing")]);
    let handover = reply(&mut state, "c", 9, None, at(0));
    assert_eq!(payloads(&handover), ["both", "later"]);
    assert!(handover.deliveries.iter().all(|d| d.filters.len() == 1));
    // What was on its way when its subscription ended does not come back.
    run(&mut state, [unsubscribe("c", "a")]);
    state.give_back(handover);
    assert_eq!(take(&mut state, "c"), [""; 0]);
    assert_eq!((state.inbox_bytes(), state.subscription_count()), (0, 0));
}

#[test]
fn a_batch_may_end_and_begin_a_subscription() {
    let mut state = state(Limits {
        filters_per_client: 1,
        ..Limits::default()
    });
    run(&mut state, [subscribe("c", "a")]);
    let orders = [
        unsubscribe("c", "a"),
        subscribe("c", "b"),
        unsubscribe("c", "b"),
        subscribe("c", "a"),
        publish("a", "1"),
    ];
    let (_, outcomes) = run_at(&mut state, at(0), orders);
    assert!(!outcomes.contains(&Outcome::Unchanged), "{outcomes:?}");
    assert_eq!(take(&mut state, "c"), ["1"]);
    assert_eq!(state.subscription_count(), 1);
}
