//! What the broker knows, order by order.

mod bounds;
mod delivery;
mod restart;

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
