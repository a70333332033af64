//! Every bound of a connection and of a request, named once, with its unit.

use std::time::Duration;

/// What a connection may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections open at a time. More: closed at once and counted.
    pub connections: usize,
    /// Time from the opening of a connection to the end of its first request's
    /// head. Longer: closed.
    pub first_request: Duration,
    /// Time from an answer to the end of the next request's head. Longer:
    /// closed. A parked pickup is not idle.
    pub idle: Duration,
    /// Bytes of the headers of a request. More: 431.
    pub head_bytes: usize,
    /// Headers of a request. More: 431.
    pub headers: usize,
    /// Bytes of a body. More: 413.
    pub body_bytes: usize,
    /// Time for the body. Longer: 408.
    pub body: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 1_000,
            first_request: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            head_bytes: 16 * 1024,
            headers: 64,
            body_bytes: 1024 * 1024,
            body: Duration::from_secs(10),
        }
    }
}
