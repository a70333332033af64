//! Any bytes as lines: a topic, and filters that may match it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use moustique_core::{
    ClientName, Command, Draft, Filter, Limits, Loaded, MessageKind, Now, Picked, Plan, Retention,
    State, Take, Topic,
};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CLIENT: &str = "client";

/// The state delivers a message under exactly the filters that match one by
/// one, also when some of them are gone again.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let limits = Limits::default();
    let mut lines = text.split('\n');
    let topic = read(lines.next().unwrap_or_default(), &limits, Topic::parse);
    let filters = lines.filter_map(|line| read(line, &limits, Filter::parse));
    let filters: BTreeSet<Filter> = filters.take(limits.filters_per_client).collect();
    let Some(topic) = topic else { return };
    // A topic without wildcards is a filter that matches it.
    assert!(Filter::parse(topic.as_str(), &limits).is_ok_and(|own| own.matches(&topic)));
    let mut state = State::new(limits, Retention::default(), Loaded::default(), NOW);
    order(&mut state, filters.iter().map(subscribe));
    check_delivery(&mut state, &topic, &filters);
    let (ended, kept): (Vec<_>, Vec<_>) = filters.into_iter().enumerate().partition(is_even);
    order(
        &mut state,
        ended.iter().map(|(_, filter)| unsubscribe(filter)),
    );
    let kept = kept.into_iter().map(|(_, filter)| filter).collect();
    check_delivery(&mut state, &topic, &kept);
}

const NOW: Now = Now {
    time: moustique_core::Timestamp(0),
    run: moustique_core::RunTime(0),
};

fn is_even(filter: &(usize, Filter)) -> bool {
    filter.0.is_multiple_of(2)
}

/// Reads a text; one that is refused is told of without control characters.
fn read<T, E: ToString>(
    text: &str,
    limits: &Limits,
    parse: impl Fn(&str, &Limits) -> Result<T, E>,
) -> Option<T> {
    let read = parse(text, limits);
    read.map_err(|reason| assert!(!reason.to_string().chars().any(char::is_control)))
        .ok()
}

fn check_delivery(state: &mut State, topic: &Topic, filters: &BTreeSet<Filter>) {
    let matching = filters.iter().filter(|filter| filter.matches(topic));
    order(state, [publish(topic)]);
    let take = Take {
        max: 1,
        lease: None,
        address: ADDRESS,
    };
    let Some(Picked::Messages(handover)) = state.take(CLIENT, take, NOW) else {
        assert!(filters.is_empty());
        return;
    };
    let delivered = handover.deliveries.iter().flat_map(|d| d.filters.iter());
    let mut delivered: Vec<&Filter> = delivered.collect();
    delivered.sort_unstable();
    assert!(delivered.iter().copied().eq(matching), "{delivered:?}");
    state.arrived(handover, NOW.run);
}

fn order(state: &mut State, commands: impl IntoIterator<Item = Command>) {
    let mut plan = Plan::new(state);
    for command in commands {
        plan.add(command, NOW).unwrap();
    }
    for change in plan.into_changes() {
        state.apply(change, NOW, &mut Vec::new());
    }
}

fn subscribe(filter: &Filter) -> Command {
    Command::Subscribe {
        client: ClientName::parse(CLIENT, &Limits::default()).unwrap(),
        filter: filter.clone(),
        address: ADDRESS,
    }
}

fn unsubscribe(filter: &Filter) -> Command {
    Command::Unsubscribe {
        client: ClientName::parse(CLIENT, &Limits::default()).unwrap(),
        filter: filter.clone(),
    }
}

fn publish(topic: &Topic) -> Command {
    Command::Publish(Draft {
        topic: topic.clone(),
        payload: "m".into(),
        from: None,
        address: ADDRESS,
        updated_time: None,
        kind: MessageKind::Notified,
        repeat_id: None,
    })
}
