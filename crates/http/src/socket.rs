//! The bytes of a connection: what requests they are, when they have gone out,
//! and when they do not.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::connection::Conversation;
use crate::framing::Framing;

/// A stream of which the system may know more than was read from it.
pub(crate) trait Ended {
    /// Whether the peer has closed its side, with nothing before it that has yet
    /// to be read.
    fn has_ended(&self) -> bool;
}

impl Ended for TcpStream {
    fn has_ended(&self) -> bool {
        // tokio's own `peek` answers from what it was last told of.
        match SockRef::from(self).peek(&mut [MaybeUninit::uninit()]) {
            Ok(bytes) => bytes == 0,
            Err(error) => !matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ),
        }
    }
}

impl<S: Ended> Ended for TlsStream<S> {
    fn has_ended(&self) -> bool {
        self.get_ref().0.has_ended()
    }
}

/// A stream that knows when what hyper wrote has gone out, and since when its
/// peer takes nothing.
///
/// hyper takes the frame of a reply into its own buffer as soon as it has room
/// there, long before the last byte of it is written: to take the frame proves
/// nothing. But it flushes this stream only when that buffer is empty
/// (`Buffered::poll_flush` of hyper 1.12 returns early while a write is
/// pending, whether the buffer is a queue of bodies for vectored writes or one
/// flat block, and its shutdown flushes first). A frame is taken and buffered
/// in one step, so nothing is in the outbox that is in neither. Hence a
/// flush that succeeds says that the system has accepted every byte of every
/// reply in the outbox, also when replies to pipelined requests were buffered
/// together.
///
/// hyper writes until all is written or the stream is pending, then flushes, so
/// a write or a flush that is pending is the one sign that the peer does not take
/// what there is.
///
/// The system also accepts bytes for a peer that has closed already, and throws
/// them away when it is told so. hyper notices a peer that closes while it waits
/// for messages, but not before the messages when both come at once. So the system
/// is asked before messages are written: what it knew of then loses none.
#[derive(Debug)]
pub(crate) struct Socket<S> {
    stream: S,
    /// Whether the last write or flush was pending.
    is_blocked: bool,
    framing: Framing,
    conversation: Arc<Conversation>,
}

impl<S> Socket<S> {
    pub(crate) fn new(stream: S, framing: Framing, conversation: Arc<Conversation>) -> Self {
        Self {
            stream,
            framing,
            is_blocked: false,
            conversation,
        }
    }

    /// Fails when messages are on their way to a peer that is gone.
    fn check_recipient(&self) -> io::Result<()>
    where
        S: Ended,
    {
        if self.conversation.outbox.is_empty() || !self.stream.has_ended() {
            return Ok(());
        }
        Err(io::ErrorKind::BrokenPipe.into())
    }

    /// Notes what came of a write or a flush.
    fn note<T>(&mut self, written: Poll<T>) -> Poll<T> {
        if written.is_pending() != self.is_blocked {
            self.is_blocked = written.is_pending();
            match written {
                Poll::Pending => self.conversation.deadlines.blocked(),
                Poll::Ready(_) => self.conversation.deadlines.unblocked(),
            }
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.framing.is_broken() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        let Self {
            framing,
            conversation,
            ..
        } = &mut *self;
        let passed = framing.follow(read, &conversation.framed);
        if passed == 0 && framing.is_broken() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        buffer.set_filled(before + passed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Ended + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_recipient()?;
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_recipient()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS takes more into a buffer of its own than the peer has taken.
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        ready!(self.note(flushed))?;
        self.conversation.outbox.settle();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
