//! Counters that are kept beside the lock.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use moustique_core::{State, Timestamp};
use moustique_store::{CommitError, Space};

use crate::bound::{Bound, HitCounters, Hits};
use crate::latency::{Latency, LatencyCounters};
use crate::rates::Rates;

/// What is counted while the broker runs. Every counter only grows, but for
/// the gauges of what is open now.
#[derive(Debug)]
pub struct Counters {
    started: Instant,
    started_at: Timestamp,
    flows: [AtomicU64; Flow::ALL.len()],
    /// As the last sample found them.
    rates: [[AtomicU64; 2]; Flow::ALL.len()],
    requests_timed: AtomicU64,
    request_nanos: AtomicU64,
    connections: AtomicUsize,
    streams: AtomicUsize,
    /// From the taking of an order to its answer.
    pub(crate) publish_latency: LatencyCounters,
    /// From the taking of a message to its arrival at somebody who waits for it.
    pub(crate) delivery_latency: LatencyCounters,
    bounds: HitCounters,
    store: AtomicU8,
}

/// Something that happens again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// A message was stored.
    Messages,
    /// A request was answered, whatever with.
    Requests,
    /// A client asked for what waits.
    Pickups,
    /// Values were asked for.
    ValueReads,
}

impl Flow {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [
        Self::Messages,
        Self::Requests,
        Self::Pickups,
        Self::ValueReads,
    ];
}

/// How often each thing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flows {
    flows: [Rate; Flow::ALL.len()],
}

/// How often one thing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Times since the start.
    pub total: u64,
    /// Times a second, over the last second.
    pub per_second: f64,
    /// Times a second, over the last minute.
    pub per_second_of_minute: f64,
}

impl Flows {
    /// How often that happened.
    #[must_use]
    pub fn of(&self, flow: Flow) -> Rate {
        self.flows.get(flow as usize).copied().unwrap_or_default()
    }
}

/// How the last write to the disk went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreState {
    /// What was ordered is stored.
    #[default]
    Sound,
    /// The disk is full.
    Full,
    /// The disk reported another fault.
    Failing,
    /// The database is damaged.
    Damaged,
}

impl StoreState {
    const ALL: [Self; 4] = [Self::Sound, Self::Full, Self::Failing, Self::Damaged];

    pub(crate) fn after<T>(stored: &Result<T, CommitError>) -> Self {
        match stored {
            Ok(_) => Self::Sound,
            Err(CommitError::Full) => Self::Full,
            Err(CommitError::Damaged(_)) => Self::Damaged,
            Err(CommitError::Failed(_)) => Self::Failing,
        }
    }

    /// A word that names it in statistics and never changes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Full => "full",
            Self::Failing => "failing",
            Self::Damaged => "damaged",
        }
    }
}

/// How busy the broker is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Time since the start.
    pub uptime: Duration,
    /// When it started, by the wall clock.
    pub started_at: Timestamp,
    /// Messages stored since the start.
    pub messages: u64,
    /// Requests answered since the start.
    pub requests: u64,
    /// Messages a second, over the last second.
    pub messages_per_second: f64,
    /// Requests a second, over the last second.
    pub requests_per_second: f64,
    /// The same and more, each over the last second and the last minute.
    pub flows: Flows,
    /// What a request takes, from when it was understood to its answer, on
    /// average since the start.
    pub average_request: Duration,
    /// What the broker holds.
    pub contents: Contents,
    /// Orders that wait for the sequencer.
    pub queued_orders: usize,
    /// How the last write to the disk went.
    pub store: StoreState,
    /// What the database takes.
    pub space: Space,
    /// Connections that are open.
    pub connections: usize,
    /// Streams that are open.
    pub streams: usize,
    /// How often peers ran into each bound since the start.
    pub bounds: Hits,
    /// How long orders took from their acceptance to their answer.
    pub publish_latency: Latency,
    /// How long messages took from when the broker took them until they were
    /// handed over, to the millisecond.
    pub delivery_latency: Latency,
}

/// What the broker holds, and what it had to let go of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Topics that have a value.
    pub topics: usize,
    /// Bytes of all values.
    pub values_bytes: usize,
    /// Clients that are known.
    pub clients: usize,
    /// Filters of all clients together.
    pub filters: usize,
    /// Bytes that clients have still to get or to let go of.
    pub queues_bytes: usize,
    /// Messages dropped from full queues since the start.
    pub dropped: u64,
    /// Messages that came again because their lease ended, since the start.
    pub redelivered: u64,
    /// Repeatable publishes forgotten before their time because there were too
    /// many, since the start.
    pub repeats_forgotten: u64,
}

impl Contents {
    pub(crate) fn of(state: &State) -> Self {
        Self {
            topics: state.values().len(),
            values_bytes: state.values().bytes(),
            clients: state.client_count(),
            filters: state.subscription_count(),
            queues_bytes: state.inbox_bytes(),
            dropped: state.dropped(),
            redelivered: state.redelivered(),
            repeats_forgotten: state.repeats_forgotten(),
        }
    }
}

impl Counters {
    pub(crate) fn new(started_at: Timestamp) -> Self {
        Self {
            started: Instant::now(),
            started_at,
            flows: Default::default(),
            rates: Default::default(),
            requests_timed: AtomicU64::new(0),
            request_nanos: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            publish_latency: LatencyCounters::default(),
            delivery_latency: LatencyCounters::default(),
            bounds: HitCounters::default(),
            store: AtomicU8::new(StoreState::Sound as u8),
        }
    }

    /// A request was answered.
    pub fn request_answered(&self) {
        self.count(Flow::Requests, 1);
    }

    /// A request of that kind was understood.
    pub fn request_understood(&self, flow: Flow) {
        self.count(flow, 1);
    }

    /// What the broker needed for a request that did not ask it to wait.
    pub fn request_took(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.requests_timed.fetch_add(1, Ordering::Relaxed);
        self.request_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// A connection was opened.
    pub fn connection_opened(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection was closed.
    pub fn connection_closed(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// A stream was opened, unless there are `limit` already: then it is not.
    #[must_use]
    pub fn stream_opened(&self, limit: usize) -> bool {
        let open = |streams: usize| (streams < limit).then_some(streams + 1);
        self.streams
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, open)
            .is_ok()
    }

    /// A stream was closed.
    pub fn stream_closed(&self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }

    /// A peer was refused or cut at a bound.
    pub fn bound_hit(&self, bound: Bound) {
        self.bounds.count(bound);
    }

    pub(crate) fn messages_stored(&self, count: u64) {
        self.count(Flow::Messages, count);
    }

    pub(crate) fn batch_ended(&self, store: StoreState) {
        self.store.store(store as u8, Ordering::Relaxed);
    }

    /// How often each thing happened so far.
    pub(crate) fn totals(&self) -> [u64; Flow::ALL.len()] {
        self.flows
            .each_ref()
            .map(|flow| flow.load(Ordering::Relaxed))
    }

    /// Notes what a sample found.
    pub(crate) fn set_rates(&self, rates: &Rates) {
        for (slots, rate) in self.rates.iter().zip(rates) {
            for (slot, rate) in slots.iter().zip(rate) {
                slot.store(rate.to_bits(), Ordering::Relaxed);
            }
        }
    }

    fn count(&self, flow: Flow, times: u64) {
        if let Some(count) = self.flows.get(flow as usize) {
            count.fetch_add(times, Ordering::Relaxed);
        }
    }

    fn read_flows(&self) -> Flows {
        let totals = self.totals();
        let mut flows = Flows::default();
        for ((flow, total), rates) in flows.flows.iter_mut().zip(totals).zip(&self.rates) {
            let [second, minute] = rates
                .each_ref()
                .map(|rate| f64::from_bits(rate.load(Ordering::Relaxed)));
            *flow = Rate {
                total,
                per_second: second,
                per_second_of_minute: minute,
            };
        }
        flows
    }

    pub(crate) fn read(
        &self,
        contents: Contents,
        space: Space,
        queued_orders: usize,
    ) -> Statistics {
        let flows = self.read_flows();
        let (messages, requests) = (flows.of(Flow::Messages), flows.of(Flow::Requests));
        let timed = self.requests_timed.load(Ordering::Relaxed).max(1);
        let store = usize::from(self.store.load(Ordering::Relaxed));
        Statistics {
            uptime: self.started.elapsed(),
            started_at: self.started_at,
            messages: messages.total,
            requests: requests.total,
            messages_per_second: messages.per_second,
            requests_per_second: requests.per_second,
            flows,
            average_request: Duration::from_nanos(
                self.request_nanos.load(Ordering::Relaxed) / timed,
            ),
            contents,
            queued_orders,
            store: StoreState::ALL.get(store).copied().unwrap_or_default(),
            space,
            connections: self.connections.load(Ordering::Relaxed),
            streams: self.streams.load(Ordering::Relaxed),
            bounds: self.bounds.read(),
            publish_latency: self.publish_latency.read(),
            delivery_latency: self.delivery_latency.read(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flow_and_every_state_has_its_own_place() {
        let counters = Counters::new(Timestamp(5));
        for (number, flow) in Flow::ALL.into_iter().enumerate() {
            assert_eq!(flow as usize, number);
            counters.count(flow, number as u64);
        }
        let read = || counters.read(Contents::default(), Space::default(), 0);
        for (number, flow) in Flow::ALL.into_iter().enumerate() {
            assert_eq!(read().flows.of(flow).total, number as u64);
        }
        for state in StoreState::ALL {
            counters.batch_ended(state);
            assert_eq!(read().store, state);
        }
    }

    #[test]
    fn the_average_is_of_those_that_were_timed() {
        let counters = Counters::new(Timestamp(5));
        let read = || counters.read(Contents::default(), Space::default(), 0);
        assert_eq!(read().average_request, Duration::ZERO);
        for millis in [1, 2, 6] {
            counters.request_took(Duration::from_millis(millis));
        }
        assert_eq!(read().average_request, Duration::from_millis(3));
    }
}
