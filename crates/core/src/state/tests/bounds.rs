//! Who and what is forgotten, and what is refused.

use super::*;

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

#[test]
fn of_several_messages_all_are_planned_or_none() {
    let limits = Limits {
        topics: 3,
        ..Limits::default()
    };
    let drafts = |commands: Vec<Command>| {
        commands.into_iter().filter_map(|command| match command {
            Command::Publish(draft) => Some(draft),
            _ => None,
        })
    };
    let mut state = state(limits);
    run(&mut state, [publish("a", "")]);
    let mut plan = Plan::new(&state);
    plan.add(publish("b", ""), at(0)).unwrap();
    let too_many = vec![with_id("1", "c", "x"), publish("b", "x"), publish("d", "")];
    let (index, rejection) = plan.add_all(drafts(too_many), at(0)).unwrap_err();
    assert_eq!(index, 2);
    assert!(matches!(rejection, Rejection::TooManyTopics { .. }));
    // Neither the topic nor the repeat of what was rejected is remembered.
    let fitting = vec![with_id("1", "c", "y"), with_id("1", "c", "y")];
    let outcomes = plan.add_all(drafts(fitting), at(0)).unwrap();
    assert_eq!(outcomes, [Outcome::Logged(MessageId(3)), Outcome::Repeated]);
    assert!(plan.add(publish("d", ""), at(0)).is_err());
    for change in plan.into_changes() {
        state.apply(change, at(0), &mut Vec::new());
    }
    assert_eq!(state.last_id(), MessageId(3));
    assert_eq!(state.values().get("c").unwrap().payload.as_ref(), "y");
    assert_eq!(state.values().get("b").unwrap().payload.as_ref(), "");
}
