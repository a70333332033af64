//! Whatever can be seen of the state, against the model.

use std::collections::BTreeSet;

use moustique_core::{Client, ClientName};
use proptest::prelude::*;

use crate::Checked;
use crate::recipient::Recipient;
use crate::unsettled::Place;
use crate::words::retention;
use crate::world::World;

impl World {
    /// Looks at everything.
    pub(crate) fn compare(&self) -> Checked {
        let (state, model) = (&self.state, &self.model);
        prop_assert_eq!(state.last_id(), model.book.last_id);
        prop_assert_eq!(state.client_count(), model.recipients.len());
        prop_assert_eq!(state.subscription_count(), model.book.subscription_count());
        prop_assert_eq!(state.inbox_bytes(), model.inbox_bytes());
        prop_assert_eq!(state.dropped(), model.dropped);
        prop_assert_eq!(state.redelivered(), model.redelivered);
        prop_assert_eq!(state.repeats_forgotten(), model.repeats_forgotten);
        let messages = model.recipients.values().flat_map(|r| r.messages.first());
        let first = messages.map(|first| first.message.id).min();
        prop_assert_eq!(state.first_unsettled(), first);
        for (client, recipient) in &model.recipients {
            self.compare_client(client, recipient)?;
        }
        let silent: BTreeSet<&ClientName> = state.silent(self.now.run).map(|s| s.1).collect();
        let names = model.recipients.keys();
        let expected = names.filter(|name| model.is_silent(name, self.now.run));
        prop_assert!(silent.into_iter().eq(expected), "the silent");
        self.compare_values()?;
        self.compare_bounds()
    }

    fn compare_client(&self, name: &ClientName, recipient: &Recipient) -> Checked {
        let client: Option<&Client> = self.state.client(name.as_str());
        let Some(client) = client else {
            return Err(TestCaseError::fail(format!("{name:?} is not known")));
        };
        let waiting = recipient.waiting().count();
        prop_assert_eq!(client.waiting(), waiting, "{:?}", name);
        prop_assert_eq!(client.held(), recipient.messages.len() - waiting);
        let filters = self.model.book.filters_of(name).unwrap().keys();
        prop_assert!(client.filters().eq(filters), "filters of {:?}", name);
        let end = recipient.leases.values().min().copied();
        prop_assert_eq!(self.state.next_lease_end(name.as_str()), end);
        let messages = recipient.messages.iter();
        let is_in_flight = messages.clone().any(|u| u.place == Place::InFlight);
        prop_assert!(!is_in_flight || recipient.reply.is_some());
        prop_assert!(messages.is_sorted_by(|a, b| a.message.id < b.message.id));
        Ok(())
    }

    fn compare_values(&self) -> Checked {
        let (values, book) = (self.state.values(), &self.model.book);
        prop_assert!(values.iter().eq(book.values.values()), "{:?}", values);
        prop_assert_eq!(values.len(), book.values.len());
        prop_assert_eq!(values.is_empty(), book.values.is_empty());
        prop_assert_eq!(values.bytes(), book.bytes());
        let retention = retention();
        let aged = book.values.values().filter(|value| {
            let keep = retention.keep(retention.policy(&value.topic)).values;
            keep.is_some_and(|keep| self.now.run.since(value.taken) > keep)
        });
        prop_assert!(self.state.aged_values(self.now.run).eq(aged), "aged");
        Ok(())
    }

    fn compare_bounds(&self) -> Checked {
        let (state, limits) = (&self.state, self.state.limits());
        prop_assert!(state.values().len() <= limits.topics);
        prop_assert!(state.values().bytes() <= limits.values_bytes);
        prop_assert!(state.client_count() <= limits.clients);
        prop_assert!(state.subscription_count() <= limits.filters);
        for client in state.clients() {
            prop_assert!(client.filters().count() <= limits.filters_per_client);
            let messages = client.waiting() + client.held();
            prop_assert!(messages <= limits.queue_messages);
        }
        // Of all queues only what waits can be dropped.
        let waiting: usize = state.clients().map(Client::waiting).sum();
        prop_assert!(state.inbox_bytes() <= limits.queues_bytes || waiting == 0);
        Ok(())
    }
}
