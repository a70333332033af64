//! What may happen to a broker.

use std::time::Duration;

use moustique_core::{ClientName, Command, Draft, MessageKind};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::words::{ADDRESS, client, filter, milliseconds, publisher, repeat_id, topic};

/// One step of a case.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// The sequencer carries out a batch.
    Batch {
        commands: Vec<Command>,
        /// What the clients do after the batch is planned and before it is
        /// applied: the lock is free in between.
        meanwhile: Vec<Errand>,
        fate: Fate,
    },
    /// A client does something with its own messages.
    Errand(Errand),
    /// A client is heard of.
    Hear(ClientName),
    /// Those who are silent are forgotten, in a batch with other orders.
    ForgetTheSilent {
        before: Vec<Command>,
        after: Vec<Command>,
    },
    /// The log loses all that it may lose.
    Prune,
    /// Time passes.
    Pass(u64),
    /// The broker dies and starts again, at the time that it knows or at that
    /// of the last message.
    Restart { is_clock_stored: bool },
}

/// What a client does, or its connection.
#[derive(Clone, Debug)]
pub(crate) enum Errand {
    Take {
        client: ClientName,
        max: usize,
        lease: Option<Duration>,
    },
    /// One of the replies that are on their way has gone out.
    Arrived(usize),
    /// It has not.
    GiveBack(usize),
    /// Somebody lets go of a lease: the n-th last one, by whoever has it or by
    /// the client that is given.
    LetGo {
        lease: usize,
        client: Option<ClientName>,
    },
}

/// What becomes of a planned batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is stored and applied.
    Applied,
    /// The disk refuses it, and nothing has happened.
    Refused,
    /// It is stored, and the broker dies before it is applied.
    Crashed,
}

pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        10 => batch(),
        12 => errand().prop_map(Operation::Errand),
        1 => client().prop_map(Operation::Hear),
        1 => (vec(subscription(), 0..4), vec(subscription(), 0..4))
            .prop_map(|(before, after)| Operation::ForgetTheSilent { before, after }),
        1 => Just(Operation::Prune),
        3 => milliseconds().prop_map(Operation::Pass),
        1 => any::<bool>().prop_map(|is_clock_stored| Operation::Restart { is_clock_stored }),
    ]
}

fn batch() -> impl Strategy<Value = Operation> {
    let fates = [
        Fate::Applied,
        Fate::Applied,
        Fate::Applied,
        Fate::Applied,
        Fate::Applied,
        Fate::Applied,
        Fate::Refused,
        Fate::Crashed,
    ];
    (
        vec(command(), 0..6),
        vec(errand(), 0..3),
        select(fates.to_vec()),
    )
        .prop_map(|(commands, meanwhile, fate)| Operation::Batch {
            commands,
            meanwhile,
            fate,
        })
}

fn errand() -> impl Strategy<Value = Errand> {
    let max = select(&[0_usize, 1, 2, 3, usize::MAX][..]);
    let lease = option::of(milliseconds().prop_map(Duration::from_millis));
    prop_oneof![
        4 => (client(), max, lease).prop_map(|(client, max, lease)| Errand::Take {
            client,
            max,
            lease,
        }),
        4 => any::<usize>().prop_map(Errand::Arrived),
        2 => any::<usize>().prop_map(Errand::GiveBack),
        2 => (0..4_usize, option::weighted(0.1, client()))
            .prop_map(|(lease, client)| Errand::LetGo { lease, client }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        8 => draft().prop_map(Command::Publish),
        4 => subscription(),
        1 => client().prop_map(|client| Command::ForgetSilent { client }),
    ]
}

fn subscription() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => (client(), filter()).prop_map(|(client, filter)| Command::Subscribe {
            client,
            filter,
            address: ADDRESS,
        }),
        1 => (client(), filter())
            .prop_map(|(client, filter)| Command::Unsubscribe { client, filter }),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let kinds = [
        MessageKind::Published,
        MessageKind::Published,
        MessageKind::Published,
        MessageKind::Put,
        MessageKind::Notified,
        MessageKind::Deleted,
    ];
    (
        topic(),
        0..12_usize,
        publisher(),
        option::weighted(0.1, any::<i64>()),
        select(kinds.to_vec()),
        repeat_id(),
    )
        .prop_map(
            |(topic, length, from, updated_time, kind, repeat_id)| Draft {
                topic,
                payload: "m".repeat(length).into(),
                from,
                address: ADDRESS,
                updated_time,
                kind,
                repeat_id,
            },
        )
}
