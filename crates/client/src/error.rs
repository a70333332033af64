//! What can go wrong between a client and its broker.

use std::time::Duration;

use thiserror::Error;

/// Why a call was not carried out, or is not known to have been.
///
/// `asked` says what was asked for and `broker` of whom. The texts are for
/// people; programs branch on the kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address of the broker is not one.
    #[error(
        "'{given}' is no address of a broker: {reason}; \
         expected is http://host:port, such as http://127.0.0.1:33334"
    )]
    Address {
        /// What was given.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection: nothing was sent.
    #[error("cannot {asked}: no connection to {broker}: {reason}")]
    Unreachable {
        /// What was asked for.
        asked: String,
        /// Of whom.
        broker: String,
        /// What the system says.
        reason: String,
    },
    /// The connection broke before the whole answer was there. The broker may
    /// have carried out the call.
    #[error("cannot {asked}: the connection to {broker} broke before the answer: {reason}")]
    Broken {
        /// What was asked for.
        asked: String,
        /// Of whom.
        broker: String,
        /// What is known of it.
        reason: String,
    },
    /// No whole answer in time. The broker may have carried out the call.
    #[error("cannot {asked}: no answer from {broker} within {} s", .limit.as_secs_f64())]
    TimedOut {
        /// What was asked for.
        asked: String,
        /// Of whom.
        broker: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The broker does not carry it out.
    #[error("cannot {asked}: {broker} refused it with status {status}: {text}")]
    Refused {
        /// What was asked for.
        asked: String,
        /// Of whom.
        broker: String,
        /// The HTTP status.
        status: u16,
        /// What the broker says, at most [`crate::REFUSAL_BYTES`] of it.
        text: String,
    },
    /// The answer is not one a broker gives to this call.
    #[error("cannot {asked}: the reply of {broker} is not understood: {reason}")]
    Reply {
        /// What was asked for.
        asked: String,
        /// Of whom.
        broker: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer is longer than allowed. The broker may hand over fewer
    /// messages at a time: see [`crate::Pickup::max`].
    #[error(
        "cannot {asked}: the reply of {broker} has more than {limit} bytes; \
         at most {limit} are read"
    )]
    ReplyTooLong {
        /// What was asked for.
        asked: String,
        /// Of whom.
        broker: String,
        /// Bytes that are allowed.
        limit: usize,
    },
}

impl ClientError {
    /// Whether the same call may succeed later: the broker is away, busy or
    /// full. Otherwise something must change first.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken { .. } | Self::TimedOut { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Self::Address { .. } | Self::Reply { .. } | Self::ReplyTooLong { .. } => false,
        }
    }
}
