//! Each bound of [`HttpLimits`], hit through the real port: what the peer sees,
//! and that it is counted.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use moustique_broker::{Bound, Hits};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::fixture;
use crate::limits::HttpLimits;
use crate::server::Server;

/// A time that passes soon.
const SOON: Duration = Duration::from_millis(50);

/// A broker that is served on a port of its own.
struct Served {
    _folder: TempDir,
    app: App,
    address: SocketAddr,
}

impl Served {
    fn new(limits: HttpLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = fixture::app(folder.path(), limits);
        let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = server.address();
        let serving = server.serve(app.clone(), CancellationToken::new(), Duration::ZERO);
        tokio::spawn(serving);
        Self {
            _folder: folder,
            app,
            address,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn hits(&self) -> Hits {
        self.app.inner().broker.statistics().bounds
    }

    /// Asserts that this bound was hit so often, and no other.
    fn assert_hits(&self, bound: Bound, count: u64) {
        for (other, hits) in self.hits().iter() {
            let expected = if other == bound { count } else { 0 };
            assert_eq!(hits, expected, "{other:?} where {bound:?} is expected");
        }
    }
}

/// Sends bytes and reads the status of the answer; `None` when the connection
/// ends without one.
async fn status(stream: &mut TcpStream, request: &[u8]) -> Option<u16> {
    stream.write_all(request).await.unwrap();
    let mut head = Vec::new();
    while head.len() < "HTTP/1.1 200".len() {
        if stream.read_buf(&mut head).await.unwrap_or_default() == 0 {
            return None;
        }
    }
    let status = String::from_utf8(head[9..12].to_vec()).unwrap();
    Some(status.parse().unwrap())
}

/// Reads until the other side closes the connection.
async fn closed(stream: &mut TcpStream) {
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

fn post(headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /POST?encoding=plain HTTP/1.1\r\nHost: h\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

const VERSION: &[u8] = b"GET /VERSION HTTP/1.1\r\nHost: h\r\n\r\n";

#[tokio::test]
async fn a_request_beyond_a_bound_has_its_status_and_is_counted() {
    let limits = HttpLimits::default();
    let ok = "topic=/a&message=1";
    let body = limits.body_bytes + 1;
    let cases = [
        (431, Bound::Head, post(&"x: y\r\n".repeat(63), ok)),
        (
            431,
            Bound::Head,
            post(&format!("x: {}\r\n", "y".repeat(limits.head_bytes)), ok),
        ),
        (
            413,
            Bound::Body,
            format!("POST /POST HTTP/1.1\r\nHost: h\r\nContent-Length: {body}\r\n\r\n"),
        ),
        (
            415,
            Bound::ContentEncoding,
            post("Content-Encoding: gzip\r\n", ok),
        ),
        (
            400,
            Bound::Form,
            post("", &(0..17).map(|n| format!("f{n}=&")).collect::<String>()),
        ),
        (400, Bound::Form, post("", &format!("{}=", "n".repeat(33)))),
        (400, Bound::Form, post("", "topic=/a&topic=/a&message=1")),
        (
            400,
            Bound::Name,
            post("", &format!("topic=/{}&message=1", "t".repeat(512))),
        ),
        (
            413,
            Bound::Message,
            post("", &format!("topic=/a&message={}", "m".repeat(262_145))),
        ),
    ];
    for (expected, bound, request) in cases {
        let served = Served::new(limits.clone());
        let mut stream = served.connect().await;
        let status = status(&mut stream, request.as_bytes()).await;
        assert_eq!(status, Some(expected), "{bound:?}");
        drop(stream);
        while served.app.inner().broker.statistics().connections > 0 {
            tokio::task::yield_now().await;
        }
        served.assert_hits(bound, 1);
        assert!(!served.app.inner().broker.knows_topic("/a"));
    }
}

#[tokio::test]
async fn a_peer_that_asks_too_often_is_told_to_wait() {
    let served = Served::new(HttpLimits {
        requests_per_second: 1,
        ..HttpLimits::default()
    });
    let mut stream = served.connect().await;
    assert_eq!(status(&mut stream, VERSION).await, Some(200));
    // Another connection of the same peer.
    let mut other = served.connect().await;
    assert_eq!(status(&mut other, VERSION).await, Some(429));
    served.assert_hits(Bound::Rate, 1);
}

#[tokio::test]
async fn a_request_at_every_bound_is_carried_out() {
    let served = Served::new(HttpLimits::default());
    let mut stream = served.connect().await;
    let fields: String = (2..16).map(|n| format!("&{:0>32}=", n)).collect();
    let topic = format!("/{}", "t".repeat(511));
    let message = "m".repeat(262_144);
    // Host and Content-Length are the other two.
    let headers = "x: y\r\n".repeat(62);
    let request = post(
        &headers,
        &format!("topic={topic}&message={message}{fields}"),
    );
    assert_eq!(status(&mut stream, request.as_bytes()).await, Some(200));
    assert!(served.app.inner().broker.knows_topic(&topic));
    served.assert_hits(Bound::Head, 0);
}

#[tokio::test]
async fn who_does_nothing_is_cut() {
    let served = Served::new(HttpLimits {
        first_request: SOON,
        ..HttpLimits::default()
    });
    let mut stream = served.connect().await;
    assert_eq!(status(&mut stream, b"GET /VERSION HT").await, None);
    served.assert_hits(Bound::FirstRequest, 1);

    let served = Served::new(HttpLimits {
        idle: SOON,
        ..HttpLimits::default()
    });
    let mut stream = served.connect().await;
    assert_eq!(status(&mut stream, VERSION).await, Some(200));
    closed(&mut stream).await;
    served.assert_hits(Bound::Idle, 1);

    let served = Served::new(HttpLimits {
        body: SOON,
        ..HttpLimits::default()
    });
    let mut stream = served.connect().await;
    let mut half = post("", "topic=/a&message=1");
    half.pop();
    assert_eq!(status(&mut stream, half.as_bytes()).await, Some(408));
    served.assert_hits(Bound::BodyTime, 1);
}

#[tokio::test]
async fn a_connection_too_many_is_closed_at_once() {
    for (limits, bound) in [
        (
            HttpLimits {
                connections: 2,
                ..HttpLimits::default()
            },
            Bound::Connections,
        ),
        (
            HttpLimits {
                peer_connections: 2,
                ..HttpLimits::default()
            },
            Bound::PeerConnections,
        ),
    ] {
        let served = Served::new(limits);
        let mut open = [served.connect().await, served.connect().await];
        for stream in &mut open {
            assert_eq!(status(stream, VERSION).await, Some(200));
        }
        closed(&mut served.connect().await).await;
        served.assert_hits(bound, 1);
        drop(open);
        while served.app.inner().broker.statistics().connections > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            status(&mut served.connect().await, VERSION).await,
            Some(200)
        );
    }
}

/// Elsewhere there is one loopback address.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn another_peer_has_its_own_places() {
    let served = Served::new(HttpLimits {
        peer_connections: 1,
        ..HttpLimits::default()
    });
    let mut first = served.connect().await;
    assert_eq!(status(&mut first, VERSION).await, Some(200));
    closed(&mut served.connect().await).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket
        .bind((Ipv4Addr::new(127, 0, 0, 2), 0).into())
        .unwrap();
    let mut other = socket.connect(served.address).await.unwrap();
    assert_eq!(status(&mut other, VERSION).await, Some(200));
    served.assert_hits(Bound::PeerConnections, 1);
}
