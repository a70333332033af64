//! Counters that are kept beside the lock.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use moustique_core::State;
use moustique_store::Space;

use crate::bound::{Bound, HitCounters, Hits};
use crate::latency::{Latency, LatencyCounters};

/// What is counted while the broker runs. Every counter only grows, but for
/// the gauges of what is open now.
#[derive(Debug)]
pub struct Counters {
    started: Instant,
    messages: AtomicU64,
    requests: AtomicU64,
    connections: AtomicUsize,
    streams: AtomicUsize,
    /// From the taking of an order to its answer.
    pub(crate) publish_latency: LatencyCounters,
    /// From the taking of a message to its arrival at somebody who waits for it.
    pub(crate) delivery_latency: LatencyCounters,
    bounds: HitCounters,
    messages_per_second: AtomicU64,
    requests_per_second: AtomicU64,
}

/// How busy the broker is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Time since the start.
    pub uptime: Duration,
    /// Messages stored since the start.
    pub messages: u64,
    /// Requests answered since the start.
    pub requests: u64,
    /// Messages a second, over the last second.
    pub messages_per_second: f64,
    /// Requests a second, over the last second.
    pub requests_per_second: f64,
    /// What the broker holds.
    pub contents: Contents,
    /// What the database takes.
    pub space: Space,
    /// Connections that are open.
    pub connections: usize,
    /// Streams that are open.
    pub streams: usize,
    /// Orders that wait for the sequencer.
    pub queued_orders: usize,
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
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            messages: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            publish_latency: LatencyCounters::default(),
            delivery_latency: LatencyCounters::default(),
            bounds: HitCounters::default(),
            messages_per_second: AtomicU64::new(0),
            requests_per_second: AtomicU64::new(0),
        }
    }

    /// A request was answered.
    pub fn request_answered(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
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
        self.messages.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn read(
        &self,
        contents: Contents,
        space: Space,
        queued_orders: usize,
    ) -> Statistics {
        Statistics {
            uptime: self.started.elapsed(),
            messages: self.messages.load(Ordering::Relaxed),
            requests: self.requests.load(Ordering::Relaxed),
            messages_per_second: f64::from_bits(self.messages_per_second.load(Ordering::Relaxed)),
            requests_per_second: f64::from_bits(self.requests_per_second.load(Ordering::Relaxed)),
            contents,
            space,
            connections: self.connections.load(Ordering::Relaxed),
            streams: self.streams.load(Ordering::Relaxed),
            queued_orders,
            bounds: self.bounds.read(),
            publish_latency: self.publish_latency.read(),
            delivery_latency: self.delivery_latency.read(),
        }
    }
}

/// Turns the counters into rates, once a second.
#[derive(Debug)]
pub(crate) struct Sampler {
    at: tokio::time::Instant,
    messages: u64,
    requests: u64,
}

impl Sampler {
    pub(crate) fn new(counters: &Counters) -> Self {
        Self {
            at: tokio::time::Instant::now(),
            messages: counters.messages.load(Ordering::Relaxed),
            requests: counters.requests.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn sample(&mut self, counters: &Counters) {
        let now = Self::new(counters);
        let seconds = now.at.duration_since(self.at).as_secs_f64();
        if seconds > 0.0 {
            let rate = |after: u64, before: u64| ((after - before) as f64 / seconds).to_bits();
            counters
                .messages_per_second
                .store(rate(now.messages, self.messages), Ordering::Relaxed);
            counters
                .requests_per_second
                .store(rate(now.requests, self.requests), Ordering::Relaxed);
        }
        *self = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_of_the_time_between_two_samples() {
        let counters = Counters::new();
        let mut sampler = Sampler::new(&counters);
        for _ in 0..30 {
            counters.request_answered();
        }
        counters.messages_stored(5);
        tokio::time::advance(Duration::from_secs(2)).await;
        sampler.sample(&counters);
        let statistics = counters.read(Contents::default(), Space::default(), 0);
        assert_eq!(statistics.requests_per_second, 15.0);
        assert_eq!(statistics.messages_per_second, 2.5);
        tokio::time::advance(Duration::from_secs(1)).await;
        sampler.sample(&counters);
        assert_eq!(
            counters
                .read(Contents::default(), Space::default(), 0)
                .requests_per_second,
            0.0
        );
    }
}
