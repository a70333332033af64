//! From orders to changes: checked, numbered, and not yet carried out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::change::{Change, Command, Draft, Rejection};
use crate::filter::Filter;
use crate::message::{Message, MessageId, Timestamp};
use crate::name::ClientName;
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
    new_topics: HashSet<Topic>,
    grown_bytes: usize,
    new_clients: HashSet<ClientName>,
    new_filters: HashMap<ClientName, HashSet<Filter>>,
    new_filter_count: usize,
}

impl<'s> Plan<'s> {
    /// A plan that begins with what the log does not know yet: the cursors
    /// that moved.
    #[must_use]
    pub fn new(state: &'s State) -> Self {
        Self {
            state,
            last_id: state.last_id(),
            changes: state.moved_cursors().collect(),
            new_topics: HashSet::new(),
            grown_bytes: 0,
            new_clients: HashSet::new(),
            new_filters: HashMap::new(),
            new_filter_count: 0,
        }
    }

    /// Adds what the order changes; an order that changes nothing adds
    /// nothing. `time` is the wall clock's.
    ///
    /// # Errors
    /// When a bound is reached. The plan is then as it was.
    pub fn add(&mut self, command: Command, time: Timestamp) -> Result<(), Rejection> {
        match command {
            Command::Publish(draft) => self.publish(draft, time)?,
            Command::Subscribe {
                client,
                filter,
                address,
            } => {
                if self.check_subscription(&client, &filter)? {
                    self.changes.push(Change::Subscribed {
                        client,
                        filter,
                        since: self.last_id,
                        address,
                        time,
                    });
                }
            }
            Command::Forget { client } => self.changes.push(Change::Forgotten { client }),
        }
        Ok(())
    }

    /// The changes in the order in which they are to be written and applied.
    #[must_use]
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    fn publish(&mut self, draft: Draft, time: Timestamp) -> Result<(), Rejection> {
        let limits = self.state.limits();
        let before = self.state.values().get(draft.topic.as_str());
        // The topic's text is shared with the value that is there.
        let topic = before.map_or(draft.topic, |before| before.topic.clone());
        let message = Message {
            id: self.last_id.next(),
            time,
            topic,
            payload: draft.payload,
            from: draft.from,
            address: draft.address,
            updated_time: draft.updated_time.unwrap_or(time.seconds()),
            kind: draft.kind,
        };
        let is_new = before.is_none() && !self.new_topics.contains(&message.topic);
        if is_new && self.state.values().len() + self.new_topics.len() >= limits.topics {
            return Err(Rejection::TooManyTopics {
                topic: message.topic,
                limit: limits.topics,
            });
        }
        let grown = message
            .bytes()
            .saturating_sub(before.map_or(0, |before| before.bytes()));
        let bytes = self.state.values().bytes() + self.grown_bytes + grown;
        if grown > 0 && bytes > limits.values_bytes {
            return Err(Rejection::ValuesTooLarge {
                bytes,
                limit: limits.values_bytes,
            });
        }
        self.grown_bytes += grown;
        if is_new {
            self.new_topics.insert(message.topic.clone());
        }
        self.last_id = message.id;
        self.changes.push(Change::Logged(Arc::new(message)));
        Ok(())
    }

    /// Whether the subscription is new; notes it when it is.
    fn check_subscription(
        &mut self,
        client: &ClientName,
        filter: &Filter,
    ) -> Result<bool, Rejection> {
        let limits = self.state.limits();
        let known = self.state.client(client.as_str());
        let planned = self.new_filters.get(client);
        if known.is_some_and(|known| known.filters.contains(filter))
            || planned.is_some_and(|filters| filters.contains(filter))
        {
            return Ok(false);
        }
        let is_new = known.is_none() && !self.new_clients.contains(client);
        if is_new && self.state.client_count() + self.new_clients.len() >= limits.clients {
            return Err(Rejection::TooManyClients {
                client: client.clone(),
                limit: limits.clients,
            });
        }
        let own = known.map_or(0, |known| known.filters.len()) + planned.map_or(0, HashSet::len);
        if own >= limits.filters_per_client {
            return Err(Rejection::TooManyFiltersOfClient {
                client: client.clone(),
                limit: limits.filters_per_client,
            });
        }
        if self.state.subscription_count() + self.new_filter_count >= limits.filters {
            return Err(Rejection::TooManyFilters {
                limit: limits.filters,
            });
        }
        if is_new {
            self.new_clients.insert(client.clone());
        }
        self.new_filters
            .entry(client.clone())
            .or_default()
            .insert(filter.clone());
        self.new_filter_count += 1;
        Ok(true)
    }
}
