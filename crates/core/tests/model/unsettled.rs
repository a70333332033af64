//! A message that a client has to get or to let go of.

use std::collections::BTreeSet;
use std::sync::Arc;

use moustique_core::{Filter, LeaseToken, Message};

/// Where a message that is not settled is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Waiting,
    InFlight,
    Leased(LeaseToken),
}

/// A message that a client has to get or to let go of.
#[derive(Clone, Debug)]
pub(crate) struct Unsettled {
    pub(crate) message: Arc<Message>,
    /// None is left when all their subscriptions ended while a client had the
    /// message: then it does not come again.
    pub(crate) filters: BTreeSet<Filter>,
    pub(crate) redelivered: u32,
    pub(crate) place: Place,
}
