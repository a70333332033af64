//! Handing messages to a client.

use std::net::IpAddr;
use std::time::Duration;

use moustique_core::{Delivery, Handover, LeaseToken};

use crate::broker::Broker;

/// What a pickup asks for.
#[derive(Clone, Debug)]
pub struct PickupOrder<'a> {
    /// Whose messages.
    pub client: &'a str,
    /// How many at most.
    pub max: usize,
    /// How long to wait when nothing is there.
    pub wait: Duration,
    /// How long the client may keep the messages without letting go of them;
    /// `None` when they are settled as soon as they have gone out.
    pub lease: Option<Duration>,
    /// A lease of before to let go of. One that has ended is passed over: its
    /// messages come again.
    pub ack: Option<LeaseToken>,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// Messages on their way to a client.
///
/// Call [`Pickup::arrived`] when they have gone out. If this is dropped
/// before, because the connection broke, they return to the head of the queue.
#[derive(Debug)]
pub struct Pickup {
    broker: Broker,
    handover: Option<Handover>,
}

impl Pickup {
    pub(crate) fn new(broker: Broker, handover: Handover) -> Self {
        let handover = Some(handover).filter(|handover| !handover.is_empty());
        Self { broker, handover }
    }

    pub(crate) fn nothing(broker: Broker) -> Self {
        Self {
            broker,
            handover: None,
        }
    }

    /// The messages, oldest first; none when the time was over.
    #[must_use]
    pub fn deliveries(&self) -> &[Delivery] {
        match &self.handover {
            Some(handover) => &handover.deliveries,
            None => &[],
        }
    }

    /// How many messages were dropped from the client's full queue since it was
    /// told last.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.handover
            .as_ref()
            .map_or(0, |handover| handover.dropped)
    }

    /// The name of the lease that the messages are under, if they are.
    #[must_use]
    pub fn lease(&self) -> Option<LeaseToken> {
        let (token, _) = self.handover.as_ref()?.lease?;
        Some(token)
    }

    /// Says that the messages have gone out.
    pub fn arrived(mut self) {
        if let Some(handover) = self.handover.take() {
            self.broker.handover_arrived(handover);
        }
    }
}

impl Drop for Pickup {
    fn drop(&mut self) {
        if let Some(handover) = self.handover.take() {
            self.broker.handover_failed(handover);
        }
    }
}
