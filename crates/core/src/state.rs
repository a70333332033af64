//! Everything the broker knows while it runs.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use slab::Slab;

use crate::change::{Change, Logged};
use crate::client::Client;
use crate::clock::{Now, RunTime};
use crate::filter::Filter;
use crate::filter_index::{FilterId, FilterIndex, Subscriber};
use crate::inbox::Inbox;
use crate::lease::LeaseTokens;
use crate::limits::Limits;
use crate::loaded::Loaded;
use crate::message::{Message, MessageId, MessageKind};
use crate::name::ClientName;
use crate::repeats::{RepeatKey, Repeats};
use crate::retention::Retention;
use crate::settled::Settled;
use crate::values::Values;

mod reads;

/// A client's place, valid until the client is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(pub(crate) usize);

/// Everything the broker knows: values, clients, filters, queues.
///
/// One thread changes it, by [`State::apply`], with changes that are stored.
/// The exception is a client's own inbox, from which its requests take.
#[derive(Debug)]
pub struct State {
    pub(crate) limits: Limits,
    retention: Retention,
    values: Values,
    pub(crate) clients: Slab<Client>,
    keys: HashMap<ClientName, ClientKey>,
    index: FilterIndex,
    repeats: Repeats,
    last_id: MessageId,
    pub(crate) lease_tokens: LeaseTokens,
    pub(crate) handovers: u64,
    unstored: HashSet<ClientKey>,
    inbox_bytes: usize,
    dropped: u64,
    pub(crate) redelivered: u64,
    matching: Vec<FilterId>,
}

impl State {
    /// The state as the log has it. `now` counts as the moment every client
    /// was last heard of: the time the broker was away is not held against it.
    #[must_use]
    pub fn new(limits: Limits, retention: Retention, loaded: Loaded, now: Now) -> Self {
        let mut state = Self {
            limits,
            retention,
            values: Values::default(),
            clients: Slab::new(),
            keys: HashMap::new(),
            index: FilterIndex::default(),
            repeats: Repeats::default(),
            last_id: loaded.last_id,
            lease_tokens: LeaseTokens::new(now.time),
            handovers: 0,
            unstored: HashSet::new(),
            inbox_bytes: 0,
            dropped: 0,
            redelivered: 0,
            matching: Vec::new(),
        };
        for message in loaded.values {
            state.values.set(Arc::new(message));
        }
        for (taken, key) in loaded.repeats {
            state.remember_repeat(key, taken);
        }
        for client in loaded.clients {
            let seen = Now {
                time: client.since,
                run: now.run,
            };
            let key = state.insert_client(client.name, client.address, client.settled, seen);
            if let Some(client) = state.clients.get_mut(key.0) {
                // It has made none since this start.
                client.requests = 0;
            }
            for (filter, since) in client.subscriptions {
                state.insert_subscription(key, filter, since);
            }
        }
        state
    }

    /// Replaces the bounds and what is kept, as far as that can be done while
    /// the log is numbered as it is: see [`Retention::adopt`]. A bound that is
    /// lower than what is there takes nothing away by itself; it holds for what
    /// comes.
    pub fn change_rules(&mut self, limits: Limits, retention: Retention) {
        self.limits = limits;
        self.retention = self.retention.adopt(retention);
    }

    /// Queues a message of the log again for the clients for which it is not
    /// settled. Called at the start, in the order of the log.
    pub fn replay(&mut self, message: &Arc<Message>) {
        self.deliver(message, &mut Vec::new());
    }

    /// Carries out a change that is stored. `woken` gets the clients for whom
    /// something waits now.
    pub fn apply(&mut self, change: Change, now: Now, woken: &mut Vec<ClientKey>) {
        match change {
            Change::Logged(logged) => self.apply_message(logged, woken),
            Change::Subscribed {
                client,
                filter,
                since,
                address,
                time,
            } => {
                let key = match self.keys.get(&client) {
                    Some(key) => *key,
                    None => {
                        let settled = Settled::up_to(since);
                        self.insert_client(client, address, settled, Now { time, ..now })
                    }
                };
                self.insert_subscription(key, filter, since);
            }
            Change::Unsubscribed { client, filter } => self.remove_subscription(&client, &filter),
            Change::Settled { client, settled } => {
                if let Some(key) = self.keys.get(&client).copied()
                    && let Some(client) = self.clients.get_mut(key.0)
                {
                    if client.inbox.settled() == settled {
                        self.unstored.remove(&key);
                    }
                    client.stored = settled;
                }
            }
            Change::Forgotten { client } => self.forget(&client),
        }
    }

    /// Notes that the client was heard of. `None` when it is not known.
    pub fn hear(&mut self, client: &str, address: IpAddr, now: Now) -> Option<ClientKey> {
        let key = *self.keys.get(client)?;
        let client = self.clients.get_mut(key.0)?;
        client.address = address;
        client.heard = now.run;
        client.seen = now.time;
        client.requests += 1;
        Some(key)
    }

    /// What was settled since the log learned of it last.
    pub(crate) fn settled_since(&self) -> impl Iterator<Item = Change> {
        self.unstored.iter().filter_map(|key| {
            let client = self.clients.get(key.0)?;
            Some(Change::Settled {
                client: client.name.clone(),
                settled: client.inbox.settled(),
            })
        })
    }

    fn apply_message(&mut self, logged: Logged, woken: &mut Vec<ClientKey>) {
        let message = logged.message;
        self.last_id = message.id;
        if let Some(id) = logged.repeat_id {
            let key = RepeatKey {
                topic: message.topic.clone(),
                from: message.from.clone(),
                id,
            };
            self.remember_repeat(key, message.taken);
        }
        self.deliver(&message, woken);
        match message.kind {
            MessageKind::Published | MessageKind::Put => self.values.set(message),
            MessageKind::Deleted => self.values.remove(message.topic.as_str()),
            MessageKind::Notified => {}
        }
    }

    fn remember_repeat(&mut self, key: RepeatKey, taken: RunTime) {
        let (window, bound) = (self.limits.repeat_window, self.limits.repeats);
        self.repeats.insert(key, taken, window, bound);
    }

    fn insert_client(
        &mut self,
        name: ClientName,
        address: IpAddr,
        settled: Settled,
        seen: Now,
    ) -> ClientKey {
        let key = ClientKey(self.clients.insert(Client {
            name: name.clone(),
            address,
            first_seen: seen.time,
            seen: seen.time,
            picked_up: None,
            // The subscription that made it known.
            requests: 1,
            heard: seen.run,
            filters: Default::default(),
            inbox: Inbox::new(settled.clone()),
            stored: settled,
        }));
        self.keys.insert(name, key);
        key
    }

    fn insert_subscription(&mut self, key: ClientKey, filter: Filter, since: MessageId) {
        if let Some(client) = self.clients.get_mut(key.0)
            && !client.filters.contains_key(&filter)
        {
            client.filters.insert(filter.clone(), since);
            self.index
                .insert(&filter, Subscriber { client: key, since });
        }
    }

    fn remove_subscription(&mut self, name: &ClientName, filter: &Filter) {
        let Some(key) = self.keys.get(name).copied() else {
            return;
        };
        self.index.remove(filter, key);
        if let Some(client) = self.clients.get_mut(key.0) {
            client.filters.remove(filter);
        }
        self.with_inbox(name, |inbox, _| {
            inbox.forget_filter(filter);
            0
        });
    }

    fn forget(&mut self, name: &ClientName) {
        let Some(key) = self.keys.remove(name) else {
            return;
        };
        self.unstored.remove(&key);
        if let Some(client) = self.clients.try_remove(key.0) {
            self.inbox_bytes -= client.inbox.bytes();
            for filter in client.filters.keys() {
                self.index.remove(filter, key);
            }
        }
    }

    /// Changes a client's inbox, which returns how many messages it dropped,
    /// and keeps the books.
    pub(crate) fn with_inbox(
        &mut self,
        name: &ClientName,
        change: impl FnOnce(&mut Inbox, &Limits) -> u64,
    ) -> Option<ClientKey> {
        let key = self.keys.get(name).copied()?;
        let client = self.clients.get_mut(key.0)?;
        let before = client.inbox.bytes();
        self.dropped += change(&mut client.inbox, &self.limits);
        self.inbox_bytes = self.inbox_bytes + client.inbox.bytes() - before;
        if client.inbox.settled() != client.stored {
            self.unstored.insert(key);
        }
        Some(key)
    }

    fn deliver(&mut self, message: &Arc<Message>, woken: &mut Vec<ClientKey>) {
        if !message.kind.is_delivered() || self.index.is_empty() {
            return;
        }
        self.matching.clear();
        self.index.matching(&message.topic, &mut self.matching);
        for id in &self.matching {
            let Some(filter) = self.index.filter(*id) else {
                continue;
            };
            for subscriber in self.index.subscribers(*id) {
                let Some(client) = self.clients.get_mut(subscriber.client.0) else {
                    continue;
                };
                if message.id <= subscriber.since || !client.inbox.wants(message) {
                    continue;
                }
                let before = client.inbox.bytes();
                let dropped = client.inbox.push(message, filter, &self.limits);
                // What had come back may be among the dropped.
                if dropped > 0 && client.inbox.settled() != client.stored {
                    self.unstored.insert(subscriber.client);
                }
                self.dropped += dropped;
                self.inbox_bytes = self.inbox_bytes + client.inbox.bytes() - before;
                woken.push(subscriber.client);
            }
        }
        while self.inbox_bytes > self.limits.queues_bytes && self.drop_from_longest() {}
    }

    /// Drops the oldest message of the queue that takes the most bytes.
    fn drop_from_longest(&mut self) -> bool {
        let longest = self
            .clients
            .iter_mut()
            .max_by_key(|(_, client)| client.inbox.waiting_bytes());
        let Some((key, client)) = longest else {
            return false;
        };
        let before = client.inbox.bytes();
        if !client.inbox.drop_oldest() {
            return false;
        }
        self.inbox_bytes -= before - client.inbox.bytes();
        self.dropped += 1;
        if client.inbox.settled() != client.stored {
            self.unstored.insert(ClientKey(key));
        }
        true
    }
}

#[cfg(test)]
mod tests;
