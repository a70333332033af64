//! What a plan must answer to each order of a batch.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use moustique_core::{
    ClientName, Command, Draft, Filter, MessageKind, Now, Outcome, Rejection, RepeatKey, Topic,
};
use proptest::prelude::*;

use crate::Checked;
use crate::book::Book;
use crate::model::Model;

/// A batch, order by order, on a copy of the book.
pub(crate) struct Rehearsal<'m> {
    before: &'m Model,
    now: Now,
    /// The book as it will be when the batch is applied.
    pub(crate) book: Book,
    repeats: HashSet<RepeatKey>,
    forgotten: BTreeSet<ClientName>,
    /// Topics that the batch gives a value or takes it from.
    touched: BTreeSet<Topic>,
    /// The filters of each client that the batch adds or ends.
    more_filters: BTreeMap<ClientName, isize>,
}

impl<'m> Rehearsal<'m> {
    pub(crate) fn new(before: &'m Model, now: Now) -> Self {
        Self {
            before,
            now,
            book: before.book.clone(),
            repeats: HashSet::new(),
            forgotten: BTreeSet::new(),
            touched: BTreeSet::new(),
            more_filters: BTreeMap::new(),
        }
    }

    /// Checks the answer to an order, and carries the order out if it was
    /// accepted.
    pub(crate) fn check(
        &mut self,
        command: &Command,
        given: &Result<Outcome, Rejection>,
    ) -> Checked {
        let expected = self.expected(command);
        let is_value_refused = matches!(
            given,
            Err(Rejection::TooManyTopics { .. } | Rejection::ValuesTooLarge { .. })
        );
        // What a batch frees counts when the batch is done, not before. So it
        // may be refused what would fit order by order; never the reverse.
        if is_value_refused && !self.touched.is_empty() {
            prop_assert!(matches!(expected, Ok(Outcome::Logged(_)) | Err(_)));
            return Ok(());
        }
        prop_assert_eq!(given, &expected, "{:?}", command);
        if matches!(given, Ok(Outcome::Logged(_) | Outcome::Changed)) {
            self.carry_out(command);
        }
        Ok(())
    }

    fn expected(&self, command: &Command) -> Result<Outcome, Rejection> {
        match command {
            Command::Publish(draft) => self.publish(draft),
            Command::Subscribe { client, filter, .. } => self.subscribe(client, filter),
            Command::Unsubscribe { client, filter } => {
                let is_subscribed = self.book.is_subscribed(client, filter);
                Ok(changed_if(is_subscribed))
            }
            Command::ForgetSilent { client } => {
                let is_known = !self.forgotten.contains(client);
                Ok(changed_if(
                    is_known && self.before.is_silent(client, self.now.run),
                ))
            }
        }
    }

    fn publish(&self, draft: &Draft) -> Result<Outcome, Rejection> {
        let before = self.book.values.get(draft.topic.as_str());
        // A batch does not see its own tombstones: one too many does no harm.
        let is_there = before.is_some() || self.touched.contains(&draft.topic);
        if draft.kind == MessageKind::Deleted && !is_there {
            return Ok(Outcome::Unchanged);
        }
        if let Some(key) = repeat_key(draft)
            && (self.repeats.contains(&key) || self.before.is_repeat(&key, self.now.run))
        {
            return Ok(Outcome::Repeated);
        }
        let message = self.book.message(draft, self.now);
        let limits = &self.before.limits;
        if draft.kind.is_value() {
            if before.is_none() && self.book.values.len() >= limits.topics {
                return Err(Rejection::TooManyTopics {
                    topic: draft.topic.clone(),
                    limit: limits.topics,
                });
            }
            let old = before.map_or(0, |before| before.bytes());
            let bytes = self.book.bytes() + message.bytes() - old;
            if message.bytes() > old && bytes > limits.values_bytes {
                return Err(Rejection::ValuesTooLarge {
                    bytes,
                    limit: limits.values_bytes,
                });
            }
        }
        Ok(Outcome::Logged(message.id))
    }

    fn subscribe(&self, client: &ClientName, filter: &Filter) -> Result<Outcome, Rejection> {
        if self.book.is_subscribed(client, filter) {
            return Ok(Outcome::Unchanged);
        }
        let limits = &self.before.limits;
        let own = self.book.filters_of(client);
        if own.is_none() && self.book.subscriptions.len() >= limits.clients {
            return Err(Rejection::TooManyClients {
                client: client.clone(),
                limit: limits.clients,
            });
        }
        if own.map_or(0, |own| own.len()) >= limits.filters_per_client {
            return Err(Rejection::TooManyFiltersOfClient {
                client: client.clone(),
                limit: limits.filters_per_client,
            });
        }
        let all = self.book.subscription_count();
        if all >= limits.filters {
            return Err(Rejection::TooManyFilters {
                limit: limits.filters,
            });
        }
        Ok(Outcome::Changed)
    }

    fn carry_out(&mut self, command: &Command) {
        match command {
            Command::Publish(draft) => {
                if draft.kind != MessageKind::Notified {
                    self.touched.insert(draft.topic.clone());
                }
                self.repeats.extend(repeat_key(draft));
                let message = self.book.message(draft, self.now);
                self.book.log(Arc::new(message));
            }
            Command::Subscribe { client, filter, .. } => {
                *self.more_filters.entry(client.clone()).or_default() += 1;
                self.book.subscribe(client, filter);
            }
            Command::Unsubscribe { client, filter } => {
                *self.more_filters.entry(client.clone()).or_default() -= 1;
                self.book.unsubscribe(client, filter);
            }
            Command::ForgetSilent { client } => {
                self.more_filters.remove(client);
                self.forgotten.insert(client.clone());
                self.book.subscriptions.remove(client);
            }
        }
    }
}

fn changed_if(is_changed: bool) -> Outcome {
    if is_changed {
        Outcome::Changed
    } else {
        Outcome::Unchanged
    }
}

fn repeat_key(draft: &Draft) -> Option<RepeatKey> {
    draft.repeat_id.clone().map(|id| RepeatKey {
        topic: draft.topic.clone(),
        from: draft.from.clone(),
        id,
    })
}
