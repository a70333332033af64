//! WebSockets whose peer says nothing.

use std::time::Duration;

use moustique_broker::Bound;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::connection::converse;
use crate::fixture;
use crate::limits::HttpLimits;

const PING: [u8; 2] = [0x89, 0];

/// With a mask of nothing, as everything that a client sends.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// A WebSocket that has just been opened.
struct Opened {
    _folder: TempDir,
    app: App,
    peer: DuplexStream,
    serving: JoinHandle<()>,
    begun: Instant,
}

async fn open() -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let app = fixture::app(folder.path(), HttpLimits::default());
    let (mut peer, stream) = tokio::io::duplex(1024);
    let begun = Instant::now();
    let serving = tokio::spawn({
        let app = app.clone();
        async move {
            let (admitted, ending) = (Ok(()), CancellationToken::new());
            converse(stream, begun, fixture::CALLER, &admitted, &app, &ending).await;
        }
    });
    let request = b"GET /v1/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    peer.write_all(request).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(peer.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    Opened {
        _folder: folder,
        app,
        peer,
        serving,
        begun,
    }
}

impl Opened {
    /// Answers so many pings, then none. Returns after how many seconds each came,
    /// and the end.
    async fn answer_pings(mut self, count: usize) -> (Vec<u64>, u64, u64) {
        let mut pings = Vec::new();
        let mut frame = [0; 2];
        while self.peer.read_exact(&mut frame).await.is_ok() {
            assert_eq!(frame, PING);
            pings.push(self.begun.elapsed().as_secs());
            if pings.len() <= count {
                self.peer.write_all(&PONG).await.unwrap();
            }
            assert!(self.begun.elapsed() < Duration::from_secs(1_000));
        }
        let end = self.begun.elapsed().as_secs();
        self.serving.await.unwrap();
        let bounds = self.app.inner().broker.statistics().bounds;
        (pings, end, bounds.of(Bound::Idle))
    }
}

/// It was closed with the next ping, up to 45 s after the last sign of life.
#[tokio::test(start_paused = true)]
async fn who_answers_no_ping_is_closed_after_35_s() {
    let (pings, end, hits) = open().await.answer_pings(0).await;
    assert_eq!((pings, end, hits), (vec![15, 30], 35, 1));
}

#[tokio::test(start_paused = true)]
async fn who_answers_is_not_until_it_answers_no_more() {
    let (pings, end, hits) = open().await.answer_pings(20).await;
    let expected: Vec<_> = (1..=22).map(|ping| 15 * ping).collect();
    assert_eq!((pings, end, hits), (expected, 335, 1));
}
