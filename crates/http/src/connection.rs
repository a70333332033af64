//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use moustique_broker::Bound;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::UNGUARDED;
use crate::app::App;
use crate::caller::Caller;
use crate::crooks::Denied;
use crate::deadlines::Deadlines;
use crate::framing::{Framed, Framing};
use crate::head::HeadLimits;
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
pub(crate) async fn converse<S>(
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
                (Err(refused), _) => {
                    plain::refuse(app.inner(), &refused.target, refused.reason.into())
                }
                (_, Err(reason)) => {
                    app.inner().crooks.note(caller.address, Denied::Address);
                    let refusal = Refusal::Peer(reason.clone());
                    plain::refuse(app.inner(), request.uri(), refusal)
                }
                (Ok(()), Ok(())) => route::answer(app, request, caller, allowance, upgrades).await,
            };
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                conversation.framed.upgrade();
            }
            if !UNGUARDED {
                seal(response.headers_mut());
            }
            counters.request_answered();
            Ok::<_, Infallible>(response.map(|reply| Sending::new(reply, conversation)))
        }
    });
    let framing = Framing::new(HeadLimits {
        bytes: limits.head_bytes,
        headers: limits.headers,
    });
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
mod tests;
