//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::limits::HttpLimits;
use crate::outbox::Outbox;
use crate::refusal::Refusal;
use crate::route;
use crate::sending::Sending;
use crate::socket::Socket;

/// Serves a connection of a peer that has just been accepted.
pub(crate) async fn serve(stream: TcpStream, app: App, ending: CancellationToken) {
    let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else {
        // It is gone already.
        return;
    };
    let peer = peer.ip().to_canonical();
    let admitted = app.inner().peers.admit(peer, local.ip().to_canonical());
    // Replies are small and awaited: to wait for more to send would only delay.
    let _ = stream.set_nodelay(true);
    converse(stream, peer, &admitted, &app, &ending).await;
}

/// Answers the requests of a stream until it ends by itself, has been idle for
/// too long, or the request under way is answered after `ending` was cancelled.
async fn converse<S>(
    stream: S,
    peer: IpAddr,
    admitted: &Result<(), String>,
    app: &App,
    ending: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Before the connection, so that it is dropped after it: what the
    // connection still held is newer and must return to its queue first.
    let outbox = Arc::new(Outbox::default());
    let idle = Idle::new(&app.inner().http);
    let service = service_fn(|request| {
        idle.asked();
        let (idle, outbox) = (&idle, Arc::clone(&outbox));
        async move {
            let response = match admitted {
                Ok(()) => route::answer(app, request, peer).await,
                Err(reason) => Refusal::Peer(reason.clone()).into_response(),
            };
            app.inner().broker.counters().request_answered();
            idle.answered();
            Ok::<_, Infallible>(response.map(|reply| Sending::new(reply, outbox)))
        }
    });
    let socket = TokioIo::new(Socket::new(stream, Arc::clone(&outbox)));
    let connection = builder(&app.inner().http).serve_connection(socket, service);
    let mut connection = pin!(connection);
    let mut too_long = pin!(idle.too_long());
    let mut told = pin!(ending.cancelled());
    let mut is_told = false;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "a connection ended");
                }
                return;
            }
            () = too_long.as_mut() => {
                tracing::debug!(%peer, "a connection was idle for too long");
                return;
            }
            () = told.as_mut(), if !is_told => {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Not `pipeline_flush`: with it hyper keeps the answer to a request that it
/// cannot parse in its buffer and closes the connection without a word. Not
/// `header_read_timeout`: it sets a timer anew for each request, which
/// [`Idle`] does once a connection.
fn builder(limits: &HttpLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers);
    builder
}

/// Since when a connection owes us the head of a request.
struct Idle<'l> {
    limits: &'l HttpLimits,
    now: Mutex<Waiting>,
}

#[derive(Clone, Copy)]
enum Waiting {
    /// For its first request.
    First { since: Instant },
    /// For another request.
    Next { since: Instant },
    /// We owe the answer.
    Not,
}

impl<'l> Idle<'l> {
    fn new(limits: &'l HttpLimits) -> Self {
        let since = Instant::now();
        Self {
            limits,
            now: Mutex::new(Waiting::First { since }),
        }
    }

    fn asked(&self) {
        self.set(Waiting::Not);
    }

    fn answered(&self) {
        self.set(Waiting::Next {
            since: Instant::now(),
        });
    }

    fn set(&self, waiting: Waiting) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    }

    /// When the connection is to be closed, as far as is known now.
    fn deadline(&self) -> Instant {
        match *self.now.lock().unwrap_or_else(PoisonError::into_inner) {
            Waiting::First { since } => since + self.limits.first_request,
            Waiting::Next { since } => since + self.limits.idle,
            Waiting::Not => Instant::now() + self.limits.idle,
        }
    }

    /// Returns when the connection has been idle for too long. Looks again only
    /// when it might be, so a busy connection costs one timer a minute.
    async fn too_long(&self) {
        loop {
            let deadline = self.deadline();
            if deadline <= Instant::now() {
                return;
            }
            time::sleep_until(deadline).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use crate::fixture::{self, LOCAL};

    /// Seconds from the start until the connection is closed.
    async fn closed_after(idle: &Idle<'_>) -> u64 {
        let begun = Instant::now();
        idle.too_long().await;
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_owed_decides_how_long_is_waited() {
        let limits = HttpLimits::default();
        assert_eq!(closed_after(&Idle::new(&limits)).await, 5);
        let idle = Idle::new(&limits);
        idle.asked();
        idle.answered();
        assert_eq!(closed_after(&idle).await, 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_is_not_idle_however_long_it_takes() {
        let limits = HttpLimits::default();
        let idle = Idle::new(&limits);
        idle.asked();
        let answer = async {
            time::sleep(Duration::from_secs(1_000)).await;
            idle.answered();
        };
        let (closed, ()) = tokio::join!(closed_after(&idle), answer);
        assert_eq!(closed, 1_060);
    }

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

    /// What a system accepts for a connection whose peer reads nothing.
    const ACCEPTED: usize = 64;

    /// Sends requests, reads replies until `enough` says so and breaks the
    /// connection. Returns what was read when the broker has seen the end.
    async fn converse_until(app: &App, requests: &str, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let (mut writer, incoming) = tokio::io::duplex(requests.len());
        let (mut reader, outgoing) = tokio::io::duplex(ACCEPTED);
        let stream = tokio::io::join(incoming, outgoing);
        let (admitted, ending) = (Ok(()), CancellationToken::new());
        let serving = converse(stream, LOCAL, &admitted, app, &ending);
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
}
