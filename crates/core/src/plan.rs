//! From orders to changes: checked, numbered, and not yet carried out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::change::{Change, Command, Draft, Logged, Outcome, Rejection};
use crate::client::Client;
use crate::clock::Now;
use crate::filter::Filter;
use crate::message::{Message, MessageId, MessageKind};
use crate::name::ClientName;
use crate::repeats::RepeatKey;
use crate::state::State;
use crate::topic::Topic;

/// The changes of one batch of orders.
///
/// A plan only reads the state. It remembers what its own changes will add, so
/// that a batch cannot pass a bound that its orders would not pass one by one.
#[derive(Debug)]
pub struct Plan<'s> {
    state: &'s State,
    last_id: MessageId,
    changes: Vec<Change>,
    /// Each with the change that brings it.
    new_topics: HashMap<Topic, usize>,
    grown_bytes: usize,
    forgotten: HashSet<ClientName>,
    new_clients: HashSet<ClientName>,
    filters: HashMap<ClientName, Filters>,
    /// Subscriptions of all clients together that the plan adds or ends.
    more_filters: isize,
    /// Each with the change that brings it.
    new_repeats: HashMap<RepeatKey, usize>,
}

/// What a plan does to the filters of a client.
#[derive(Debug, Default)]
struct Filters {
    /// Whether the client will be subscribed.
    subscribed: HashMap<Filter, bool>,
    more: isize,
}

impl<'s> Plan<'s> {
    /// A plan that begins with what the log does not know yet: what was settled
    /// since.
    #[must_use]
    pub fn new(state: &'s State) -> Self {
        Self {
            state,
            last_id: state.last_id(),
            changes: state.settled_since().collect(),
            new_topics: HashMap::new(),
            grown_bytes: 0,
            forgotten: HashSet::new(),
            new_clients: HashSet::new(),
            filters: HashMap::new(),
            more_filters: 0,
            new_repeats: HashMap::new(),
        }
    }

    /// Adds what the order changes; an order that changes nothing adds
    /// nothing.
    ///
    /// # Errors
    /// When a bound is reached. The plan is then as it was.
    pub fn add(&mut self, command: Command, now: Now) -> Result<Outcome, Rejection> {
        match command {
            Command::Publish(draft) => self.publish(draft, now),
            Command::Subscribe {
                client,
                filter,
                address,
            } => {
                if !self.check_subscription(&client, &filter)? {
                    return Ok(Outcome::Unchanged);
                }
                self.changes.push(Change::Subscribed {
                    client,
                    filter,
                    since: self.last_id,
                    address,
                    time: now.time,
                });
                Ok(Outcome::Changed)
            }
            Command::Unsubscribe { client, filter } => Ok(self.unsubscribe(client, filter)),
            Command::ForgetSilent { client } => Ok(self.forget_silent(client, now)),
        }
    }

    /// Adds all of the messages or, when one is rejected, none.
    ///
    /// # Errors
    /// When a bound is reached, with the place of the message that is too much,
    /// counted from 0. The plan is then as it was.
    pub fn add_all(
        &mut self,
        drafts: impl IntoIterator<Item = Draft>,
        now: Now,
    ) -> Result<Vec<Outcome>, (usize, Rejection)> {
        let (last_id, grown_bytes) = (self.last_id, self.grown_bytes);
        let changes = self.changes.len();
        let mut outcomes = Vec::new();
        for draft in drafts {
            match self.publish(draft, now) {
                Ok(outcome) => outcomes.push(outcome),
                Err(rejection) => {
                    self.changes.truncate(changes);
                    (self.last_id, self.grown_bytes) = (last_id, grown_bytes);
                    self.new_topics.retain(|_, change| *change < changes);
                    self.new_repeats.retain(|_, change| *change < changes);
                    return Err((outcomes.len(), rejection));
                }
            }
        }
        Ok(outcomes)
    }

    /// The changes in the order in which they are to be written and applied.
    #[must_use]
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    fn publish(&mut self, draft: Draft, now: Now) -> Result<Outcome, Rejection> {
        let before = self.state.values().get(draft.topic.as_str());
        let is_planned = self.new_topics.contains_key(&draft.topic);
        if draft.kind == MessageKind::Deleted && before.is_none() && !is_planned {
            return Ok(Outcome::Unchanged);
        }
        let repeat = draft.repeat_id.clone().map(|id| RepeatKey {
            topic: draft.topic.clone(),
            from: draft.from.clone(),
            id,
        });
        if let Some(repeat) = &repeat
            && (self.state.is_repeat(repeat, now.run) || self.new_repeats.contains_key(repeat))
        {
            return Ok(Outcome::Repeated);
        }
        // The topic's text is shared with the value that is there.
        let topic = before.map_or(draft.topic, |before| before.topic.clone());
        let message = Message {
            id: self.last_id.next(),
            time: now.time,
            taken: now.run,
            topic,
            payload: draft.payload,
            from: draft.from,
            address: draft.address,
            updated_time: draft.updated_time.unwrap_or(now.time.seconds()),
            kind: draft.kind,
        };
        if message.kind.is_value() {
            self.check_value(&message, before.map(AsRef::as_ref), is_planned)?;
        }
        self.last_id = message.id;
        let change = self.changes.len();
        self.new_repeats
            .extend(repeat.map(|repeat| (repeat, change)));
        let logged = Logged {
            policy: self.state.retention().policy(&message.topic),
            message: Arc::new(message),
            repeat_id: draft.repeat_id,
        };
        self.changes.push(Change::Logged(logged));
        Ok(Outcome::Logged(self.last_id))
    }

    /// Checks that the value fits, and notes what it adds.
    fn check_value(
        &mut self,
        message: &Message,
        before: Option<&Message>,
        is_planned: bool,
    ) -> Result<(), Rejection> {
        let limits = self.state.limits();
        let is_new = before.is_none() && !is_planned;
        if is_new && self.state.values().len() + self.new_topics.len() >= limits.topics {
            return Err(Rejection::TooManyTopics {
                topic: message.topic.clone(),
                limit: limits.topics,
            });
        }
        let grown = message
            .bytes()
            .saturating_sub(before.map_or(0, Message::bytes));
        let bytes = self.state.values().bytes() + self.grown_bytes + grown;
        if grown > 0 && bytes > limits.values_bytes {
            return Err(Rejection::ValuesTooLarge {
                bytes,
                limit: limits.values_bytes,
            });
        }
        self.grown_bytes += grown;
        if is_new {
            let change = self.changes.len();
            self.new_topics.insert(message.topic.clone(), change);
        }
        Ok(())
    }

    fn unsubscribe(&mut self, client: ClientName, filter: Filter) -> Outcome {
        if !self.is_subscribed(&client, &filter) {
            return Outcome::Unchanged;
        }
        self.note(&client, &filter, false);
        self.changes.push(Change::Unsubscribed { client, filter });
        Outcome::Changed
    }

    /// The client may have been heard of since it was found silent.
    fn forget_silent(&mut self, client: ClientName, now: Now) -> Outcome {
        let known = self.known(&client);
        if !known.is_some_and(|known| self.state.is_silent(known, now.run)) {
            return Outcome::Unchanged;
        }
        let stored = known.map_or(0, |known| known.filters.len().cast_signed());
        let planned = self
            .filters
            .remove(&client)
            .map_or(0, |filters| filters.more);
        self.more_filters -= stored + planned;
        self.forgotten.insert(client.clone());
        self.changes.push(Change::Forgotten { client });
        Outcome::Changed
    }

    /// Whether the subscription is new; notes it when it is.
    fn check_subscription(
        &mut self,
        client: &ClientName,
        filter: &Filter,
    ) -> Result<bool, Rejection> {
        if self.is_subscribed(client, filter) {
            return Ok(false);
        }
        let limits = self.state.limits();
        let known = self.known(client);
        let is_new = known.is_none() && !self.new_clients.contains(client);
        let clients = self.state.client_count() + self.new_clients.len() - self.forgotten.len();
        if is_new && clients >= limits.clients {
            return Err(Rejection::TooManyClients {
                client: client.clone(),
                limit: limits.clients,
            });
        }
        let own = known.map_or(0, |known| known.filters.len());
        let more = self.filters.get(client).map_or(0, |filters| filters.more);
        if own.saturating_add_signed(more) >= limits.filters_per_client {
            return Err(Rejection::TooManyFiltersOfClient {
                client: client.clone(),
                limit: limits.filters_per_client,
            });
        }
        let all = self.state.subscription_count();
        if all.saturating_add_signed(self.more_filters) >= limits.filters {
            return Err(Rejection::TooManyFilters {
                limit: limits.filters,
            });
        }
        if is_new {
            self.new_clients.insert(client.clone());
        }
        self.note(client, filter, true);
        Ok(true)
    }

    /// The client as the state knows it, unless the plan forgets it.
    fn known(&self, client: &ClientName) -> Option<&'s Client> {
        let known = self.state.client(client.as_str());
        known.filter(|_| !self.forgotten.contains(client))
    }

    fn is_subscribed(&self, client: &ClientName, filter: &Filter) -> bool {
        let planned = self.filters.get(client);
        let planned = planned.and_then(|filters| filters.subscribed.get(filter));
        planned.copied().unwrap_or_else(|| {
            let known = self.known(client);
            known.is_some_and(|known| known.filters.contains_key(filter))
        })
    }

    /// Notes that the plan changes whether the client is subscribed.
    fn note(&mut self, client: &ClientName, filter: &Filter, subscribed: bool) {
        let more = if subscribed { 1 } else { -1 };
        let filters = self.filters.entry(client.clone()).or_default();
        filters.subscribed.insert(filter.clone(), subscribed);
        filters.more += more;
        self.more_filters += more;
    }
}
