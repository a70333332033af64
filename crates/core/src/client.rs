//! A client that subscribed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::clock::{RunTime, Timestamp};
use crate::filter::Filter;
use crate::inbox::Inbox;
use crate::message::MessageId;
use crate::name::ClientName;
use crate::queue::Delivery;
use crate::settled::Settled;

/// A client that subscribed, and what waits for it.
#[derive(Debug)]
pub struct Client {
    /// The name it gave itself.
    pub name: ClientName,
    /// The address of its last request.
    pub address: IpAddr,
    /// When it first subscribed, by the wall clock, as are the next two: shown,
    /// never compared.
    pub first_seen: Timestamp,
    /// When it was heard of last.
    pub seen: Timestamp,
    /// When it picked up last; `None` when it did not since the start.
    pub picked_up: Option<Timestamp>,
    /// Requests of it since the start.
    pub requests: u64,
    /// When it was heard of last, by the clock that it expires by.
    pub(crate) heard: RunTime,
    /// Its filters, each with the last message before the subscription.
    pub(crate) filters: BTreeMap<Filter, MessageId>,
    pub(crate) inbox: Inbox,
    /// What is settled as far as the log knows.
    pub(crate) stored: Settled,
}

impl Client {
    /// Its filters, sorted.
    pub fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.filters.keys()
    }

    /// How many messages wait for it.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inbox.waiting()
    }

    /// How many messages it was handed that it has not let go of: on their way,
    /// or under leases.
    #[must_use]
    pub fn held(&self) -> usize {
        self.inbox.held()
    }

    /// Takes the filters off messages that came back or are to be leased: those
    /// whose subscription has ended since, or was begun anew after them.
    pub(crate) fn strip(&self, deliveries: &mut [Delivery]) {
        for delivery in deliveries {
            let id = delivery.message.id;
            delivery
                .filters
                .retain(|filter| self.filters.get(filter).is_some_and(|since| *since < id));
        }
    }

    /// From when on its silence counts.
    pub(crate) fn silent_since(&self) -> RunTime {
        let leased = self.inbox.last_lease_end();
        leased.map_or(self.heard, |until| until.max(self.heard))
    }
}
