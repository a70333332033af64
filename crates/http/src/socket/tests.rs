//! What hyper is given of the bytes that come.

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
