//! Whole connections, over streams in memory.

use super::*;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fixture;

/// Two messages wait for a client.
async fn app_with_two_messages(folder: &std::path::Path) -> App {
    let app = fixture::app(folder, HttpLimits::default());
    let broker = &app.inner().broker;
    fixture::subscribe(broker, "c").await;
    for payload in ["1", "2"] {
        fixture::publish(broker, payload).await;
    }
    app
}

fn pickup(fields: &str) -> String {
    let length = fields.len();
    format!(
        "POST /PICKUP?encoding=plain HTTP/1.1\r\nHost: h\r\n\
         Content-Length: {length}\r\n\r\n{fields}"
    )
}

impl Ended for tokio::io::DuplexStream {
    fn has_ended(&self) -> bool {
        false
    }
}

impl<R, W> Ended for tokio::io::Join<R, W> {
    fn has_ended(&self) -> bool {
        false
    }
}

/// What a system accepts for a connection whose peer reads nothing.
const ACCEPTED: usize = 64;

/// Sends requests, reads replies until `enough` says so and breaks the
/// connection. Returns what was read when the broker has seen the end.
async fn converse_until(app: &App, requests: &str, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let (mut writer, incoming) = tokio::io::duplex(requests.len());
    let (mut reader, outgoing) = tokio::io::duplex(ACCEPTED);
    let stream = tokio::io::join(incoming, outgoing);
    let (admitted, ending) = (Ok(()), CancellationToken::new());
    let serving = converse(
        stream,
        Instant::now(),
        fixture::CALLER,
        &admitted,
        app,
        &ending,
    );
    let reading = async move {
        writer.write_all(requests.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        while !enough(&read) {
            read.push(reader.read_u8().await.unwrap());
        }
        read
    };
    tokio::join!(serving, reading).1
}

#[tokio::test]
async fn what_the_system_has_accepted_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let app = app_with_two_messages(folder.path()).await;
    let request = pickup("client=c");
    converse_until(&app, &request, |read| read.ends_with(b"}]}")).await;
    assert!(fixture::waiting(&app.inner().broker, "c").await.is_empty());
}

#[tokio::test]
async fn what_it_has_not_accepted_to_the_last_byte_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let app = app_with_two_messages(folder.path()).await;
    let request = pickup("client=c");
    // As far as can be read without the last byte being accepted; the
    // length of the reply is learnt at the first cut.
    let begun = converse_until(&app, &request, |read| read.ends_with(b"\r\n\r\n")).await;
    let head = String::from_utf8(begun).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = head.len() + length.unwrap().parse::<usize>().unwrap();
    assert!(length > 2 * ACCEPTED, "{length}");
    for bytes in [1, length / 2, length - ACCEPTED - 1] {
        converse_until(&app, &request, |read| read.len() == bytes).await;
    }
    assert_eq!(fixture::waiting(&app.inner().broker, "c").await, ["1", "2"]);
}

/// The system accepts a reply to a peer that has closed already: what it held
/// was lost.
#[tokio::test]
async fn nothing_goes_to_a_peer_that_is_gone_before_it_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let app = app_with_two_messages(folder.path()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for fields in ["client=c", "client=c&wait=60"] {
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(pickup(fields).as_bytes()).await.unwrap();
        drop(peer);
        let (stream, _) = listener.accept().await.unwrap();
        let (admitted, ending) = (Ok(()), CancellationToken::new());
        let caller = fixture::CALLER;
        converse(stream, Instant::now(), caller, &admitted, &app, &ending).await;
    }
    assert_eq!(fixture::waiting(&app.inner().broker, "c").await, ["1", "2"]);
}

#[tokio::test]
async fn what_pipelined_pickups_took_returns_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let app = app_with_two_messages(folder.path()).await;
    let request = pickup("client=c&max=1");
    // Neither has gone out, be the second taken already or not.
    let both = request.repeat(2);
    converse_until(&app, &both, |read| read.len() == 1).await;
    assert_eq!(fixture::waiting(&app.inner().broker, "c").await, ["1", "2"]);
    // The first has gone out, the second has not.
    for payload in ["3", "4"] {
        fixture::publish(&app.inner().broker, payload).await;
    }
    converse_until(&app, &both, |read| read.ends_with(b"}]}HTTP")).await;
    assert_eq!(fixture::waiting(&app.inner().broker, "c").await, ["4"]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_is_cut_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let app = app_with_two_messages(folder.path()).await;
    let (mut reader, stream) = tokio::io::duplex(ACCEPTED);
    let (admitted, ending) = (Ok(()), CancellationToken::new());
    let begun = Instant::now();
    let serving = converse(
        stream,
        Instant::now(),
        fixture::CALLER,
        &admitted,
        &app,
        &ending,
    );
    let asking = async {
        let request = pickup("client=c");
        reader.write_all(request.as_bytes()).await.unwrap();
    };
    tokio::join!(serving, asking);
    assert_eq!(begun.elapsed().as_secs(), 10);
    let broker = &app.inner().broker;
    assert_eq!(broker.statistics().bounds.of(Bound::Reader), 1);
    assert_eq!(fixture::waiting(broker, "c").await, ["1", "2"]);
}

/// It had a minute, which is the time between two requests.
#[tokio::test(start_paused = true)]
async fn a_later_head_that_comes_byte_by_byte_is_cut_like_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let app = fixture::app(folder.path(), HttpLimits::default());
    let (mut peer, stream) = tokio::io::duplex(64 * 1024);
    let (admitted, ending) = (Ok(()), CancellationToken::new());
    let begun = Instant::now();
    let caller = fixture::CALLER;
    let serving = converse(stream, begun, caller, &admitted, &app, &ending);
    let asking = async {
        let request = b"GET /VERSION HTTP/1.1\r\nHost: h\r\n\r\n";
        peer.write_all(request).await.unwrap();
        // An empty line is no beginning.
        tokio::time::sleep(Duration::from_secs(20)).await;
        peer.write_all(b"\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_secs(20)).await;
        for byte in request {
            if peer.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let serving = async {
        serving.await;
        begun.elapsed().as_secs()
    };
    assert_eq!(tokio::join!(serving, asking).0, 45);
    let bounds = app.inner().broker.statistics().bounds;
    assert_eq!(bounds.of(Bound::FirstRequest), 1);
}

/// It was closed a minute after its head, as if it were idle.
#[tokio::test(start_paused = true)]
async fn a_stream_that_goes_on_is_not_idle() {
    let folder = tempfile::tempdir().unwrap();
    let app = fixture::app(folder.path(), HttpLimits::default());
    let (mut reader, stream) = tokio::io::duplex(64 * 1024);
    let (admitted, ending) = (Ok(()), CancellationToken::new());
    let begun = Instant::now();
    let serving = converse(
        stream,
        Instant::now(),
        fixture::CALLER,
        &admitted,
        &app,
        &ending,
    );
    let reading = async {
        let request = b"GET /v1/monitor/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
        reader.write_all(request).await.unwrap();
        while begun.elapsed() < Duration::from_secs(200) {
            let read = reader.read_buf(&mut Vec::new()).await.unwrap();
            assert!(read > 0, "closed after {:?}", begun.elapsed());
        }
    };
    tokio::select! {
        () = serving => panic!("closed after {:?}", begun.elapsed()),
        () = reading => {}
    }
}
