//! Bodies, in and out.

use std::convert::Infallible;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use moustique_broker::Pickup;
use tokio::time;

use crate::limits::HttpLimits;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// More bytes than allowed.
    TooLong,
    /// It did not arrive in time.
    TooSlow,
    /// The connection broke.
    Broken,
}

/// Reads a whole body within its bounds.
pub(crate) async fn read<B>(body: B, limits: &HttpLimits) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // Refused before a byte of it is taken in.
    let announced = body.size_hint().lower();
    if usize::try_from(announced).map_or(true, |bytes| bytes > limits.body_bytes) {
        return Err(BodyError::TooLong);
    }
    let collected = Limited::new(body, limits.body_bytes).collect();
    match time::timeout(limits.body, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(BodyError::TooLong),
        Ok(Err(_)) => Err(BodyError::Broken),
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// What a reply carries; [`crate::sending::Sending`] hands it to hyper.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    /// All of it.
    Whole(Option<Bytes>),
    /// Messages for a client: they return to its queue if this is dropped, or
    /// the connection ends, before the bytes have gone out.
    Pickup(Option<(Bytes, Pickup)>),
    /// What the router made.
    Routed(axum::body::Body),
}

impl ReplyBody {
    pub(crate) fn empty() -> Self {
        Self::Whole(None)
    }

    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Some(bytes.into()).filter(|bytes| !bytes.is_empty()))
    }
}

impl From<Bytes> for ReplyBody {
    fn from(bytes: Bytes) -> Self {
        Self::whole(bytes)
    }
}

impl From<Infallible> for BodyError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
