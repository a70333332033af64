//! Every bound of a connection and of a request, named once, with its unit.

use std::time::Duration;

/// What a connection and a request may take. Each hit is counted in the
/// broker's statistics, under the [`moustique_broker::Bound`] that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections open at a time. More: closed at once (`Connections`).
    pub connections: usize,
    /// Connections of one peer address open at a time. More: closed at once
    /// (`PeerConnections`).
    pub peer_connections: usize,
    /// Requests of one peer address in a second; as many may come at once after
    /// a second without any. More: 429 (`Rate`).
    pub requests_per_second: usize,
    /// Time from the opening of a connection to the end of its first request's
    /// head, and from the first byte of a later head to its end. Longer: closed
    /// (`FirstRequest`).
    pub first_request: Duration,
    /// Time from an answer to the first byte of the next request. Longer:
    /// closed (`Idle`). A parked pickup is not idle, nor is a reader that has
    /// yet to read the answer.
    pub idle: Duration,
    /// Time in which a peer takes nothing of a reply that is being written.
    /// Longer: closed (`Reader`).
    pub reader: Duration,
    /// Bytes of the head of a request, at least [`Self::MIN_HEAD_BYTES`]. More:
    /// 431 (`Head`).
    pub head_bytes: usize,
    /// Headers of a request. More: 431 (`Head`).
    pub headers: usize,
    /// Bytes of a body. More: 413 (`Body`). One that is compressed is refused
    /// whatever its length: 415 (`ContentEncoding`).
    pub body_bytes: usize,
    /// Time for the body. Longer: 408 (`BodyTime`).
    pub body: Duration,
    /// Messages in one request of the plain API. More: 413 (`Batch`).
    pub batch_messages: usize,
    /// Streams open at a time, WebSockets among them. More: 503 (`Streams`).
    pub streams: usize,
}

impl HttpLimits {
    /// Bytes that hyper takes in at once. It refuses to hold less.
    pub const MIN_HEAD_BYTES: usize = 8 * 1024;
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 1_000,
            peer_connections: 256,
            requests_per_second: 20_000,
            first_request: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            reader: Duration::from_secs(10),
            head_bytes: 16 * 1024,
            headers: 64,
            body_bytes: 1024 * 1024,
            body: Duration::from_secs(10),
            batch_messages: 1_000,
            streams: 256,
        }
    }
}
