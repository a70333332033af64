//! What is read under the lock alone: values, topics, clients.

use std::net::IpAddr;
use std::sync::Arc;

use moustique_core::{ClientName, Filter, Message, Timestamp, Topic};

use crate::broker::Broker;
use crate::search::SLICE;

/// A part of a sorted list, and how long the whole list is.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The first rows.
    pub rows: Vec<T>,
    /// Rows in all.
    pub total: usize,
}

/// A client as it is shown.
#[derive(Clone, Debug)]
pub struct ClientView {
    /// The name it gave itself.
    pub name: ClientName,
    /// The address of its last request.
    pub address: IpAddr,
    /// When it was heard of last.
    pub seen: Timestamp,
    /// Its filters, sorted.
    pub filters: Vec<Filter>,
    /// How many messages wait for it.
    pub waiting: usize,
    /// How many messages it was handed that it has not let go of.
    pub held: usize,
}

/// A client without what belongs to it.
#[derive(Clone, Debug)]
pub struct ClientRecord {
    /// The name it gave itself.
    pub name: ClientName,
    /// The address of its last request.
    pub address: IpAddr,
    /// When it first subscribed.
    pub first_seen: Timestamp,
    /// When it picked up last; `None` when it did not since the start.
    pub picked_up: Option<Timestamp>,
    /// Requests of it since the start.
    pub requests: u64,
}

impl Broker {
    /// The last message of a topic.
    #[must_use]
    pub fn value(&self, topic: &str) -> Option<Arc<Message>> {
        self.shared().lock().state.values().get(topic).cloned()
    }

    /// Whether the topic has a value.
    #[must_use]
    pub fn knows_topic(&self, topic: &str) -> bool {
        self.shared().lock().state.values().get(topic).is_some()
    }

    /// How many topics have a value.
    #[must_use]
    pub fn topic_count(&self) -> usize {
        self.shared().lock().state.values().len()
    }

    /// Whether a client of that name is known.
    #[must_use]
    pub fn knows_client(&self, client: &str) -> bool {
        self.shared().lock().state.client(client).is_some()
    }

    /// The last messages of the first `limit` topics, sorted by topic.
    #[must_use]
    pub fn topics(&self, limit: usize) -> Listed<Arc<Message>> {
        let inner = self.shared().lock();
        let values = inner.state.values();
        Listed {
            rows: values.iter().take(limit).cloned().collect(),
            total: values.len(),
        }
    }

    /// The topics that have a value, sorted, as many as fit into so many bytes,
    /// and whether these are all. One that is set meanwhile may be missing.
    #[must_use]
    pub fn topic_names(&self, bytes: usize) -> (Vec<Topic>, bool) {
        let mut names: Vec<Topic> = Vec::new();
        let mut taken = 0;
        loop {
            let slice = self
                .shared()
                .values_after(names.last().map(Topic::as_str), SLICE);
            if slice.is_empty() {
                return (names, true);
            }
            for message in slice {
                taken += message.topic.as_str().len();
                if taken > bytes {
                    return (names, false);
                }
                names.push(message.topic.clone());
            }
        }
    }

    /// All clients, sorted by name.
    #[must_use]
    pub fn client_records(&self) -> Vec<ClientRecord> {
        let mut records: Vec<_> = {
            let inner = self.shared().lock();
            let records = inner.state.clients().map(|client| ClientRecord {
                name: client.name.clone(),
                address: client.address,
                first_seen: client.first_seen,
                picked_up: client.picked_up,
                requests: client.requests,
            });
            records.collect()
        };
        records.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        records
    }

    /// The first `limit` clients, sorted by name.
    #[must_use]
    pub fn clients(&self, limit: usize) -> Listed<ClientView> {
        let inner = self.shared().lock();
        let mut clients: Vec<_> = inner.state.clients().collect();
        clients.sort_unstable_by_key(|client| &client.name);
        Listed {
            total: clients.len(),
            rows: clients
                .into_iter()
                .take(limit)
                .map(|client| ClientView {
                    name: client.name.clone(),
                    address: client.address,
                    seen: client.seen,
                    filters: client.filters().cloned().collect(),
                    waiting: client.waiting(),
                    held: client.held(),
                })
                .collect(),
        }
    }
}
