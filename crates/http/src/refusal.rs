//! Every reason for which a request is refused, and how that is answered.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use moustique_broker::{Bound, Refused, SearchError};
use moustique_protocol::Rejection;

use crate::body::BodyError;
use crate::limits::HttpLimits;
use crate::plain::rejection::PlainRejection;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// What it says cannot be understood or accepted.
    Rejected(Rejection),
    /// The broker does not carry it out.
    Broker(Refused),
    /// The body took too long.
    BodyTooSlow { seconds: u64 },
    /// The connection broke within the body.
    BodyBroken,
    /// The body is compressed.
    ContentEncoding,
    /// The peer may not connect.
    Peer(String),
    /// A web page of another host asks.
    CrossSite(String),
    /// Something that is for this machine alone is asked for from elsewhere.
    NotLocal,
    /// Whoever asks whether the broker can store: it cannot.
    NotReady(Refused),
    /// What the plain API alone refuses.
    Plain(PlainRejection),
    /// One of several messages is at fault.
    OfMessage { index: usize, refusal: Box<Self> },
    /// What needs leave is asked for without it.
    NotAllowed(String),
    /// A search by a regular expression found nothing out.
    Search(SearchError),
}

impl Refusal {
    pub(crate) fn from_body(error: BodyError, limits: &HttpLimits) -> Self {
        match error {
            BodyError::TooLong => Self::Rejected(Rejection::BodyTooLong {
                limit: limits.body_bytes,
            }),
            BodyError::TooSlow => Self::BodyTooSlow {
                seconds: limits.body.as_secs(),
            },
            BodyError::Broken => Self::BodyBroken,
        }
    }

    /// The bound that was hit, if it was one.
    pub(crate) fn bound(&self) -> Option<Bound> {
        match self {
            Self::BodyTooSlow { .. } => Some(Bound::BodyTime),
            Self::ContentEncoding => Some(Bound::ContentEncoding),
            Self::Broker(Refused::Rejected(_)) => Some(Bound::Memory),
            Self::Plain(rejection) => rejection.bound(),
            Self::OfMessage { refusal, .. } => refusal.bound(),
            Self::Search(SearchError::Invalid { .. } | SearchError::Failed) => None,
            Self::Search(_) => Some(Bound::Regex),
            Self::Rejected(rejection) => match rejection {
                Rejection::BodyTooLong { .. } => Some(Bound::Body),
                Rejection::MessageTooLong { .. } => Some(Bound::Message),
                Rejection::InvalidField { .. } => Some(Bound::Name),
                Rejection::TooManyFields { .. }
                | Rejection::FieldNameTooLong { .. }
                | Rejection::RepeatedField { .. } => Some(Bound::Form),
                Rejection::Full(_) => Some(Bound::Memory),
                _ => None,
            },
            _ => None,
        }
    }

    /// The status and a word that names the kind of refusal and never changes.
    pub(crate) fn row(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::Rejected(rejection) => (
                S::from_u16(rejection.status()).unwrap_or(S::BAD_REQUEST),
                rejection.code(),
            ),
            Self::Broker(refused) => match refused {
                Refused::Rejected(_) => (S::INSUFFICIENT_STORAGE, "full"),
                Refused::DiskFull => (S::INSUFFICIENT_STORAGE, "disk_full"),
                Refused::NotStored(_) => (S::SERVICE_UNAVAILABLE, "not_stored"),
                Refused::Damaged(_) => (S::SERVICE_UNAVAILABLE, "damaged"),
                Refused::NotRead(_) => (S::SERVICE_UNAVAILABLE, "not_read"),
                Refused::Busy { .. } => (S::SERVICE_UNAVAILABLE, "busy"),
                Refused::Stopping => (S::SERVICE_UNAVAILABLE, "stopping"),
            },
            Self::BodyTooSlow { .. } => (S::REQUEST_TIMEOUT, "body_too_slow"),
            Self::BodyBroken => (S::BAD_REQUEST, "body_broken"),
            Self::ContentEncoding => (S::UNSUPPORTED_MEDIA_TYPE, "content_encoding"),
            Self::Peer(_) => (S::UNAUTHORIZED, "access_denied"),
            Self::CrossSite(_) => (S::FORBIDDEN, "cross_site"),
            Self::NotLocal => (S::FORBIDDEN, "not_local"),
            Self::NotReady(refused) => {
                let (_, code) = Self::Broker(refused.clone()).row();
                (S::SERVICE_UNAVAILABLE, code)
            }
            Self::Plain(rejection) => rejection.row(),
            Self::OfMessage { refusal, .. } => refusal.row(),
            Self::NotAllowed(_) => (S::UNAUTHORIZED, "not_allowed"),
            Self::Search(error) => match error {
                SearchError::TooLong { .. } => (S::BAD_REQUEST, "regex_too_long"),
                SearchError::Invalid { .. } => (S::BAD_REQUEST, "invalid_regex"),
                SearchError::TooLarge { .. } => (S::BAD_REQUEST, "regex_too_large"),
                SearchError::TooSlow { .. } => (S::SERVICE_UNAVAILABLE, "search_too_slow"),
                SearchError::Busy { .. } => (S::SERVICE_UNAVAILABLE, "search_busy"),
                SearchError::Failed => (S::SERVICE_UNAVAILABLE, "search_failed"),
            },
        }
    }

    /// Which of several messages is at fault, counted from 0.
    pub(crate) fn index(&self) -> Option<usize> {
        match self {
            Self::OfMessage { index, .. } => Some(*index),
            _ => None,
        }
    }

    /// The same, for one of several messages.
    pub(crate) fn of_message(self, index: usize) -> Self {
        let refusal = Box::new(self);
        Self::OfMessage { index, refusal }
    }

    /// What was given and what was expected.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Rejected(rejection) => rejection.to_string(),
            Self::Broker(refused) => refused.to_string(),
            Self::BodyTooSlow { seconds } => {
                format!("the body did not arrive within {seconds} s")
            }
            Self::BodyBroken => "the connection broke within the body".into(),
            Self::ContentEncoding => {
                "the body is compressed; expected is a body without Content-Encoding".into()
            }
            Self::Peer(reason) | Self::NotAllowed(reason) => format!("Access denied: {reason}"),
            Self::Search(error) => error.to_string(),
            Self::CrossSite(reason) => {
                format!("{reason}; a web page may only use the broker that served it")
            }
            Self::NotLocal => {
                "the monitor answers this machine alone: open it at a loopback address, \
                 such as http://127.0.0.1"
                    .into()
            }
            Self::NotReady(refused) => refused.to_string(),
            Self::Plain(rejection) => rejection.text(),
            Self::OfMessage { index, refusal } => {
                format!("message {index}: {}; none is published", refusal.text())
            }
        }
    }

    /// The answer. A refusal is plain text, never encoded: the encoding of a
    /// refused request is often what is unknown.
    pub(crate) fn into_response<B: From<Bytes>>(self) -> Response<B> {
        let mut text = self.text();
        text.push('\n');
        let mut response = Response::new(B::from(Bytes::from(text)));
        *response.status_mut() = self.row().0;
        self.set_headers(response.headers_mut());
        response
    }

    pub(crate) fn set_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, crate::classic::TEXT);
        match self {
            Self::Rejected(rejection) => {
                if let Some(allow) = rejection.allow() {
                    headers.insert(ALLOW, HeaderValue::from_static(allow));
                }
            }
            Self::Broker(Refused::Stopping) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Self::Broker(_)
            | Self::NotReady(_)
            | Self::Plain(PlainRejection::TooManyStreams { .. })
            | Self::Search(SearchError::TooSlow { .. } | SearchError::Busy { .. }) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // What follows in the stream is the rest of the body, not a request.
            Self::BodyTooSlow { .. } | Self::BodyBroken => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<PlainRejection> for Refusal {
    fn from(rejection: PlainRejection) -> Self {
        Self::Plain(rejection)
    }
}

impl From<SearchError> for Refusal {
    fn from(error: SearchError) -> Self {
        Self::Search(error)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::Broker(refused)
    }
}
