//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::limits::HttpLimits;
use crate::refusal::Refusal;
use crate::route;

/// Serves a connection until it ends by itself, has been idle for too long, or
/// has answered the request under way after `ending` was cancelled.
pub(crate) async fn serve(stream: TcpStream, app: App, ending: CancellationToken) {
    let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else {
        // It is gone already.
        return;
    };
    let peer = peer.ip().to_canonical();
    let admitted = app.inner().peers.admit(peer, local.ip().to_canonical());
    // Replies are small and awaited: to wait for more to send would only delay.
    let _ = stream.set_nodelay(true);
    let idle = Idle::new(&app.inner().http);
    let service = service_fn(|request| {
        idle.asked();
        let (app, admitted, idle) = (&app, &admitted, &idle);
        async move {
            let response = match admitted {
                Ok(()) => route::answer(app, request, peer).await,
                Err(reason) => Refusal::Peer(reason.clone()).into_response(),
            };
            app.inner().broker.counters().request_answered();
            idle.answered();
            Ok::<_, Infallible>(response)
        }
    });
    let connection = builder(&app.inner().http).serve_connection(TokioIo::new(stream), service);
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
}
