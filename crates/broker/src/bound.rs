//! The bounds that peers run into, counted one by one.

use std::sync::atomic::{AtomicU64, Ordering};

/// A bound at which a peer is refused or cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Connections that are open: one more was closed at once.
    Connections,
    /// Connections of one peer: one more was closed at once.
    PeerConnections,
    /// Time for the head of a connection's first request, or of a later one from
    /// its first byte on: closed.
    FirstRequest,
    /// Time between two requests of a connection: closed.
    Idle,
    /// Time in which a reader takes nothing of a reply: closed.
    Reader,
    /// Requests of one peer in a second: 429.
    Rate,
    /// Headers of a request, or bytes of its head or target: 431, 414.
    Head,
    /// Bytes of a body: 413.
    Body,
    /// Time for a body: 408.
    BodyTime,
    /// Encodings of a body: none is taken, 415.
    ContentEncoding,
    /// Fields of a form, the length of their names, each once: 400.
    Form,
    /// What a topic, a filter or a name may be: 400.
    Name,
    /// Bytes of a message: 413.
    Message,
    /// Topics, clients, filters and bytes that are kept: 507.
    Memory,
    /// Streams that are open: one more is refused, 503.
    Streams,
    /// Messages of one request, filters of one stream: 413, 400.
    Batch,
    /// Length and size of a regular expression, and what a search may take: 400
    /// or 503.
    Regex,
    /// Tries to name the password: 429 or 503.
    Password,
}

impl Bound {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::Connections,
        Self::PeerConnections,
        Self::FirstRequest,
        Self::Idle,
        Self::Reader,
        Self::Rate,
        Self::Head,
        Self::Body,
        Self::BodyTime,
        Self::ContentEncoding,
        Self::Form,
        Self::Name,
        Self::Message,
        Self::Memory,
        Self::Streams,
        Self::Batch,
        Self::Regex,
        Self::Password,
    ];

    /// A word that names it in statistics and never changes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::PeerConnections => "peer_connections",
            Self::FirstRequest => "first_request",
            Self::Idle => "idle",
            Self::Reader => "reader",
            Self::Rate => "rate",
            Self::Head => "head",
            Self::Body => "body",
            Self::BodyTime => "body_time",
            Self::ContentEncoding => "content_encoding",
            Self::Form => "form",
            Self::Name => "name",
            Self::Message => "message",
            Self::Memory => "memory",
            Self::Streams => "streams",
            Self::Batch => "batch",
            Self::Regex => "regex",
            Self::Password => "password",
        }
    }
}

/// How often each bound was hit since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    counts: [u64; Bound::ALL.len()],
}

impl Hits {
    /// How often that bound was hit.
    #[must_use]
    pub fn of(&self, bound: Bound) -> u64 {
        self.counts.get(bound as usize).copied().unwrap_or_default()
    }

    /// Every bound with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Bound, u64)> {
        Bound::ALL.into_iter().zip(self.counts)
    }
}

/// The counters behind [`Hits`].
#[derive(Debug, Default)]
pub(crate) struct HitCounters {
    counts: [AtomicU64; Bound::ALL.len()],
}

impl HitCounters {
    pub(crate) fn count(&self, bound: Bound) {
        if let Some(count) = self.counts.get(bound as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> Hits {
        Hits {
            counts: self
                .counts
                .each_ref()
                .map(|count| count.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_bound_has_its_own_place_and_name() {
        let counters = HitCounters::default();
        for (number, bound) in Bound::ALL.into_iter().enumerate() {
            assert_eq!(bound as usize, number);
            for _ in 0..number {
                counters.count(bound);
            }
        }
        let hits = counters.read();
        for (number, (bound, count)) in hits.iter().enumerate() {
            assert_eq!(count, number as u64);
            assert_eq!(hits.of(bound), count);
        }
        let names: HashSet<_> = Bound::ALL.into_iter().map(Bound::name).collect();
        assert_eq!(names.len(), Bound::ALL.len());
    }
}
