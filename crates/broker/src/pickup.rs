//! Handing messages to a client.

use std::net::IpAddr;
use std::time::Duration;

use moustique_core::{Delivery, Handover};

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
        let handover = Some(handover).filter(|handover| !handover.deliveries.is_empty());
        Self { broker, handover }
    }

    /// The messages, oldest first; none when the time was over.
    #[must_use]
    pub fn deliveries(&self) -> &[Delivery] {
        match &self.handover {
            Some(handover) => &handover.deliveries,
            None => &[],
        }
    }

    /// Says that the messages have gone out.
    pub fn arrived(mut self) {
        if let Some(handover) = self.handover.take() {
            self.broker.handover_arrived(&handover);
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
