//! A reply on its way out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::body::ReplyBody;
use crate::connection::Conversation;

/// The body of a reply, as hyper takes it.
#[derive(Debug)]
pub(crate) struct Sending {
    reply: ReplyBody,
    conversation: Arc<Conversation>,
}

impl Sending {
    pub(crate) fn new(reply: ReplyBody, conversation: Arc<Conversation>) -> Self {
        Self {
            reply,
            conversation,
        }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self {
            reply,
            conversation,
        } = &mut *self;
        let bytes = match reply {
            ReplyBody::Whole(bytes) => bytes.take(),
            ReplyBody::Pickup(parts) => parts.take().map(|(bytes, pickup)| {
                conversation.outbox.push(pickup);
                bytes
            }),
            ReplyBody::Routed(body) => return Pin::new(body).poll_frame(cx),
        };
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.reply {
            ReplyBody::Whole(bytes) => bytes.is_none(),
            ReplyBody::Pickup(parts) => parts.is_none(),
            ReplyBody::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let whole = |bytes: Option<&Bytes>| {
            SizeHint::with_exact(bytes.map_or(0, |bytes| bytes.len() as u64))
        };
        match &self.reply {
            ReplyBody::Whole(bytes) => whole(bytes.as_ref()),
            ReplyBody::Pickup(parts) => whole(parts.as_ref().map(|(bytes, _)| bytes)),
            ReplyBody::Routed(body) => body.size_hint(),
        }
    }
}

impl Drop for Sending {
    /// hyper drops it when it has taken all of it, be that nothing.
    fn drop(&mut self) {
        self.conversation.deadlines.answered();
    }
}
