//! What can be asked of the state.

use std::sync::Arc;

use super::{ClientKey, State};
use crate::client::Client;
use crate::clock::RunTime;
use crate::limits::Limits;
use crate::message::{Message, MessageId};
use crate::name::ClientName;
use crate::repeats::RepeatKey;
use crate::retention::Retention;
use crate::values::Values;

impl State {
    /// Clients that have been silent for longer than
    /// [`Limits::client_silence`].
    pub fn silent(&self, now: RunTime) -> impl Iterator<Item = (ClientKey, &ClientName)> {
        self.clients
            .iter()
            .filter(move |(_, client)| self.is_silent(client, now))
            .map(|(key, client)| (ClientKey(key), &client.name))
    }

    /// Topics whose value has not been set for longer than their policy keeps
    /// it.
    pub fn aged_values(&self, now: RunTime) -> impl Iterator<Item = &Arc<Message>> {
        let is_rule = self.retention.all().any(|(_, keep)| keep.values.is_some());
        let values = is_rule.then(|| self.values.iter());
        values.into_iter().flatten().filter(move |value| {
            let policy = self.retention.policy(&value.topic);
            let keep = self.retention.keep(policy).values;
            keep.is_some_and(|keep| now.since(value.taken) > keep)
        })
    }

    /// The bounds that hold.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What stays in the log.
    #[must_use]
    pub fn retention(&self) -> &Retention {
        &self.retention
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

    /// The oldest message that some client still has to get or let go of: the
    /// log keeps what comes from here on.
    #[must_use]
    pub fn first_unsettled(&self) -> Option<MessageId> {
        self.clients()
            .filter_map(|client| client.inbox.first_unsettled())
            .min()
    }

    /// Bytes of all messages that are not settled, of all clients together.
    #[must_use]
    pub fn inbox_bytes(&self) -> usize {
        self.inbox_bytes
    }

    /// Messages dropped from full queues since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Messages that came again because their lease ended, since the start.
    #[must_use]
    pub fn redelivered(&self) -> u64 {
        self.redelivered
    }

    /// Repeatable publishes forgotten before their time because there were too
    /// many, since the start.
    #[must_use]
    pub fn repeats_forgotten(&self) -> u64 {
        self.repeats.forgotten_early()
    }

    pub(crate) fn is_repeat(&self, key: &RepeatKey, now: RunTime) -> bool {
        self.repeats.contains(key, now, self.limits.repeat_window)
    }

    pub(crate) fn is_silent(&self, client: &Client, now: RunTime) -> bool {
        now.since(client.silent_since()) > self.limits.client_silence
    }
}
