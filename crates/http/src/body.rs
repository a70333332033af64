//! Bodies, in and out.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
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

/// The body of a reply.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    /// All of it.
    Whole(Option<Bytes>),
    /// Messages for a client: they return to its queue if this is dropped
    /// before it was taken.
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

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Pickup(parts) => Poll::Ready(parts.take().map(|(bytes, pickup)| {
                pickup.arrived();
                Ok(Frame::data(bytes))
            })),
            Self::Routed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Pickup(parts) => parts.is_none(),
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let whole = |bytes: Option<&Bytes>| {
            SizeHint::with_exact(bytes.map_or(0, |bytes| bytes.len() as u64))
        };
        match self {
            Self::Whole(bytes) => whole(bytes.as_ref()),
            Self::Pickup(parts) => whole(parts.as_ref().map(|(bytes, _)| bytes)),
            Self::Routed(body) => body.size_hint(),
        }
    }
}

impl From<Infallible> for BodyError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
