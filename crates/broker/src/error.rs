//! Why an order was not carried out.

use moustique_core::Rejection;
use moustique_store::CommitError;
use thiserror::Error;

/// Why an order was not carried out. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// A bound is reached.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// No room is left on the disk that holds the data.
    #[error(
        "the disk that holds the data is full; nothing was stored: make room on it, and the broker \
         goes on by itself"
    )]
    DiskFull,
    /// The disk reports another fault.
    #[error("the data cannot be written ({0}); nothing was stored")]
    NotStored(String),
    /// The database is damaged. The next start sets it aside and brings over
    /// what can be read.
    #[error("the data is damaged ({0}); nothing was stored")]
    Damaged(String),
    /// The log cannot be read.
    #[error("{0}")]
    NotRead(String),
    /// Orders come faster than the disk takes them.
    #[error("the broker is busy: no order was taken for {seconds} s; try again later")]
    Busy {
        /// How long the order waited.
        seconds: u64,
    },
    /// The broker is about to stop, or has stopped.
    #[error("the broker is stopping; try again when it runs")]
    Stopping,
}

/// Why none of several messages was published.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{refused}")]
pub struct RefusedBatch {
    /// The message that was too much, counted from 0; `None` when it was not
    /// one of them.
    pub index: Option<usize>,
    /// The reason.
    pub refused: Refused,
}

impl From<Refused> for RefusedBatch {
    fn from(refused: Refused) -> Self {
        Self {
            index: None,
            refused,
        }
    }
}

impl From<CommitError> for Refused {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full => Self::DiskFull,
            CommitError::Damaged(fault) => Self::Damaged(fault),
            CommitError::Failed(fault) => Self::NotStored(fault),
        }
    }
}
