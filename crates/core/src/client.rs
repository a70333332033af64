//! A client that subscribed.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Instant;

use crate::filter::Filter;
use crate::message::{MessageId, Timestamp};
use crate::name::ClientName;
use crate::queue::Queue;

/// A client that subscribed, and what waits for it.
#[derive(Debug)]
pub struct Client {
    /// The name it gave itself.
    pub name: ClientName,
    /// The address of its last request.
    pub address: IpAddr,
    /// When it was heard of last, by the wall clock: shown, never compared.
    pub seen: Timestamp,
    /// When it was heard of last, by the monotonic clock: it expires by this.
    pub(crate) heard: Instant,
    pub(crate) filters: BTreeSet<Filter>,
    pub(crate) queue: Queue,
    /// The last message handed over; everything after it that matches waits.
    pub(crate) handed_over: MessageId,
    /// The last message that arrived: what the log is to know.
    pub(crate) arrived: MessageId,
    /// The last message that arrived as far as the log knows.
    pub(crate) stored: MessageId,
}

impl Client {
    /// Its filters, sorted.
    pub fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.filters.iter()
    }

    /// How many messages wait for it.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }
}
