//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::limits::HttpLimits;
use crate::refusal::Refusal;
use crate::route;

/// How connections are told to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    /// After the request that is under way.
    pub(crate) soon: CancellationToken,
    /// At once.
    pub(crate) now: CancellationToken,
}

/// Serves a connection until it ends by itself or is ended.
pub(crate) async fn serve(stream: TcpStream, app: App, ending: Ending) {
    let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else {
        // It is gone already.
        return;
    };
    let peer = peer.ip().to_canonical();
    let admitted = app.inner().peers.admit(peer, local.ip().to_canonical());
    // Replies are small and awaited: to wait for more to send would only delay.
    let _ = stream.set_nodelay(true);
    let limits = app.inner().http.clone();
    let has_asked = Arc::new(AtomicBool::new(false));
    let service = service_fn({
        let has_asked = Arc::clone(&has_asked);
        move |request| {
            has_asked.store(true, Ordering::Relaxed);
            let (app, admitted) = (app.clone(), admitted.clone());
            async move {
                let response = match admitted {
                    Ok(()) => route::answer(&app, request, peer).await,
                    Err(reason) => Refusal::Peer(reason).into_response(),
                };
                app.inner().broker.counters().request_answered();
                Ok::<_, Infallible>(response)
            }
        }
    });
    let connection = builder(&limits).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut first_request = pin!(time::sleep(limits.first_request));
    let (mut is_waiting, mut is_ending) = (true, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "a connection ended");
                }
                return;
            }
            () = first_request.as_mut(), if is_waiting => {
                if !has_asked.load(Ordering::Relaxed) {
                    tracing::debug!(%peer, "a connection brought no request in time");
                    return;
                }
                is_waiting = false;
            }
            () = ending.soon.cancelled(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = ending.now.cancelled() => return,
        }
    }
}

/// Not `pipeline_flush`: with it hyper keeps the answer to a request that it
/// cannot parse in its buffer and closes the connection without a word.
fn builder(limits: &HttpLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Covers the time between two requests as well.
        .header_read_timeout(limits.idle)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers);
    builder
}
