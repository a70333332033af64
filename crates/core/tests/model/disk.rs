//! What a store keeps of the changes it is given.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use moustique_core::{
    Change, ClientName, Filter, Loaded, LoadedClient, Logged, Message, MessageId, MessageKind,
    RepeatKey, RunTime, Settled, Timestamp, Topic,
};

/// The tables of a store.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) log: Vec<Arc<Message>>,
    pub(crate) clients: BTreeMap<ClientName, Row>,
    values: BTreeMap<Topic, Arc<Message>>,
    repeats: Vec<(RunTime, RepeatKey)>,
    last_id: MessageId,
    /// When the last message was taken.
    pub(crate) run: RunTime,
}

/// A client's row, with its rows of subscriptions.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) settled: Settled,
    address: IpAddr,
    since: Timestamp,
    subscriptions: BTreeMap<Filter, MessageId>,
}

impl Disk {
    pub(crate) fn write(&mut self, change: &Change) {
        match change {
            Change::Logged(logged) => self.log(logged),
            Change::Subscribed {
                client,
                filter,
                since,
                address,
                time,
            } => {
                let row = self.clients.entry(client.clone()).or_insert(Row {
                    settled: Settled::up_to(*since),
                    address: *address,
                    since: *time,
                    subscriptions: BTreeMap::new(),
                });
                row.subscriptions.entry(filter.clone()).or_insert(*since);
            }
            Change::Unsubscribed { client, filter } => {
                if let Some(row) = self.clients.get_mut(client) {
                    row.subscriptions.remove(filter);
                }
            }
            Change::Settled { client, settled } => {
                if let Some(row) = self.clients.get_mut(client) {
                    // As it is written down.
                    let written = Settled::parse(settled.last(), &settled.exceptions());
                    row.settled = written.unwrap();
                }
            }
            Change::Forgotten { client } => {
                self.clients.remove(client);
            }
        }
    }

    /// Loses every message before `from`; all but the newest when there is
    /// nothing to keep. Who published what is known for longer.
    pub(crate) fn prune(&mut self, from: Option<MessageId>) {
        let from = from.unwrap_or(self.last_id);
        self.log.retain(|message| message.id >= from);
    }

    pub(crate) fn load(&self) -> Loaded {
        let clients = self.clients.iter().map(|(name, row)| LoadedClient {
            name: name.clone(),
            address: row.address,
            since: row.since,
            settled: row.settled.clone(),
            subscriptions: row.subscriptions.clone().into_iter().collect(),
        });
        let values = self.values.values();
        Loaded {
            last_id: self.last_id,
            run: self.run,
            values: values.map(|value| Message::clone(value)).collect(),
            clients: clients.collect(),
            repeats: self.repeats.clone(),
        }
    }

    /// The messages that some client may still have to get.
    pub(crate) fn after_the_oldest_cursor(&self) -> impl Iterator<Item = &Arc<Message>> {
        let rows = self.clients.values();
        let after = rows.map(|row| row.settled.wholly_up_to()).min();
        let messages = self.log.iter();
        messages.filter(move |message| after.is_some_and(|after| message.id > after))
    }

    pub(crate) fn repeats(&self) -> &[(RunTime, RepeatKey)] {
        &self.repeats
    }

    fn log(&mut self, logged: &Logged) {
        let message = &logged.message;
        self.last_id = message.id;
        self.run = message.taken;
        self.log.push(Arc::clone(message));
        if let Some(id) = logged.repeat_id.clone() {
            let key = RepeatKey {
                topic: message.topic.clone(),
                from: message.from.clone(),
                id,
            };
            self.repeats.push((message.taken, key));
        }
        match message.kind {
            MessageKind::Published | MessageKind::Put => {
                let value = Arc::clone(message);
                self.values.insert(message.topic.clone(), value);
            }
            MessageKind::Deleted => {
                self.values.remove(message.topic.as_str());
            }
            MessageKind::Notified => {}
        }
    }
}
