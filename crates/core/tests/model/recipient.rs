//! A client as the model has it: one list of what it has not settled.

use std::collections::BTreeMap;

use moustique_core::{Filter, LeaseToken, LetGo, Limits, MessageId, RunTime, Settled};

use crate::unsettled::{Place, Unsettled};

/// A client and its messages, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    pub(crate) heard: RunTime,
    pub(crate) messages: Vec<Unsettled>,
    pub(crate) leases: BTreeMap<LeaseToken, RunTime>,
    /// The reply that is on its way.
    pub(crate) reply: Option<u64>,
    /// Messages dropped that it was not told of.
    pub(crate) untold: u64,
    /// Messages that it got and that are settled.
    pub(crate) settled: Vec<MessageId>,
    /// What was settled when the broker started.
    pub(crate) before: Settled,
    last_let_go: Option<LeaseToken>,
}

impl Recipient {
    pub(crate) fn new(before: Settled, heard: RunTime) -> Self {
        Self {
            heard,
            messages: Vec::new(),
            leases: BTreeMap::new(),
            reply: None,
            untold: 0,
            settled: Vec::new(),
            before,
            last_let_go: None,
        }
    }

    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Unsettled> {
        let messages = self.messages.iter();
        messages.filter(|unsettled| unsettled.place == Place::Waiting)
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting().map(|waiting| waiting.message.bytes()).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        let messages = self.messages.iter();
        messages.map(|unsettled| unsettled.message.bytes()).sum()
    }

    /// Drops the oldest messages that wait until the bounds hold, and returns
    /// how many.
    pub(crate) fn drop_beyond(&mut self, limits: &Limits) -> u64 {
        let mut dropped = 0;
        while (self.messages.len() > limits.queue_messages || self.bytes() > limits.queue_bytes)
            && self.drop_oldest()
        {
            dropped += 1;
        }
        dropped
    }

    pub(crate) fn drop_oldest(&mut self) -> bool {
        let mut messages = self.messages.iter();
        let oldest = messages.position(|unsettled| unsettled.place == Place::Waiting);
        if let Some(oldest) = oldest {
            self.messages.remove(oldest);
            self.untold += 1;
        }
        oldest.is_some()
    }

    /// What a pickup gets, oldest first.
    pub(crate) fn take(&mut self, number: u64, max: usize, limits: &Limits) -> Vec<Unsettled> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        for unsettled in &mut self.messages {
            if unsettled.place != Place::Waiting {
                continue;
            }
            bytes += unsettled.message.bytes() * unsettled.filters.len();
            let is_full = taken.len() >= max.min(limits.pickup_messages);
            if is_full || (bytes > limits.pickup_bytes && !taken.is_empty()) {
                break;
            }
            unsettled.place = Place::InFlight;
            taken.push(unsettled.clone());
        }
        let is_reply = !taken.is_empty() || self.untold > 0;
        self.reply = is_reply.then_some(number);
        self.untold = 0;
        taken
    }

    /// The reply has gone out: what is in it is settled, or leased.
    pub(crate) fn arrived(&mut self, lease: Option<(LeaseToken, RunTime)>) {
        self.reply = None;
        match lease {
            Some((token, until)) => {
                self.leases.insert(token, until);
                self.put(Place::InFlight, Place::Leased(token));
            }
            None => self.settle(Place::InFlight),
        }
    }

    /// The reply has not gone out: what is in it waits again.
    pub(crate) fn give_back(&mut self, dropped: u64) {
        self.reply = None;
        self.untold += dropped;
        self.put(Place::InFlight, Place::Waiting);
        self.forget_what_nobody_wants();
    }

    pub(crate) fn let_go(&mut self, token: LeaseToken) -> LetGo {
        if self.leases.remove(&token).is_some() {
            self.settle(Place::Leased(token));
            self.last_let_go = Some(token);
            LetGo::Done
        } else if self.last_let_go == Some(token) {
            LetGo::Before
        } else {
            LetGo::Unknown
        }
    }

    /// Has what was leased until now wait again, and returns how many messages
    /// that is.
    pub(crate) fn end_leases(&mut self, now: RunTime) -> u64 {
        let before = self.waiting().count();
        let leases = self.leases.clone();
        for (token, _) in leases.into_iter().filter(|(_, until)| *until <= now) {
            self.leases.remove(&token);
            for unsettled in &mut self.messages {
                unsettled.redelivered += u32::from(unsettled.place == Place::Leased(token));
            }
            self.put(Place::Leased(token), Place::Waiting);
        }
        self.forget_what_nobody_wants();
        let again = self.waiting().count() - before;
        again as u64
    }

    pub(crate) fn forget_filter(&mut self, filter: &Filter) {
        for unsettled in &mut self.messages {
            unsettled.filters.remove(filter);
        }
        self.forget_what_nobody_wants();
    }

    fn put(&mut self, from: Place, to: Place) {
        for unsettled in &mut self.messages {
            if unsettled.place == from {
                unsettled.place = to;
            }
        }
    }

    fn settle(&mut self, place: Place) {
        let messages = self.messages.iter();
        let settled = messages.filter(|unsettled| unsettled.place == place);
        self.settled
            .extend(settled.map(|unsettled| unsettled.message.id));
        self.messages.retain(|unsettled| unsettled.place != place);
    }

    fn forget_what_nobody_wants(&mut self) {
        self.messages
            .retain(|unsettled| unsettled.place != Place::Waiting || !unsettled.filters.is_empty());
    }
}
