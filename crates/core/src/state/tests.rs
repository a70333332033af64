//! What the broker knows, order by order.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::change::{Change, Command, Draft, Logged, Outcome, Rejection};
use crate::clock::Timestamp;
use crate::handover::{Handover, Picked, Take};
use crate::inbox::LetGo;
use crate::loaded::LoadedClient;
use crate::name::PublisherMessageId;
use crate::plan::Plan;
use crate::topic::Topic;

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A clock that shows seconds.
fn at(seconds: u64) -> Now {
    Now {
        time: Timestamp(5_000),
        run: RunTime(seconds * 1_000),
    }
}

fn up_to(id: u64) -> Settled {
    Settled::up_to(MessageId(id))
}

fn state(limits: Limits) -> State {
    State::new(limits, Retention::default(), Loaded::default(), at(0))
}

fn publish(topic: &str, payload: &str) -> Command {
    Command::Publish(Draft {
        topic: Topic::parse(topic, &Limits::default()).unwrap(),
        payload: payload.into(),
        from: None,
        address: LOCAL,
        updated_time: None,
        kind: MessageKind::Published,
        repeat_id: None,
    })
}

fn of_kind(kind: MessageKind, topic: &str, payload: &str) -> Command {
    match publish(topic, payload) {
        Command::Publish(draft) => Command::Publish(Draft { kind, ..draft }),
        other => other,
    }
}

fn with_id(id: &str, topic: &str, payload: &str) -> Command {
    let repeat_id = PublisherMessageId::parse(id, &Limits::default()).ok();
    match publish(topic, payload) {
        Command::Publish(draft) => Command::Publish(Draft { repeat_id, ..draft }),
        other => other,
    }
}

fn subscribe(client: &str, filter: &str) -> Command {
    Command::Subscribe {
        client: ClientName::parse(client, &Limits::default()).unwrap(),
        filter: Filter::parse(filter, &Limits::default()).unwrap(),
        address: LOCAL,
    }
}

fn unsubscribe(client: &str, filter: &str) -> Command {
    match subscribe(client, filter) {
        Command::Subscribe { client, filter, .. } => Command::Unsubscribe { client, filter },
        other => other,
    }
}

/// Plans, "stores" and applies the commands as one batch.
fn run_at(
    state: &mut State,
    now: Now,
    commands: impl IntoIterator<Item = Command>,
) -> (Vec<Change>, Vec<Outcome>) {
    let mut plan = Plan::new(state);
    let outcomes = commands
        .into_iter()
        .map(|command| plan.add(command, now).unwrap())
        .collect();
    let changes = plan.into_changes();
    for change in changes.clone() {
        state.apply(change, now, &mut Vec::new());
    }
    (changes, outcomes)
}

fn run(state: &mut State, commands: impl IntoIterator<Item = Command>) -> Vec<Change> {
    run_at(state, at(0), commands).0
}

/// A reply on its way, with at most `max` messages.
fn reply(state: &mut State, client: &str, max: usize, lease: Option<u64>, now: Now) -> Handover {
    let take = Take {
        max,
        lease: lease.map(Duration::from_secs),
        address: LOCAL,
    };
    match state.take(client, take, now).unwrap() {
        Picked::Messages(handover) => handover,
        Picked::Busy => panic!("a reply to {client} is on its way"),
    }
}

fn payloads(handover: &Handover) -> Vec<String> {
    let deliveries = handover.deliveries.iter();
    deliveries.map(|d| d.message.payload.to_string()).collect()
}

/// A pickup whose reply goes out.
fn take(state: &mut State, client: &str) -> Vec<String> {
    let handover = reply(state, client, usize::MAX, None, at(0));
    let payloads = payloads(&handover);
    state.arrived(handover, at(0).run);
    payloads
}

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

#[test]
fn the_silent_are_found_and_forgotten() {
    let mut state = state(Limits::default());
    run(
        &mut state,
        [subscribe("c", "a"), subscribe("c", "b"), publish("a", "1")],
    );
    let (on_time, late) = (at(300), at(301));
    assert_eq!(state.silent(on_time.run).count(), 0);
    let client = state.silent(late.run).next().unwrap().1.clone();
    let forget = Command::ForgetSilent { client };
    let (_, outcomes) = run_at(&mut state, on_time, [forget.clone()]);
    assert_eq!(outcomes, [Outcome::Unchanged], "it was heard of since");
    // Whoever subscribes in the same batch is a client anew.
    run_at(&mut state, late, [forget.clone(), subscribe("c", "a")]);
    assert_eq!(state.subscription_count(), 1);
    run_at(&mut state, at(602), [forget]);
    assert!(state.client("c").is_none());
    assert_eq!((state.inbox_bytes(), state.subscription_count()), (0, 0));
    run(&mut state, [publish("a", "nobody hears it")]);
}

#[test]
fn whoever_holds_a_lease_is_not_silent() {
    let mut state = state(Limits::default());
    run(&mut state, [subscribe("c", "#"), publish("t", "1")]);
    let handover = reply(&mut state, "c", 9, Some(900), at(0));
    state.arrived(handover, at(0).run);
    assert_eq!(state.silent(at(1_200).run).count(), 0);
    assert_eq!(state.silent(at(1_201).run).count(), 1);
}

#[test]
fn a_value_ages_by_its_policy_alone() {
    let keep = |values| crate::retention::Keep {
        values,
        ..Default::default()
    };
    let filter = Filter::parse("fleeting/#", &Limits::default()).unwrap();
    let retention = Retention {
        policies: vec![(filter, keep(Some(Duration::from_secs(60))))],
        ..Retention::default()
    };
    let mut state = State::new(Limits::default(), retention, Loaded::default(), at(0));
    run(
        &mut state,
        [publish("fleeting/a", ""), publish("lasting", "")],
    );
    run_at(&mut state, at(30), [publish("fleeting/b", "")]);
    assert_eq!(state.aged_values(at(60).run).count(), 0);
    let aged: Vec<_> = state
        .aged_values(at(61).run)
        .map(|m| m.topic.as_str())
        .collect();
    assert_eq!(aged, ["fleeting/a"]);
}

#[test]
fn bounds_hold_within_a_batch_too() {
    let limits = Limits {
        topics: 2,
        clients: 2,
        filters_per_client: 2,
        filters: 3,
        values_bytes: 100,
        ..Limits::default()
    };
    let mut state = state(limits);
    type Refused = Option<fn(&Rejection) -> bool>;
    let cases: Vec<(Command, Refused)> = vec![
        (publish("a", ""), None),
        (publish("b", ""), None),
        (
            publish("c", ""),
            Some(|r| matches!(r, Rejection::TooManyTopics { limit: 2, .. })),
        ),
        (publish("a", "again"), None),
        (
            publish("a", &"x".repeat(100)),
            Some(|r| matches!(r, Rejection::ValuesTooLarge { limit: 100, .. })),
        ),
        (subscribe("one", "a"), None),
        (subscribe("one", "a"), None),
        (subscribe("one", "b"), None),
        (
            subscribe("one", "c"),
            Some(|r| matches!(r, Rejection::TooManyFiltersOfClient { limit: 2, .. })),
        ),
        (subscribe("two", "a"), None),
        (
            subscribe("two", "b"),
            Some(|r| matches!(r, Rejection::TooManyFilters { limit: 3 })),
        ),
        (
            subscribe("three", "a"),
            Some(|r| matches!(r, Rejection::TooManyClients { limit: 2, .. })),
        ),
    ];
    // Once as one batch, once again on the state that came of it.
    for round in 0..2 {
        let mut plan = Plan::new(&state);
        for (command, refused) in &cases {
            let result = plan.add(command.clone(), at(0));
            match (result, refused) {
                (Ok(_), None) => {}
                (Err(rejection), Some(expected)) if expected(&rejection) => {}
                (result, _) => panic!("round {round}: {command:?}: {result:?}"),
            }
        }
        for change in plan.into_changes() {
            state.apply(change, at(0), &mut Vec::new());
        }
    }
}

#[test]
fn all_queues_together_are_bounded() {
    let limits = Limits {
        queues_bytes: 10,
        ..Limits::default()
    };
    let mut state = state(limits);
    run(
        &mut state,
        [subscribe("long", "#"), subscribe("short", "b")],
    );
    run(
        &mut state,
        [publish("a", "1234"), publish("a", "5"), publish("b", "x")],
    );
    assert_eq!(state.dropped(), 1);
    assert_eq!(take(&mut state, "long"), ["5", "x"]);
    assert_eq!(take(&mut state, "short"), ["x"]);
}
