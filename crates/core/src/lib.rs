//! Every rule of the broker as a synchronous state machine.
//!
//! Strings from outside become types at the border: [`Topic`], [`Filter`],
//! [`ClientName`], [`PublisherName`]. A command becomes a [`Change`] by
//! [`Plan`], which checks it against the [`State`] and the [`Limits`] without
//! touching either; the change is stored by the caller and only then applied
//! by [`State::apply`]. So nothing is visible that is not stored.
//!
//! Absent on purpose: clocks (time is an argument), input and output, threads,
//! and any knowledge of how a request looks on the wire.

mod change;
mod client;
mod clock;
mod filter;
mod filter_index;
#[cfg(test)]
mod fixture;
mod handover;
mod inbox;
mod lease;
mod limits;
mod loaded;
mod message;
mod name;
mod plan;
mod queue;
mod repeats;
mod retention;
mod settled;
mod state;
mod text;
mod topic;
mod values;

pub use change::{Change, Command, Draft, Logged, Outcome, Rejection};
pub use client::Client;
pub use clock::{Now, RunTime, Timestamp};
pub use filter::Filter;
pub use filter_index::{FilterId, FilterIndex};
pub use handover::{Handover, Picked, Take};
pub use inbox::LetGo;
pub use lease::{InvalidLeaseToken, LeaseToken};
pub use limits::Limits;
pub use loaded::{Loaded, LoadedClient};
pub use message::{Message, MessageId, MessageKind};
pub use name::{ClientName, PublisherMessageId, PublisherName};
pub use plan::Plan;
pub use queue::Delivery;
pub use repeats::RepeatKey;
pub use retention::{Keep, MAX_POLICIES, PolicyId, Retention};
pub use settled::{InvalidSpans, Settled};
pub use state::{ClientKey, State};
pub use text::{InvalidText, push_safe, safe};
pub use topic::Topic;
pub use values::Values;
