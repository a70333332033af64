//! Every reason for which a request is refused, and how that is answered.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use moustique_broker::{Bound, Refused, SearchError};
use moustique_protocol::Rejection;

use crate::body::BodyError;
use crate::crooks::Denied;
use crate::limits::HttpLimits;

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
    /// What needs leave is asked for without it.
    NotAllowed(String),
    /// A search by a regular expression found nothing out.
    Search(SearchError),
    /// A fault of this machine's, which another try may not meet.
    Failed(String),
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

    /// Why entry was refused, if it was.
    fn denied(&self) -> Option<Denied> {
        match self {
            Self::Peer(_) => Some(Denied::Address),
            Self::CrossSite(_) => Some(Denied::CrossSite),
            Self::NotLocal | Self::NotAllowed(_) => Some(Denied::NotLocal),
            _ => None,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Rejected(rejection) => {
                StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::Broker(Refused::Rejected(_) | Refused::DiskFull) => {
                StatusCode::INSUFFICIENT_STORAGE
            }
            Self::Broker(_) | Self::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::BodyTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Peer(_) | Self::NotAllowed(_) => StatusCode::UNAUTHORIZED,
            Self::CrossSite(_) | Self::NotLocal => StatusCode::FORBIDDEN,
            Self::Search(error) => match error {
                SearchError::TooLong { .. }
                | SearchError::Invalid { .. }
                | SearchError::TooLarge { .. } => StatusCode::BAD_REQUEST,
                SearchError::TooSlow { .. } | SearchError::Busy { .. } | SearchError::Failed => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
            },
        }
    }

    fn text(&self) -> String {
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
            Self::Failed(reason) => reason.clone(),
            Self::CrossSite(reason) => {
                format!("{reason}; a web page may only use the broker that served it")
            }
            Self::NotLocal => {
                "the monitor answers this machine alone: open it at a loopback address, \
                 such as http://127.0.0.1"
                    .into()
            }
        }
    }

    /// The answer. A refusal is plain text, never encoded: the encoding of a
    /// refused request is often what is unknown.
    pub(crate) fn into_response<B: From<Bytes>>(self) -> Response<B> {
        let mut text = self.text();
        text.push('\n');
        let mut response = Response::new(B::from(Bytes::from(text)));
        *response.status_mut() = self.status();
        self.set_headers(response.headers_mut());
        if let Some(denied) = self.denied() {
            response.extensions_mut().insert(denied);
        }
        response
    }

    fn set_headers(&self, headers: &mut HeaderMap) {
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
