//! TLS before HTTP, on a port of its own.

use std::io;
use std::sync::Arc;

use moustique_broker::Bound;
use tokio::net::TcpStream;
use tokio::time::{self, Instant};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// The first byte of every TLS connection: a record of the handshake.
const HANDSHAKE: u8 = 0x16;

/// What somebody is told who speaks HTTP here: otherwise all there is to see is
/// a connection that breaks.
const NOT_TLS: &str = "HTTP/1.1 400 Bad Request\r\n\
                       Content-Type: text/plain; charset=utf-8\r\n\
                       Content-Length: 55\r\n\
                       Connection: close\r\n\r\n\
                       this port speaks TLS; expected is a URL with https://\r\n";

/// Agrees on keys with the peer of a connection that was opened at `begun`.
/// `None` when it is closed: the peer is too slow, speaks something else, or
/// the broker stops, for which nobody waits here.
pub(crate) async fn accept(
    stream: TcpStream,
    begun: Instant,
    app: &App,
    ending: &CancellationToken,
) -> Option<TlsStream<TcpStream>> {
    let settings = app.inner().settings();
    let config = Arc::clone(settings.tls.as_ref()?);
    let deadline = begun + settings.http.first_request;
    let agreed = tokio::select! {
        agreed = time::timeout_at(deadline, agree(stream, config)) => agreed,
        () = ending.cancelled() => return None,
    };
    match agreed {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            app.inner().broker.counters().bound_hit(Bound::FirstRequest);
            None
        }
    }
}

async fn agree(
    stream: TcpStream,
    config: Arc<ServerConfig>,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [HANDSHAKE];
    stream.peek(&mut first).await?;
    if first == [HANDSHAKE] {
        return TlsAcceptor::from(config).accept(stream).await.map(Some);
    }
    // What is not read would have the system cut the answer off.
    let mut request = vec![0; 16 * 1024];
    stream.readable().await?;
    stream.try_read(&mut request)?;
    if request.first().is_some_and(u8::is_ascii_uppercase) {
        stream.writable().await?;
        stream.try_write(NOT_TLS.as_bytes())?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_plain_http_is_as_long_as_it_says() {
        let (head, body) = NOT_TLS.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
    }
}
