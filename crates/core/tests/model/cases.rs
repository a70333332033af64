//! Cases that random operations hardly ever come to. Each is the shortest that
//! showed a fault of the state.

use std::time::Duration;

use moustique_core::{ClientName, Command, Draft, Filter, Limits, MessageKind, Topic};

use crate::operation::{Errand, Fate, Operation};
use crate::words::{ADDRESS, roomy};
use crate::world::World;

fn client(name: &str) -> ClientName {
    ClientName::parse(name, &Limits::default()).unwrap()
}

fn filter(text: &str) -> Filter {
    Filter::parse(text, &Limits::default()).unwrap()
}

fn subscribe(name: &str, text: &str) -> Command {
    Command::Subscribe {
        client: client(name),
        filter: filter(text),
        address: ADDRESS,
    }
}

fn unsubscribe(name: &str, text: &str) -> Command {
    Command::Unsubscribe {
        client: client(name),
        filter: filter(text),
    }
}

fn forget(name: &str) -> Command {
    Command::ForgetSilent {
        client: client(name),
    }
}

fn publish() -> Command {
    Command::Publish(Draft {
        topic: Topic::parse("a", &Limits::default()).unwrap(),
        payload: "m".into(),
        from: None,
        address: ADDRESS,
        updated_time: None,
        kind: MessageKind::Published,
        repeat_id: None,
    })
}

fn batch<const COUNT: usize>(commands: [Command; COUNT]) -> Operation {
    Operation::Batch {
        commands: commands.into(),
        meanwhile: Vec::new(),
        fate: Fate::Applied,
    }
}

/// A reply to the client `c`.
fn take(lease: Option<u64>) -> Operation {
    take_at_most(usize::MAX, lease)
}

fn take_at_most(max: usize, lease: Option<u64>) -> Operation {
    Operation::Errand(Errand::Take {
        client: client("c"),
        max,
        lease: lease.map(Duration::from_millis),
    })
}

/// The only reply there is.
fn arrived() -> Operation {
    Operation::Errand(Errand::Arrived(0))
}

fn run(limits: Limits, operations: impl IntoIterator<Item = Operation>) {
    let mut world = World::new(limits);
    for operation in operations {
        world.carry_out(operation).unwrap();
        world.compare().unwrap();
    }
    world.hand_over_everything().unwrap();
}

#[test]
fn what_is_forgotten_under_a_lease_is_not_redelivered() {
    let operations = [
        batch([subscribe("c", "a"), publish()]),
        take(Some(0)),
        arrived(),
        batch([unsubscribe("c", "a")]),
        take(None),
    ];
    run(roomy(), operations);
}

#[test]
fn a_subscription_that_ends_in_flight_is_not_leased() {
    let operations = [
        batch([subscribe("c", "a"), publish()]),
        take(Some(0)),
        batch([unsubscribe("c", "a")]),
        arrived(),
        take(None),
    ];
    run(roomy(), operations);
}

#[test]
fn a_new_subscription_does_not_get_what_was_in_flight_before_it() {
    let operations = [
        batch([subscribe("c", "a"), publish()]),
        take(None),
        batch([unsubscribe("c", "a"), subscribe("c", "a")]),
        Operation::Errand(Errand::GiveBack(0)),
    ];
    run(roomy(), operations);
}

#[test]
fn what_a_bound_drops_may_settle_what_came_after_it() {
    let limits = Limits {
        queue_messages: 2,
        ..roomy()
    };
    let operations = [
        batch([subscribe("c", "a"), publish()]),
        take(Some(1)),
        arrived(),
        batch([publish()]),
        take(None),
        Operation::Pass(1),
        // Busy, but the first message has come back.
        take(None),
        arrived(),
        batch([publish(), publish()]),
        batch([]),
        Operation::Restart {
            is_clock_stored: true,
        },
    ];
    run(limits, operations);
}

/// Two leases that have ended, and between them what was let go of, which is not
/// leased again with them.
#[test]
fn what_was_let_go_of_between_leases_does_not_come_again() {
    let mut operations = vec![batch([
        subscribe("c", "a"),
        publish(),
        publish(),
        publish(),
    ])];
    for lease in [Some(1), None, Some(1)] {
        operations.extend([take_at_most(1, lease), arrived()]);
    }
    operations.extend([
        batch([]),
        Operation::Pass(1),
        take(Some(1)),
        batch([]),
        arrived(),
        batch([publish()]),
        Operation::Restart {
            is_clock_stored: true,
        },
        batch([]),
    ]);
    run(roomy(), operations);
}

#[test]
fn a_client_that_is_forgotten_takes_along_what_the_batch_did_to_it() {
    let limits = Limits {
        filters: 1,
        ..roomy()
    };
    let one_too_many = subscribe("d", "b");
    let operations = [
        batch([subscribe("c", "a")]),
        Operation::Pass(31),
        batch([
            unsubscribe("c", "a"),
            forget("c"),
            subscribe("d", "a"),
            one_too_many,
        ]),
    ];
    run(limits, operations);
}
