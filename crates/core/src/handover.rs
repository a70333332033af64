//! Messages on their way to a client, and back when they do not arrive.

use std::net::IpAddr;
use std::time::Duration;

use crate::clock::{Now, RunTime};
use crate::inbox::{LetGo, Taken};
use crate::lease::LeaseToken;
use crate::name::ClientName;
use crate::queue::Delivery;
use crate::state::{ClientKey, State};

/// What a pickup asks for.
#[derive(Clone, Copy, Debug)]
pub struct Take {
    /// How many messages at most.
    pub max: usize,
    /// How long the client may keep them without letting go of them; `None`
    /// when they are settled as soon as they have gone out.
    pub lease: Option<Duration>,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// What a pickup gets.
#[derive(Debug)]
pub enum Picked {
    /// A reply to the same client is on its way: this one has to wait for it.
    Busy,
    /// What waits, which may be nothing.
    Messages(Handover),
}

/// Messages on their way to a client: in the end either [`State::arrived`] or
/// [`State::give_back`] is called with them.
#[derive(Debug)]
pub struct Handover {
    /// Who gets them.
    pub client: ClientName,
    /// The messages, oldest first.
    pub deliveries: Vec<Delivery>,
    /// How many messages were dropped from the full queue since the client was
    /// told last.
    pub dropped: u64,
    /// The name of the lease and how long it lasts once the messages have gone
    /// out.
    pub lease: Option<(LeaseToken, Duration)>,
    number: u64,
}

impl Handover {
    /// Whether there is nothing to hand over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.dropped == 0
    }
}

impl State {
    /// Hands over what waits for the client, and notes that it was heard of.
    /// `None` when the client is not known.
    ///
    /// The log does not learn of it before the messages are settled: a broker
    /// that dies in between delivers them again after its start.
    pub fn take(&mut self, client: &str, take: Take, now: Now) -> Option<Picked> {
        let key = self.hear(client, take.address, now)?;
        self.end_leases(key, now.run);
        let client = self.clients.get_mut(key.0)?;
        client.picked_up = Some(now.time);
        if client.inbox.is_busy() {
            return Some(Picked::Busy);
        }
        self.handovers += 1;
        let number = self.handovers;
        let Taken {
            deliveries,
            dropped,
        } = client.inbox.take(number, take.max, &self.limits);
        let lease = take.lease.filter(|_| !deliveries.is_empty());
        Some(Picked::Messages(Handover {
            client: client.name.clone(),
            dropped,
            lease: lease.map(|lease| (self.lease_tokens.next(), lease)),
            deliveries,
            number,
        }))
    }

    /// Notes that the messages have gone out: they are settled, which the log
    /// learns with the next batch (see [`crate::Plan::new`]), or under their
    /// lease from now on.
    ///
    /// Returns whose next pickup may go on now.
    pub fn arrived(&mut self, mut handover: Handover, now: RunTime) -> Option<ClientKey> {
        self.client(handover.client.as_str())?
            .strip(&mut handover.deliveries);
        let lease = handover.lease.map(|(token, lasts)| (token, now + lasts));
        self.with_inbox(&handover.client, |inbox, _| {
            inbox.arrived(handover.number, handover.deliveries, lease);
            0
        })
    }

    /// Puts messages that did not go out back at the head of the queue.
    ///
    /// Returns whose next pickup may go on now.
    pub fn give_back(&mut self, mut handover: Handover) -> Option<ClientKey> {
        self.client(handover.client.as_str())?
            .strip(&mut handover.deliveries);
        let taken = Taken {
            deliveries: handover.deliveries,
            dropped: handover.dropped,
        };
        self.with_inbox(&handover.client, |inbox, limits| {
            inbox.give_back(handover.number, taken, limits)
        })
    }

    /// Lets go of the messages under a lease of the client: they are settled.
    /// `None` when the client is not known.
    pub fn let_go(&mut self, client: &str, token: LeaseToken, now: RunTime) -> Option<LetGo> {
        let key = self.key(client)?;
        self.end_leases(key, now);
        let name = self.clients.get(key.0)?.name.clone();
        let mut outcome = LetGo::Unknown;
        self.with_inbox(&name, |inbox, _| {
            outcome = inbox.let_go(token);
            0
        });
        Some(outcome)
    }

    /// When the next lease of the client ends, and its messages come again.
    #[must_use]
    pub fn next_lease_end(&self, client: &str) -> Option<RunTime> {
        self.client(client)?.inbox.next_lease_end()
    }

    fn end_leases(&mut self, key: ClientKey, now: RunTime) {
        let Some(client) = self.clients.get_mut(key.0) else {
            return;
        };
        if client.inbox.next_lease_end().is_none_or(|end| end > now) {
            return;
        }
        let name = client.name.clone();
        let mut again = 0;
        self.with_inbox(&name, |inbox, limits| {
            let ended = inbox.end_leases(now, limits);
            again = ended.again;
            ended.dropped
        });
        self.redelivered += again;
    }
}
