//! The bytes of a connection: what requests they are, when they have gone out,
//! and when they do not.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::UNGUARDED;
use crate::connection::Conversation;
use crate::framing::Framing;
use crate::head;

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
///
/// It gives hyper whole heads that are sound, and their bodies as they come. The
/// beginning of a head is held back until the rest has come; in the place of a
/// bad one hyper is given [a request of ours](Framing::stand_in), and nothing
/// after it. Usually a head is in one read, and nothing is copied.
#[derive(Debug)]
pub(crate) struct Socket<S> {
    stream: S,
    /// The beginning of a head: less than a head may have.
    held: BytesMut,
    /// What hyper may have and had no room for: what is held, and one read more.
    sound: BytesMut,
    /// Whether a head has begun that is not whole.
    is_asking: bool,
    /// Whether the last write or flush was pending.
    is_blocked: bool,
    framing: Framing,
    conversation: Arc<Conversation>,
}

impl<S> Socket<S> {
    pub(crate) fn new(stream: S, framing: Framing, conversation: Arc<Conversation>) -> Self {
        Self {
            stream,
            held: BytesMut::new(),
            sound: BytesMut::new(),
            is_asking: false,
            is_blocked: false,
            framing,
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

impl<S: AsyncRead + Unpin> Socket<S> {
    /// Reads from the stream. Returns how many of the bytes hyper may have, which
    /// are in its buffer: none when there are others for it in `sound`, or when
    /// more must come.
    fn poll_sound(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<Read>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        if read.is_empty() {
            return Poll::Ready(Ok(Read::End));
        }
        if UNGUARDED || self.conversation.framed.is_upgraded() {
            return Poll::Ready(Ok(Read::Sound));
        }
        if self.framing.stand_in().is_some() {
            // What follows a bad head is no request.
            buffer.set_filled(before);
            return Poll::Ready(Ok(Read::Nothing));
        }
        let passed = if self.held.is_empty() {
            let passed = self.framing.follow(read, &self.conversation.framed);
            let rest = read.get(passed..).unwrap_or_default();
            self.held.extend_from_slice(rest);
            passed
        } else {
            self.held.extend_from_slice(read);
            let sound = self.framing.follow(&self.held, &self.conversation.framed);
            self.sound = self.held.split_to(sound);
            0
        };
        buffer.set_filled(before + passed);
        if let Some(stand_in) = self.framing.stand_in() {
            self.sound.extend_from_slice(stand_in);
        }
        if self.framing.stand_in().is_some() || self.framing.is_broken() || self.held.is_empty() {
            // The memory is given back, too.
            self.held = BytesMut::new();
        }
        self.note_head();
        Poll::Ready(Ok(if passed > 0 {
            Read::Sound
        } else {
            Read::Nothing
        }))
    }

    /// Notes whether a head has begun and is not whole.
    fn note_head(&mut self) {
        let is_asking = head::has_begun(&self.held);
        if is_asking != self.is_asking {
            self.is_asking = is_asking;
            self.conversation.deadlines.asking(is_asking);
        }
    }
}

/// What came of a read.
enum Read {
    /// Bytes that hyper may have are in its buffer.
    Sound,
    /// None are.
    Nothing,
    /// The peer sends no more.
    End,
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.sound.is_empty() {
                let bytes = self.sound.len().min(buffer.remaining());
                buffer.put_slice(&self.sound.split_to(bytes));
                if self.sound.is_empty() {
                    self.sound = BytesMut::new();
                }
                return Poll::Ready(Ok(()));
            }
            if self.framing.is_broken() {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            match ready!(self.poll_sound(cx, buffer))? {
                Read::Sound => return Poll::Ready(Ok(())),
                Read::Nothing => {}
                // The answer to a bad head ends the connection. An end that came
                // before would keep hyper from writing it.
                Read::End if self.framing.stand_in().is_some() => return Poll::Pending,
                Read::End => return Poll::Ready(Ok(())),
            }
        }
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

#[cfg(test)]
mod tests;
