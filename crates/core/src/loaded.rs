//! What the log knows when the broker starts.

use std::net::IpAddr;

use crate::clock::{RunTime, Timestamp};
use crate::filter::Filter;
use crate::message::{Message, MessageId};
use crate::name::ClientName;
use crate::repeats::RepeatKey;
use crate::settled::Settled;

/// What the log held when the broker started, but for the messages after the
/// clients' cursors: those follow through [`crate::State::replay`].
#[derive(Debug, Default)]
pub struct Loaded {
    /// The last message of the log.
    pub last_id: MessageId,
    /// How long the broker had run.
    pub run: RunTime,
    /// The last value of every topic.
    pub values: Vec<Message>,
    /// The clients with their subscriptions.
    pub clients: Vec<LoadedClient>,
    /// Publishes that may be repeated, oldest first.
    pub repeats: Vec<(RunTime, RepeatKey)>,
}

/// A client as the log has it.
#[derive(Debug)]
pub struct LoadedClient {
    /// Its name.
    pub name: ClientName,
    /// The address it subscribed from.
    pub address: IpAddr,
    /// When it first subscribed.
    pub since: Timestamp,
    /// What it need not get again.
    pub settled: Settled,
    /// Its filters, each with the last message before the subscription.
    pub subscriptions: Vec<(Filter, MessageId)>,
}
