//! The promises, written down without a thought for speed: lists, and
//! `Filter::matches`.

use std::collections::BTreeMap;
use std::sync::Arc;

use moustique_core::{
    Change, ClientName, Limits, Logged, Message, Now, RepeatKey, RunTime, Settled,
};

use crate::book::Book;
use crate::recipient::Recipient;
use crate::unsettled::{Place, Unsettled};

type Recipients = BTreeMap<ClientName, Recipient>;

/// What a broker has to know.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) limits: Limits,
    pub(crate) book: Book,
    pub(crate) recipients: Recipients,
    /// Publishes that may be repeated, oldest first.
    pub(crate) repeats: Vec<(RunTime, RepeatKey)>,
    pub(crate) repeats_forgotten: u64,
    pub(crate) dropped: u64,
    pub(crate) redelivered: u64,
}

impl Model {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            book: Book::default(),
            recipients: BTreeMap::new(),
            repeats: Vec::new(),
            repeats_forgotten: 0,
            dropped: 0,
            redelivered: 0,
        }
    }

    /// Carries out a change, and returns who gets a message by it. `waiting`
    /// says how many messages really wait for a client.
    pub(crate) fn apply(
        &mut self,
        change: &Change,
        now: Now,
        waiting: impl Fn(&ClientName) -> usize,
    ) -> Vec<ClientName> {
        match change {
            Change::Logged(logged) => return self.log(logged, waiting),
            Change::Subscribed { client, filter, .. } => {
                self.book.subscribe(client, filter);
                let new = Recipient::new(Settled::up_to(self.book.last_id), now.run);
                self.recipients.entry(client.clone()).or_insert(new);
            }
            Change::Unsubscribed { client, filter } => {
                self.book.unsubscribe(client, filter);
                if let Some(recipient) = self.recipients.get_mut(client) {
                    recipient.forget_filter(filter);
                }
            }
            Change::Settled { .. } => {}
            Change::Forgotten { client } => {
                self.book.subscriptions.remove(client);
                self.recipients.remove(client);
            }
        }
        Vec::new()
    }

    /// Gives a message to everybody who has to get it still.
    pub(crate) fn deliver(
        &mut self,
        message: &Arc<Message>,
        waiting: impl Fn(&ClientName) -> usize,
    ) -> Vec<ClientName> {
        let mut reached = Vec::new();
        for (client, recipient) in &mut self.recipients {
            let filters = self.book.filters_of(client).into_iter().flatten();
            let matched = filters
                .filter(|(filter, since)| filter.matches(&message.topic) && **since < message.id);
            let unsettled = Unsettled {
                message: Arc::clone(message),
                filters: matched.map(|(filter, _)| filter.clone()).collect(),
                redelivered: 0,
                place: Place::Waiting,
            };
            let is_settled = recipient.before.contains(message.id);
            if message.kind.is_delivered() && !unsettled.filters.is_empty() && !is_settled {
                recipient.messages.push(unsettled);
                self.dropped += recipient.drop_beyond(&self.limits);
                reached.push(client.clone());
            }
        }
        if self.inbox_bytes() > self.limits.queues_bytes {
            self.drop_beyond(waiting);
        }
        reached
    }

    /// Whether the same was published within the window.
    pub(crate) fn is_repeat(&self, key: &RepeatKey, now: RunTime) -> bool {
        let is_young = |taken: &RunTime| now.since(*taken) <= self.limits.repeat_window;
        let mut repeats = self.repeats.iter();
        repeats.any(|(taken, known)| known == key && is_young(taken))
    }

    pub(crate) fn remember_repeat(&mut self, key: &RepeatKey, taken: RunTime) {
        let window = self.limits.repeat_window;
        self.repeats
            .retain(|(known, _)| taken.since(*known) <= window);
        self.repeats.push((taken, key.clone()));
        while self.repeats.len() > self.limits.repeats {
            self.repeats.remove(0);
            self.repeats_forgotten += 1;
        }
    }

    /// Whether a client may be forgotten. Whoever has a lease is not silent.
    pub(crate) fn is_silent(&self, client: &ClientName, now: RunTime) -> bool {
        self.recipients.get(client).is_some_and(|recipient| {
            let leased = recipient.leases.values().max().copied();
            let since = leased.unwrap_or_default().max(recipient.heard);
            now.since(since) > self.limits.client_silence
        })
    }

    /// Bytes of everything that is not settled.
    pub(crate) fn inbox_bytes(&self) -> usize {
        self.recipients.values().map(Recipient::bytes).sum()
    }

    fn log(&mut self, logged: &Logged, waiting: impl Fn(&ClientName) -> usize) -> Vec<ClientName> {
        let message = &logged.message;
        if let Some(id) = &logged.repeat_id {
            let key = RepeatKey {
                topic: message.topic.clone(),
                from: message.from.clone(),
                id: id.clone(),
            };
            self.remember_repeat(&key, message.taken);
        }
        self.book.log(Arc::clone(message));
        self.deliver(message, waiting)
    }

    /// Holds the bound of all queues. Where more than one outcome is right, it
    /// is the one that really came about.
    fn drop_beyond(&mut self, waiting: impl Fn(&ClientName) -> usize) {
        let mut outcomes = shortened(self.recipients.clone(), self.limits.queues_bytes);
        let is_real = |(recipients, _): &(Recipients, u64)| {
            let mut recipients = recipients.iter();
            recipients.all(|(client, recipient)| recipient.waiting().count() == waiting(client))
        };
        let real = outcomes.iter().position(is_real).unwrap_or_default();
        let (recipients, dropped) = outcomes.swap_remove(real);
        self.recipients = recipients;
        self.dropped += dropped;
    }
}

/// What may come of it, with the number of messages dropped, when the oldest
/// message of the longest queue is dropped until all queues together are within
/// a bound. Of queues that are equally long it may be any.
fn shortened(recipients: Recipients, bound: usize) -> Vec<(Recipients, u64)> {
    let bytes: usize = recipients.values().map(Recipient::bytes).sum();
    let most = recipients.values().map(Recipient::waiting_bytes).max();
    if bytes <= bound || most == Some(0) {
        return vec![(recipients, 0)];
    }
    let mut outcomes = Vec::new();
    for (client, recipient) in &recipients {
        if Some(recipient.waiting_bytes()) == most {
            let mut fewer = recipients.clone();
            fewer.get_mut(client).unwrap().drop_oldest();
            let further = shortened(fewer, bound).into_iter();
            outcomes.extend(further.map(|(fewer, dropped)| (fewer, dropped + 1)));
        }
    }
    outcomes
}
