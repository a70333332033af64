//! One call over HTTP: connections, times, bounds.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time;

use crate::address::Address;
use crate::call::Call;
use crate::error::ClientError;

/// The longest that a connection may take to be made.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The longest that a call may take, connection and whole reply included, on
/// top of the time for which a pickup asks the broker to wait.
pub const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Bytes of a reply that are read. More: [`ClientError::ReplyTooLong`].
pub const REPLY_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of the text of a refusal that are read. More: the rest is left off.
pub const REFUSAL_BYTES: usize = 4 * 1024;

/// How long an unused connection is kept. Less than the minute after which
/// the broker closes it, so that no call is sent into a closing connection.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// Unused connections that are kept. More: closed.
const IDLE_CONNECTIONS: usize = 64;

/// Calls one broker over connections that are kept.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    address: Address,
}

impl Transport {
    pub(crate) fn new(address: Address) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIME));
        // Calls are small and awaited: to wait for more to send would only
        // delay.
        connector.set_nodelay(true);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(connector);
        Self { http, address }
    }

    /// Makes a call and returns the body of the answer. Dropped before it is done, it closes its connection, so
    /// that the broker takes back what it was about to hand over.
    pub(crate) async fn call(&self, call: &Call<'_>, name: &str) -> Result<Bytes, ClientError> {
        let limit = call.wait().saturating_add(ANSWER_TIME);
        match time::timeout(limit, self.exchange(call, name)).await {
            Ok(answered) => answered,
            Err(_) => Err(ClientError::TimedOut {
                asked: call.to_string(),
                broker: self.address.to_string(),
                limit,
            }),
        }
    }

    /// The error for a reply that is none to this call.
    pub(crate) fn not_understood(&self, call: &Call<'_>, reason: impl ToString) -> ClientError {
        ClientError::Reply {
            asked: call.to_string(),
            broker: self.address.to_string(),
            reason: reason.to_string(),
        }
    }

    async fn exchange(&self, call: &Call<'_>, name: &str) -> Result<Bytes, ClientError> {
        let sent = self.http.request(self.request(call, name)?);
        let (head, body) = sent
            .await
            .map_err(|error| self.not_connected(call, &error))?
            .into_parts();
        if !head.status.is_success() {
            return Err(self.refused(call, head.status, body).await);
        }
        match read(body, REPLY_BYTES).await {
            Collected {
                broken: Some(error),
                ..
            } => Err(self.broken(call, &error)),
            Collected { is_cut: true, .. } => Err(ClientError::ReplyTooLong {
                asked: call.to_string(),
                broker: self.address.to_string(),
                limit: REPLY_BYTES,
            }),
            Collected { bytes, .. } => Ok(bytes.into()),
        }
    }

    fn request(&self, call: &Call<'_>, name: &str) -> Result<Request<Full<Bytes>>, ClientError> {
        Request::post(format!("{}/{}", self.address, call.verb()))
            .header("moustique-encoding", "plain")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(call.form(name)))
            .map_err(|error| ClientError::Address {
                given: self.address.to_string(),
                reason: error.to_string(),
            })
    }

    fn not_connected(&self, call: &Call<'_>, error: &legacy::Error) -> ClientError {
        if !error.is_connect() {
            return self.broken(call, error);
        }
        ClientError::Unreachable {
            asked: call.to_string(),
            broker: self.address.to_string(),
            reason: cause(error),
        }
    }

    fn broken(&self, call: &Call<'_>, error: &(dyn Error + 'static)) -> ClientError {
        ClientError::Broken {
            asked: call.to_string(),
            broker: self.address.to_string(),
            reason: cause(error),
        }
    }

    async fn refused<B>(&self, call: &Call<'_>, status: StatusCode, body: B) -> ClientError
    where
        B: Body<Data = Bytes> + Unpin,
    {
        // The status says enough where the text broke off.
        let text = read(body, REFUSAL_BYTES).await;
        ClientError::Refused {
            asked: call.to_string(),
            broker: self.address.to_string(),
            status: status.as_u16(),
            text: shown(&text.bytes, text.is_cut),
        }
    }
}

/// What was read of a body.
struct Collected<E> {
    bytes: Vec<u8>,
    /// Whether there was more than allowed.
    is_cut: bool,
    broken: Option<E>,
}

/// Reads a body up to a limit.
async fn read<B>(mut body: B, limit: usize) -> Collected<B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut collected = Collected {
        bytes: Vec::new(),
        is_cut: false,
        broken: None,
    };
    while let Some(frame) = body.frame().await {
        let data = match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => data,
            // Trailers carry nothing of the body.
            Ok(Err(_)) => continue,
            Err(error) => {
                collected.broken = Some(error);
                break;
            }
        };
        let room = limit - collected.bytes.len();
        let taken = data.get(..room).unwrap_or(&data);
        collected.bytes.extend_from_slice(taken);
        if taken.len() < data.len() {
            collected.is_cut = true;
            break;
        }
    }
    collected
}

/// The text of a refusal, fit to be shown in one line.
fn shown(bytes: &[u8], is_cut: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut line = text.trim().replace(char::is_control, " ");
    if line.is_empty() {
        line.push_str("(no reason given)");
    }
    if is_cut {
        line.push('…');
    }
    line
}

/// What lies at the bottom of an error: the layers above it only say that
/// there is one.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_no_further() {
        for (limit, bytes, is_cut) in [(0, "", true), (4, "1234", true), (5, "12345", false)] {
            let read = read(Full::from("12345"), limit).await;
            assert_eq!(
                (read.bytes.as_slice(), read.is_cut),
                (bytes.as_bytes(), is_cut)
            );
        }
        assert!(!read(Full::from(""), 0).await.is_cut);
    }

    #[test]
    fn a_refusal_is_shown_in_one_line() {
        assert_eq!(
            shown(b"the topic is 'a\x1b[2J'\nno\n", false),
            "the topic is 'a [2J' no"
        );
        assert_eq!(shown(b"long", true), "long…");
        assert_eq!(shown(b"\xff \n", false), "\u{fffd}");
        assert_eq!(shown(b" \n", false), "(no reason given)");
    }
}
