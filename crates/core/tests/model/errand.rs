//! What clients do with their messages.

use std::collections::BTreeSet;
use std::time::Duration;

use moustique_core::{ClientName, Handover, LeaseToken, LetGo, Picked, Take};
use proptest::prelude::*;

use crate::Checked;
use crate::operation::Errand;
use crate::unsettled::Unsettled;
use crate::words::ADDRESS;
use crate::world::World;

impl World {
    pub(crate) fn run_errand(&mut self, errand: Errand) -> Checked {
        match errand {
            Errand::Take { client, max, lease } => self.take(&client, max, lease),
            Errand::Arrived(index) => self.arrived(index),
            Errand::GiveBack(index) => self.give_back(index),
            Errand::LetGo { lease, client } => match self.leases.iter().nth_back(lease).cloned() {
                Some((owner, token)) => self.let_go(&client.unwrap_or(owner), token),
                None => Ok(()),
            },
        }
    }

    fn take(&mut self, client: &ClientName, max: usize, lease: Option<Duration>) -> Checked {
        let take = Take {
            max,
            lease,
            address: ADDRESS,
        };
        let picked = self.state.take(client.as_str(), take, self.now);
        self.end_leases(client);
        let Some(recipient) = self.model.recipients.get_mut(client) else {
            prop_assert!(picked.is_none());
            return Ok(());
        };
        recipient.heard = self.now.run;
        let handover = match picked.unwrap() {
            Picked::Busy => {
                prop_assert!(recipient.reply.is_some());
                return Ok(());
            }
            Picked::Messages(handover) => handover,
        };
        prop_assert_eq!(recipient.reply, None);
        prop_assert_eq!(handover.dropped, recipient.untold);
        self.last_number += 1;
        let taken = recipient.take(self.last_number, max, &self.model.limits);
        check_handover(&handover, &taken)?;
        prop_assert_eq!(&handover.client, client);
        let lease = lease.filter(|_| !taken.is_empty());
        prop_assert_eq!(handover.lease.map(|(_, lasts)| lasts), lease);
        if let Some((token, _)) = handover.lease {
            prop_assert!(self.leases.iter().all(|(_, known)| *known != token));
            self.leases.push((client.clone(), token));
        }
        self.replies.push((self.last_number, handover));
        Ok(())
    }

    fn arrived(&mut self, index: usize) -> Checked {
        let Some((number, handover)) = self.reply(index) else {
            return Ok(());
        };
        let client = handover.client.clone();
        let lease = handover.lease;
        let key = self.state.arrived(handover, self.now.run);
        prop_assert_eq!(key, self.state.key(client.as_str()));
        if let Some(recipient) = self.model.recipients.get_mut(&client)
            && recipient.reply == Some(number)
        {
            recipient.arrived(lease.map(|(token, lasts)| (token, self.now.run + lasts)));
        }
        Ok(())
    }

    fn give_back(&mut self, index: usize) -> Checked {
        let Some((number, handover)) = self.reply(index) else {
            return Ok(());
        };
        let (client, dropped) = (handover.client.clone(), handover.dropped);
        let key = self.state.give_back(handover);
        prop_assert_eq!(key, self.state.key(client.as_str()));
        if let Some(recipient) = self.model.recipients.get_mut(&client)
            && recipient.reply == Some(number)
        {
            recipient.give_back(dropped);
        }
        Ok(())
    }

    fn let_go(&mut self, client: &ClientName, token: LeaseToken) -> Checked {
        let outcome: Option<LetGo> = self.state.let_go(client.as_str(), token, self.now.run);
        self.end_leases(client);
        let recipient = self.model.recipients.get_mut(client);
        prop_assert_eq!(outcome, recipient.map(|recipient| recipient.let_go(token)));
        Ok(())
    }

    /// The leases of a client that end are looked at when it asks.
    fn end_leases(&mut self, client: &ClientName) {
        if let Some(recipient) = self.model.recipients.get_mut(client) {
            self.model.redelivered += recipient.end_leases(self.now.run);
        }
    }

    fn reply(&mut self, index: usize) -> Option<(u64, Handover)> {
        let index = index.checked_rem(self.replies.len())?;
        Some(self.replies.swap_remove(index))
    }
}

fn check_handover(handover: &Handover, taken: &[Unsettled]) -> Checked {
    prop_assert_eq!(handover.deliveries.len(), taken.len());
    for (delivery, unsettled) in handover.deliveries.iter().zip(taken) {
        prop_assert_eq!(&delivery.message, &unsettled.message);
        prop_assert_eq!(delivery.redelivered, unsettled.redelivered);
        prop_assert_eq!(delivery.filters.len(), unsettled.filters.len());
        let filters: BTreeSet<_> = delivery.filters.iter().cloned().collect();
        prop_assert_eq!(&filters, &unsettled.filters);
    }
    let is_empty = taken.is_empty() && handover.dropped == 0;
    prop_assert_eq!(handover.is_empty(), is_empty);
    Ok(())
}
