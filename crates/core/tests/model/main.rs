//! The state against a model of it: whatever happens, in whatever order, both
//! say the same, and the model is simple enough to be believed.
//!
//! A case is a list of operations: orders in batches as the sequencer carries
//! them out, what clients do with their messages, time that passes, a disk that
//! refuses, and a broker that dies and starts again from what its disk knows.
//! After each of them everything that can be seen of the state is compared.
//!
//! What the model promises:
//!
//! - A client gets each message that is published after it subscribed, under
//!   exactly the filters that match and that it is still subscribed to, oldest
//!   first, and once, unless a reply does not arrive, a lease ends or the broker
//!   dies.
//! - What is leased comes again after the lease, and says so.
//! - Nothing is lost but by a bound, which is counted and told.
//! - After a restart whatever is not settled comes again; what was settled when
//!   a batch was stored does not.
//! - A topic's value is that of the last message that gave it one.
//! - A repeat is known within its window.
//! - An order is refused where a bound says so, in a batch too.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod batch;
mod book;
mod cases;
mod compare;
mod disk;
mod errand;
mod model;
mod operation;
mod recipient;
mod rehearsal;
mod restart;
mod unsettled;
mod words;
mod world;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::operation::operation;
use crate::world::World;

/// What a check comes to.
type Checked = Result<(), TestCaseError>;

/// Cases unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 10_000;

/// Operations of one case at most.
const OPERATIONS: usize = 60;

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let is_said = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if is_said { default.cases } else { CASES },
        // The operations of a failure are printed; its seed would be worth
        // nothing after the next change of a strategy.
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_state_is_what_the_model_says(
        limits in words::limits(),
        operations in vec(operation(), 1..OPERATIONS),
    ) {
        let mut world = World::new(limits);
        for operation in operations {
            world.carry_out(operation)?;
            world.compare()?;
        }
        world.hand_over_everything()?;
    }
}
