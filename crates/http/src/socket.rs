//! The bytes of a connection: what requests they are, when they have gone out,
//! and when they do not.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection::Conversation;
use crate::framing::Framing;
use crate::head;

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
        if self.conversation.framed.is_upgraded() {
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

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
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
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::task::Waker;

    use proptest::prelude::*;
    use tokio::time::Instant;

    use crate::deadlines::Deadlines;
    use crate::framing::Framed;
    use crate::head::HeadLimits;
    use crate::limits::HttpLimits;
    use crate::outbox::Outbox;

    /// A stream whose bytes come in pieces, each when there is nothing left of
    /// the one before and after a pause.
    struct Pieces(VecDeque<Vec<u8>>);

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let Some(piece) = self.0.front_mut() else {
                return Poll::Ready(Ok(()));
            };
            if piece.is_empty() {
                self.0.pop_front();
                return Poll::Pending;
            }
            let bytes = piece.len().min(buffer.remaining());
            buffer.put_slice(&piece.drain(..bytes).collect::<Vec<_>>());
            Poll::Ready(Ok(()))
        }
    }

    fn socket(pieces: &[&[u8]]) -> Socket<Pieces> {
        let limits = HttpLimits::default();
        let conversation = Conversation {
            outbox: Outbox::default(),
            deadlines: Deadlines::new(&limits, Instant::now()),
            framed: Framed::default(),
        };
        let framing = Framing::new(HeadLimits {
            bytes: limits.head_bytes,
            headers: limits.headers,
        });
        let pieces = pieces.iter().map(|piece| piece.to_vec()).collect();
        Socket::new(Pieces(pieces), framing, Arc::new(conversation))
    }

    /// What a reader gets that has so much room at a time, and how much of it it
    /// had at each pause.
    fn given(socket: &mut Socket<Pieces>, room: usize) -> (Vec<u8>, Vec<usize>) {
        let (mut given, mut pauses) = (Vec::new(), Vec::new());
        let mut memory = vec![0; room];
        loop {
            let mut buffer = ReadBuf::new(&mut memory);
            let mut context = Context::from_waker(Waker::noop());
            match Pin::new(&mut *socket).poll_read(&mut context, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return (given, pauses),
                Poll::Ready(read) => {
                    read.unwrap();
                    given.extend_from_slice(buffer.filled());
                }
                Poll::Pending if socket.stream.0.is_empty() => {
                    pauses.push(given.len());
                    return (given, pauses);
                }
                Poll::Pending => pauses.push(given.len()),
            }
        }
    }

    /// The head and the body of a sound request.
    fn request() -> impl Strategy<Value = (String, String)> {
        let chunked = "Transfer-Encoding: chunked\r\n";
        prop_oneof![
            Just(("GET / HTTP/1.1\r\n\r\n".into(), String::new())),
            Just((
                "\r\n\r\nGET / HTTP/1.0\r\nA: b\r\n\r\n".into(),
                String::new()
            )),
            "[a-z\r\n]{1,40}".prop_map(|body| {
                let length = body.len();
                (
                    format!("POST /a HTTP/1.1\r\nContent-Length: {length}\r\n\r\n"),
                    body,
                )
            }),
            "[a-z\r\n]{1,40}".prop_map(move |chunk| {
                let length = chunk.len();
                let body = format!("{length:x};a\r\n{chunk}\r\n0\r\nA: b\r\n\r\n");
                (format!("PUT /b?c HTTP/1.1\r\n{chunked}\r\n"), body)
            }),
        ]
    }

    fn cut<'b>(mut bytes: &'b [u8], cuts: &[usize]) -> Vec<&'b [u8]> {
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, rest) = bytes.split_at((*cut).min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces.push(bytes);
        pieces
    }

    proptest! {
        #[test]
        fn sound_requests_come_whole_however_they_are_cut(
            requests in prop::collection::vec(request(), 1..6),
            cuts in prop::collection::vec(1_usize..60, 0..20),
            room in 1_usize..200,
        ) {
            let (mut bytes, mut heads) = (String::new(), Vec::new());
            for (head, body) in &requests {
                heads.push(bytes.len()..bytes.len() + head.len());
                bytes.push_str(head);
                bytes.push_str(body);
            }
            let mut socket = socket(&cut(bytes.as_bytes(), &cuts));
            let (given, pauses) = given(&mut socket, room);
            prop_assert_eq!(given, bytes.as_bytes());
            for pause in pauses {
                // What has come of a head is with hyper as a whole or not at all.
                prop_assert!(!heads.iter().any(|head| head.start < pause && pause < head.end));
            }
            let framed = &socket.conversation.framed;
            for _ in requests {
                prop_assert!(framed.request().is_ok());
            }
            prop_assert!(framed.request().is_err());
            prop_assert!(socket.held.capacity() == 0 && socket.sound.capacity() == 0);
        }

        #[test]
        fn a_bad_head_is_replaced_however_it_is_cut(
            cuts in prop::collection::vec(1_usize..30, 0..20),
            room in 1_usize..100,
        ) {
            let sound = b"PUT /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
            let bad = b"GET /v1/b HTTP/1.1\r\nA: b\nC: d\r\n\r\nGET / HTTP/1.1\r\n\r\n";
            let bytes = [&sound[..], &bad[..]].concat();
            let mut socket = socket(&cut(&bytes, &cuts));
            let (given, _) = given(&mut socket, room);
            prop_assert_eq!(given, [&sound[..], b"GET / HTTP/1.1\r\n\r\n"].concat());
            let framed = &socket.conversation.framed;
            prop_assert!(framed.request().is_ok());
            let refused = framed.request().unwrap_err();
            prop_assert_eq!(refused.target.path(), "/v1/b");
        }
    }

    #[test]
    fn what_is_no_http_any_more_passes_as_it_is() {
        let head = b"GET /v1/ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        let frames = b"\x81\x85\n\n\n\n\0\r\n";
        let mut socket = socket(&[head, frames, b"\n"]);
        let mut memory = [0; 200];
        let mut buffer = ReadBuf::new(&mut memory);
        let mut context = Context::from_waker(Waker::noop());
        let read = Pin::new(&mut socket).poll_read(&mut context, &mut buffer);
        assert!(read.is_ready());
        assert_eq!(buffer.filled(), head);
        socket.conversation.framed.upgrade();
        let (given, _) = given(&mut socket, 200);
        assert_eq!(given, [&frames[..], b"\n"].concat());
    }
}
