//! What orders change: the values, and who is subscribed to what.

use std::collections::BTreeMap;
use std::sync::Arc;

use moustique_core::{ClientName, Draft, Filter, Message, MessageId, MessageKind, Now, Topic};

/// What a log of all orders comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Book {
    pub(crate) last_id: MessageId,
    pub(crate) values: BTreeMap<Topic, Arc<Message>>,
    /// Each client's filters, each with the last message before it.
    pub(crate) subscriptions: BTreeMap<ClientName, BTreeMap<Filter, MessageId>>,
}

impl Book {
    /// The message that a draft becomes.
    pub(crate) fn message(&self, draft: &Draft, now: Now) -> Message {
        Message {
            id: self.last_id.next(),
            time: now.time,
            taken: now.run,
            topic: draft.topic.clone(),
            payload: Arc::clone(&draft.payload),
            from: draft.from.clone(),
            address: draft.address,
            updated_time: draft.updated_time.unwrap_or(now.time.seconds()),
            kind: draft.kind,
        }
    }

    pub(crate) fn log(&mut self, message: Arc<Message>) {
        self.last_id = message.id;
        match message.kind {
            MessageKind::Published | MessageKind::Put => {
                self.values.insert(message.topic.clone(), message);
            }
            MessageKind::Deleted => {
                self.values.remove(message.topic.as_str());
            }
            MessageKind::Notified => {}
        }
    }

    pub(crate) fn subscribe(&mut self, client: &ClientName, filter: &Filter) {
        let filters = self.subscriptions.entry(client.clone()).or_default();
        filters.entry(filter.clone()).or_insert(self.last_id);
    }

    pub(crate) fn unsubscribe(&mut self, client: &ClientName, filter: &Filter) {
        if let Some(filters) = self.subscriptions.get_mut(client) {
            filters.remove(filter);
        }
    }

    pub(crate) fn is_subscribed(&self, client: &ClientName, filter: &Filter) -> bool {
        self.filters_of(client)
            .is_some_and(|filters| filters.contains_key(filter))
    }

    pub(crate) fn filters_of(&self, client: &ClientName) -> Option<&BTreeMap<Filter, MessageId>> {
        self.subscriptions.get(client)
    }

    /// Subscriptions of all clients together.
    pub(crate) fn subscription_count(&self) -> usize {
        self.subscriptions.values().map(BTreeMap::len).sum()
    }

    /// Bytes of all values.
    pub(crate) fn bytes(&self) -> usize {
        self.values.values().map(|value| value.bytes()).sum()
    }
}
