//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use moustique_broker::Bound;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::caller::Caller;
use crate::crooks::Denied;
use crate::deadlines::Deadlines;
use crate::framing::{Framed, Framing};
use crate::limits::HttpLimits;
use crate::outbox::Outbox;
use crate::plain;
use crate::refusal::Refusal;
use crate::route;
use crate::seal::seal;
use crate::sending::Sending;
use crate::socket::{Ended, Socket};
use crate::tls;
use crate::upgrades::Upgrades;

/// What the stream, the replies and the timer of one connection share.
#[derive(Debug)]
pub(crate) struct Conversation {
    /// What is on its way.
    pub(crate) outbox: Outbox,
    /// What the peer owes.
    pub(crate) deadlines: Deadlines,
    /// Where its requests begin.
    pub(crate) framed: Framed,
}

/// What a port speaks below HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Nothing: whoever is between the two can read along.
    Plain,
    /// TLS.
    Tls,
}

/// Serves a connection that has just been accepted. The address of the peer is
/// canonical: no IPv4 address is written as IPv6.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: IpAddr,
    transport: Transport,
    app: &App,
    ending: &CancellationToken,
) {
    let begun = Instant::now();
    let Ok(local) = stream.local_addr() else {
        // It is gone already.
        return;
    };
    let settings = app.inner().settings();
    let caller = Caller::of_connection(peer, local.ip(), transport);
    app.inner().visitors.note(caller.address);
    let admitted = settings.peers.admit(caller.address, caller.local);
    // Replies are small and awaited: to wait for more to send would only delay.
    let _ = stream.set_nodelay(true);
    match transport {
        Transport::Plain => converse(stream, begun, caller, &admitted, app, ending).await,
        Transport::Tls => {
            if let Some(stream) = tls::accept(stream, begun, app, ending).await {
                converse(stream, begun, caller, &admitted, app, ending).await;
            }
        }
    }
}

/// Answers the requests of a stream, which was opened at `begun`, until it ends
/// by itself, its peer does nothing for too long, or the request under way is
/// answered after `ending` was cancelled.
async fn converse<S>(
    stream: S,
    begun: Instant,
    caller: Caller,
    admitted: &Result<(), String>,
    app: &App,
    ending: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Ended + Unpin + Send + 'static,
{
    // Before the connection, so that it is dropped after it: what the
    // connection still held is newer and must return to its queue first.
    let limits = &app.inner().settings().http;
    let conversation = Arc::new(Conversation {
        outbox: Outbox::default(),
        deadlines: Deadlines::new(limits, begun),
        framed: Framed::default(),
    });
    let counters = app.inner().broker.counters();
    let allowance = app.inner().rates.of(caller.address);
    let upgrades = Upgrades::default();
    let service = service_fn(|request| {
        conversation.deadlines.asked();
        let framed = conversation.framed.request();
        let conversation = Arc::clone(&conversation);
        let (allowance, upgrades) = (&allowance, &upgrades);
        async move {
            let mut response = match (framed, admitted) {
                (Err(fault), _) => {
                    plain::refuse(app.inner(), request.uri(), Refusal::Malformed(fault))
                }
                (_, Err(reason)) => {
                    app.inner().crooks.note(caller.address, Denied::Address);
                    let refusal = Refusal::Peer(reason.clone());
                    plain::refuse(app.inner(), request.uri(), refusal)
                }
                (Ok(()), Ok(())) => route::answer(app, request, caller, allowance, upgrades).await,
            };
            seal(response.headers_mut());
            counters.request_answered();
            Ok::<_, Infallible>(response.map(|reply| Sending::new(reply, conversation)))
        }
    });
    let framing = Framing::new(limits.head_bytes);
    let socket = Socket::new(stream, framing, Arc::clone(&conversation));
    let connection = builder(limits)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let cut = |bound: Bound| {
        counters.bound_hit(bound);
        tracing::debug!(peer = %caller.address, bound = bound.name(), "a connection was closed");
    };
    let mut connection = pin!(connection);
    let mut passed = pin!(conversation.deadlines.passed());
    let mut told = pin!(ending.cancelled());
    let mut is_told = false;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    // hyper has answered it with 431.
                    if error.is_parse_too_large() {
                        counters.bound_hit(Bound::Head);
                    }
                    tracing::debug!(peer = %caller.address, %error, "a connection ended");
                }
                break;
            }
            bound = passed.as_mut() => return cut(bound),
            () = told.as_mut(), if !is_told => {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
    if let Some(mut session) = upgrades.session().await {
        // No request is owed any more.
        conversation.deadlines.asked();
        tokio::select! {
            biased;
            () = session.0.as_mut() => {}
            bound = passed.as_mut() => cut(bound),
        }
    }
}

/// Not `pipeline_flush`: with it hyper keeps the answer to a request that it
/// cannot parse in its buffer and closes the connection without a word. Not
/// `header_read_timeout`: it sets a timer anew for each request, which
/// [`Deadlines`] does once a connection.
fn builder(limits: &HttpLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers);
    builder
}

#[cfg(test)]
mod tests {
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
}
