//! Everything the broker knows while it runs.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;

use crate::change::Change;
use crate::client::Client;
use crate::filter::Filter;
use crate::filter_index::{FilterId, FilterIndex, Subscriber};
use crate::limits::Limits;
use crate::message::{Message, MessageId, MessageKind, Timestamp};
use crate::name::ClientName;
use crate::queue::{Delivery, Queue};
use crate::values::Values;

/// A client's place, valid until the client is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(pub(crate) usize);

/// What the log held when the broker started, but for the messages after the
/// clients' cursors: those follow through [`State::replay`].
#[derive(Debug, Default)]
pub struct Loaded {
    /// The last message of the log.
    pub last_id: MessageId,
    /// The last value of every topic.
    pub values: Vec<Message>,
    /// The clients with their subscriptions.
    pub clients: Vec<LoadedClient>,
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
    /// The last message handed over to it.
    pub picked_up_to: MessageId,
    /// Its filters, each with the last message before the subscription.
    pub subscriptions: Vec<(Filter, MessageId)>,
}

/// Messages on their way to a client: in the end either [`State::arrived`] or
/// [`State::give_back`] is called with them.
#[derive(Debug)]
pub struct Handover {
    /// Who gets them.
    pub client: ClientName,
    /// The messages, oldest first.
    pub deliveries: Vec<Delivery>,
    handed_over_before: MessageId,
}

/// Everything the broker knows: values, clients, filters, queues.
///
/// One thread changes it, by [`State::apply`], with changes that are stored.
/// The exception is a client's own queue, from which its requests take.
#[derive(Debug)]
pub struct State {
    limits: Limits,
    values: Values,
    clients: Slab<Client>,
    keys: HashMap<ClientName, ClientKey>,
    index: FilterIndex,
    last_id: MessageId,
    moved: HashSet<ClientKey>,
    queues_bytes: usize,
    dropped: u64,
    matching: Vec<FilterId>,
}

impl State {
    /// The state as the log has it. `now` counts as the moment every client
    /// was last heard of: the time the broker was away is not held against it.
    #[must_use]
    pub fn new(limits: Limits, loaded: Loaded, now: Instant) -> Self {
        let mut state = Self {
            limits,
            values: Values::default(),
            clients: Slab::new(),
            keys: HashMap::new(),
            index: FilterIndex::default(),
            last_id: loaded.last_id,
            moved: HashSet::new(),
            queues_bytes: 0,
            dropped: 0,
            matching: Vec::new(),
        };
        for message in loaded.values {
            state.values.set(Arc::new(message));
        }
        for client in loaded.clients {
            let key = state.insert_client(
                client.name,
                client.address,
                client.since,
                client.picked_up_to,
                now,
            );
            for (filter, since) in client.subscriptions {
                state.insert_subscription(key, filter, since);
            }
        }
        state
    }

    /// Queues a message of the log again for the clients that have not picked
    /// it up. Called at the start, in the order of the log.
    pub fn replay(&mut self, message: &Arc<Message>) {
        self.deliver(message, &mut Vec::new());
    }

    /// Carries out a change that is stored. `woken` gets the clients for whom
    /// something waits now.
    pub fn apply(&mut self, change: Change, now: Instant, woken: &mut Vec<ClientKey>) {
        match change {
            Change::Logged(message) => {
                self.last_id = message.id;
                self.deliver(&message, woken);
                self.values.set(message);
            }
            Change::Subscribed {
                client,
                filter,
                since,
                address,
                time,
            } => {
                let key = match self.keys.get(&client) {
                    Some(key) => *key,
                    None => self.insert_client(client, address, time, since, now),
                };
                self.insert_subscription(key, filter, since);
            }
            Change::PickedUp { client, up_to } => {
                if let Some(key) = self.keys.get(&client).copied()
                    && let Some(client) = self.clients.get_mut(key.0)
                {
                    client.stored = up_to;
                    if client.arrived == up_to {
                        self.moved.remove(&key);
                    }
                }
            }
            Change::Forgotten { client } => self.forget(&client),
        }
    }

    /// Hands over what waits for the client, at most `max` messages, and notes
    /// that it was heard of. `None` when the client is not known.
    ///
    /// The log does not learn of it before the messages arrived: a broker that
    /// dies in between delivers them again after its start.
    pub fn take(
        &mut self,
        client: &str,
        max: usize,
        address: IpAddr,
        now: Instant,
        time: Timestamp,
    ) -> Option<Handover> {
        let key = self.hear(client, address, now, time)?;
        let client = self.clients.get_mut(key.0)?;
        let handed_over_before = client.handed_over;
        let bytes_before = client.queue.bytes();
        let deliveries = client.queue.take(max, &self.limits);
        self.queues_bytes -= bytes_before - client.queue.bytes();
        if let Some(last) = deliveries.last() {
            client.handed_over = last.message.id;
        }
        Some(Handover {
            client: client.name.clone(),
            deliveries,
            handed_over_before,
        })
    }

    /// Puts messages that did not arrive back at the head of the queue.
    pub fn give_back(&mut self, handover: Handover) {
        let Some(key) = self.keys.get(&handover.client).copied() else {
            return;
        };
        let Some(client) = self.clients.get_mut(key.0) else {
            return;
        };
        let bytes_before = client.queue.bytes();
        client.queue.give_back(handover.deliveries);
        self.queues_bytes += client.queue.bytes() - bytes_before;
        client.handed_over = client.handed_over.min(handover.handed_over_before);
    }

    /// Notes that the messages arrived, so that the log learns of it with the
    /// next batch: see [`crate::Plan::new`].
    pub fn arrived(&mut self, handover: &Handover) {
        if let Some(last) = handover.deliveries.last()
            && let Some(key) = self.keys.get(&handover.client).copied()
            && let Some(client) = self.clients.get_mut(key.0)
        {
            client.arrived = client.arrived.max(last.message.id);
            if client.arrived != client.stored {
                self.moved.insert(key);
            }
        }
    }

    /// Notes that the client was heard of. `None` when it is not known.
    pub fn hear(
        &mut self,
        client: &str,
        address: IpAddr,
        now: Instant,
        time: Timestamp,
    ) -> Option<ClientKey> {
        let key = *self.keys.get(client)?;
        let client = self.clients.get_mut(key.0)?;
        client.address = address;
        client.heard = now;
        client.seen = time;
        Some(key)
    }

    /// Clients that have been silent for longer than
    /// [`Limits::client_silence`].
    pub fn silent(&self, now: Instant) -> impl Iterator<Item = (ClientKey, &ClientName)> {
        self.clients
            .iter()
            .filter(move |(_, client)| {
                now.saturating_duration_since(client.heard) > self.limits.client_silence
            })
            .map(|(key, client)| (ClientKey(key), &client.name))
    }

    /// The bounds that hold.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The last value of every topic.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// A client's place.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<ClientKey> {
        self.keys.get(name).copied()
    }

    /// A client by its name.
    #[must_use]
    pub fn client(&self, name: &str) -> Option<&Client> {
        self.clients.get(self.keys.get(name)?.0)
    }

    /// The clients, in no particular order.
    pub fn clients(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().map(|(_, client)| client)
    }

    /// How many clients are known.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.clients.len()
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn subscription_count(&self) -> usize {
        self.index.len()
    }

    /// The last message of the log.
    #[must_use]
    pub fn last_id(&self) -> MessageId {
        self.last_id
    }

    /// Messages dropped from full queues since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What arrived since the log learned of it last.
    pub(crate) fn moved_cursors(&self) -> impl Iterator<Item = Change> {
        self.moved.iter().filter_map(|key| {
            let client = self.clients.get(key.0)?;
            Some(Change::PickedUp {
                client: client.name.clone(),
                up_to: client.arrived,
            })
        })
    }

    fn insert_client(
        &mut self,
        name: ClientName,
        address: IpAddr,
        seen: Timestamp,
        cursor: MessageId,
        now: Instant,
    ) -> ClientKey {
        let key = ClientKey(self.clients.insert(Client {
            name: name.clone(),
            address,
            seen,
            heard: now,
            filters: Default::default(),
            queue: Queue::default(),
            handed_over: cursor,
            arrived: cursor,
            stored: cursor,
        }));
        self.keys.insert(name, key);
        key
    }

    fn insert_subscription(&mut self, key: ClientKey, filter: Filter, since: MessageId) {
        if let Some(client) = self.clients.get_mut(key.0)
            && client.filters.insert(filter.clone())
        {
            self.index
                .insert(&filter, Subscriber { client: key, since });
        }
    }

    fn forget(&mut self, name: &ClientName) {
        let Some(key) = self.keys.remove(name) else {
            return;
        };
        self.moved.remove(&key);
        if let Some(client) = self.clients.try_remove(key.0) {
            self.queues_bytes -= client.queue.bytes();
            for filter in &client.filters {
                self.index.remove(filter, key);
            }
        }
    }

    fn deliver(&mut self, message: &Arc<Message>, woken: &mut Vec<ClientKey>) {
        if message.kind == MessageKind::Put || self.index.is_empty() {
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
                if message.id <= subscriber.since || message.id <= client.handed_over {
                    continue;
                }
                let before = client.queue.bytes();
                self.dropped += client.queue.push(message, filter, &self.limits);
                self.queues_bytes = self.queues_bytes + client.queue.bytes() - before;
                woken.push(subscriber.client);
            }
        }
        while self.queues_bytes > self.limits.queues_bytes && self.drop_from_longest() {}
    }

    /// Drops the oldest message of the queue that takes the most bytes.
    fn drop_from_longest(&mut self) -> bool {
        let longest = self
            .clients
            .iter_mut()
            .map(|(_, client)| &mut client.queue)
            .max_by_key(|queue| queue.bytes());
        let Some(queue) = longest else { return false };
        let before = queue.bytes();
        if !queue.drop_oldest() {
            return false;
        }
        self.queues_bytes -= before - queue.bytes();
        self.dropped += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Command, Draft, Rejection};
    use crate::plan::Plan;
    use crate::topic::Topic;
    use std::time::Duration;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn state(limits: Limits) -> State {
        State::new(limits, Loaded::default(), Instant::now())
    }

    fn publish(topic: &str, payload: &str) -> Command {
        Command::Publish(Draft {
            topic: Topic::parse(topic, &Limits::default()).unwrap(),
            payload: payload.into(),
            from: None,
            address: LOCAL,
            updated_time: None,
            kind: MessageKind::Published,
        })
    }

    fn subscribe(client: &str, filter: &str) -> Command {
        Command::Subscribe {
            client: ClientName::parse(client, &Limits::default()).unwrap(),
            filter: Filter::parse(filter, &Limits::default()).unwrap(),
            address: LOCAL,
        }
    }

    /// Plans, "stores" and applies the commands as one batch.
    fn run(state: &mut State, commands: impl IntoIterator<Item = Command>) -> Vec<Change> {
        let mut plan = Plan::new(state);
        for command in commands {
            plan.add(command, Timestamp(5_000)).unwrap();
        }
        let changes = plan.into_changes();
        for change in changes.clone() {
            state.apply(change, Instant::now(), &mut Vec::new());
        }
        changes
    }

    fn take(state: &mut State, client: &str) -> Vec<String> {
        let taken = state.take(client, usize::MAX, LOCAL, Instant::now(), Timestamp(0));
        let taken = taken.unwrap();
        state.arrived(&taken);
        taken
            .deliveries
            .iter()
            .map(|d| d.message.payload.to_string())
            .collect()
    }

    #[test]
    fn a_publish_reaches_those_who_subscribed_before_it() {
        let mut state = state(Limits::default());
        run(
            &mut state,
            [
                publish("a/b", "early"),
                subscribe("one", "a/+"),
                publish("a/b", "now"),
            ],
        );
        run(
            &mut state,
            [
                subscribe("two", "#"),
                publish("a/c", "later"),
                publish("x", "other"),
            ],
        );
        assert_eq!(take(&mut state, "one"), ["now", "later"]);
        assert_eq!(take(&mut state, "two"), ["later", "other"]);
        assert_eq!(take(&mut state, "one"), [""; 0]);
        assert_eq!(state.values().get("a/b").unwrap().payload.as_ref(), "now");
        assert_eq!(state.queues_bytes, 0);
    }

    #[test]
    fn a_put_notifies_nobody() {
        let mut state = state(Limits::default());
        run(&mut state, [subscribe("one", "#")]);
        let Command::Publish(draft) = publish("k", "v") else {
            unreachable!()
        };
        run(
            &mut state,
            [Command::Publish(Draft {
                kind: MessageKind::Put,
                ..draft
            })],
        );
        assert_eq!(take(&mut state, "one"), [""; 0]);
        assert_eq!(state.values().get("k").unwrap().payload.as_ref(), "v");
    }

    #[test]
    fn what_did_not_arrive_comes_again_first() {
        let mut state = state(Limits::default());
        run(
            &mut state,
            [subscribe("c", "#"), publish("t", "1"), publish("t", "2")],
        );
        let handover = state
            .take("c", 1, LOCAL, Instant::now(), Timestamp(0))
            .unwrap();
        let stored = run(&mut state, [publish("t", "3")]);
        assert!(
            matches!(&stored[..], [Change::Logged(_)]),
            "the log learns nothing yet"
        );
        state.give_back(handover);
        assert_eq!(take(&mut state, "c"), ["1", "2", "3"]);
    }

    #[test]
    fn a_moved_cursor_is_stored_once() {
        let mut state = state(Limits::default());
        run(&mut state, [subscribe("c", "#"), publish("t", "1")]);
        take(&mut state, "c");
        let changes = run(&mut state, []);
        assert!(
            matches!(
                &changes[..],
                [Change::PickedUp {
                    up_to: MessageId(1),
                    ..
                }]
            ),
            "{changes:?}"
        );
        assert_eq!(run(&mut state, []).len(), 0);
    }

    #[test]
    fn a_restart_queues_what_was_not_picked_up() {
        let mut before = state(Limits::default());
        let mut log = run(
            &mut before,
            [subscribe("c", "a"), publish("a", "1"), publish("a", "2")],
        );
        log.extend(run(&mut before, [subscribe("c", "b"), publish("b", "3")]));
        let loaded = Loaded {
            last_id: before.last_id(),
            values: before.values().iter().map(|m| Message::clone(m)).collect(),
            clients: vec![LoadedClient {
                name: ClientName::parse("c", &Limits::default()).unwrap(),
                address: LOCAL,
                since: Timestamp(0),
                picked_up_to: MessageId(1),
                subscriptions: log
                    .iter()
                    .filter_map(|change| match change {
                        Change::Subscribed { filter, since, .. } => Some((filter.clone(), *since)),
                        _ => None,
                    })
                    .collect(),
            }],
        };
        let mut after = State::new(Limits::default(), loaded, Instant::now());
        for change in &log {
            if let Change::Logged(message) = change {
                after.replay(message);
            }
        }
        assert_eq!(take(&mut after, "c"), ["2", "3"]);
        assert_eq!(after.last_id(), MessageId(3));
        assert_eq!(after.values().len(), 2);
    }

    #[test]
    fn the_silent_are_found_and_forgotten() {
        let mut state = state(Limits::default());
        run(
            &mut state,
            [subscribe("c", "a"), subscribe("c", "b"), publish("a", "1")],
        );
        let silence = state.limits().client_silence;
        let later = Instant::now() + silence + Duration::from_secs(1);
        assert_eq!(state.silent(Instant::now()).count(), 0);
        let client = state.silent(later).next().unwrap().1.clone();
        run(&mut state, [Command::Forget { client }]);
        assert!(state.client("c").is_none());
        assert_eq!((state.queues_bytes, state.subscription_count()), (0, 0));
        run(&mut state, [publish("a", "nobody hears it")]);
    }

    #[test]
    fn bounds_hold_within_a_batch_too() {
        let limits = Limits {
            topics: 2,
            clients: 2,
            filters_per_client: 2,
            filters: 3,
            values_bytes: 100,
            ..Limits::default()
        };
        let mut state = state(limits);
        type Refused = Option<fn(&Rejection) -> bool>;
        let cases: Vec<(Command, Refused)> = vec![
            (publish("a", ""), None),
            (publish("b", ""), None),
            (
                publish("c", ""),
                Some(|r| matches!(r, Rejection::TooManyTopics { limit: 2, .. })),
            ),
            (publish("a", "again"), None),
            (
                publish("a", &"x".repeat(100)),
                Some(|r| matches!(r, Rejection::ValuesTooLarge { limit: 100, .. })),
            ),
            (subscribe("one", "a"), None),
            (subscribe("one", "a"), None),
            (subscribe("one", "b"), None),
            (
                subscribe("one", "c"),
                Some(|r| matches!(r, Rejection::TooManyFiltersOfClient { limit: 2, .. })),
            ),
            (subscribe("two", "a"), None),
            (
                subscribe("two", "b"),
                Some(|r| matches!(r, Rejection::TooManyFilters { limit: 3 })),
            ),
            (
                subscribe("three", "a"),
                Some(|r| matches!(r, Rejection::TooManyClients { limit: 2, .. })),
            ),
        ];
        // Once as one batch, once again on the state that came of it.
        for round in 0..2 {
            let mut plan = Plan::new(&state);
            for (command, refused) in &cases {
                let result = plan.add(command.clone(), Timestamp(0));
                match (result, refused) {
                    (Ok(()), None) => {}
                    (Err(rejection), Some(expected)) if expected(&rejection) => {}
                    (result, _) => panic!("round {round}: {command:?}: {result:?}"),
                }
            }
            for change in plan.into_changes() {
                state.apply(change, Instant::now(), &mut Vec::new());
            }
        }
    }

    #[test]
    fn all_queues_together_are_bounded() {
        let limits = Limits {
            queues_bytes: 10,
            ..Limits::default()
        };
        let mut state = state(limits);
        run(
            &mut state,
            [subscribe("long", "#"), subscribe("short", "b")],
        );
        run(
            &mut state,
            [publish("a", "1234"), publish("a", "5"), publish("b", "x")],
        );
        assert_eq!(state.dropped(), 1);
        assert_eq!(take(&mut state, "long"), ["5", "x"]);
        assert_eq!(take(&mut state, "short"), ["x"]);
    }
}
