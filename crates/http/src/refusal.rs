//! Every reason for which a request is refused, and how that is answered.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use moustique_broker::{Bound, Refused, SearchError};
use moustique_protocol::Rejection;

use crate::body::BodyError;
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
    /// The password was named wrongly too often.
    TooManyTries { seconds: u64 },
    /// Too many passwords are being checked.
    PasswordsBusy,
    /// Somebody logs in where there is no password.
    NoPassword,
    /// The body of a login cannot be read.
    Login,
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
            Self::TooManyTries { .. } | Self::PasswordsBusy => Some(Bound::Password),
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

    fn status(&self) -> StatusCode {
        match self {
            Self::Rejected(rejection) => {
                StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::Broker(Refused::Rejected(_) | Refused::DiskFull) => {
                StatusCode::INSUFFICIENT_STORAGE
            }
            Self::Broker(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::BodyTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Peer(_) | Self::NotAllowed(_) => StatusCode::UNAUTHORIZED,
            Self::CrossSite(_) | Self::NotLocal => StatusCode::FORBIDDEN,
            Self::TooManyTries { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::PasswordsBusy => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoPassword => StatusCode::NOT_FOUND,
            Self::Login => StatusCode::BAD_REQUEST,
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
            Self::TooManyTries { seconds } => {
                format!("the password was named wrongly too often; try again in {seconds} s")
            }
            Self::PasswordsBusy => {
                "too many passwords are being checked; try again in a second".into()
            }
            Self::NoPassword => "no password is set, so there is nothing to log in to".into(),
            Self::Login => {
                "the login is not understood; expected is the JSON object {\"password\": \"…\"} \
                 or a form with the field password"
                    .into()
            }
            Self::Search(error) => error.to_string(),
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
            Self::TooManyTries { seconds } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Self::Broker(_)
            | Self::PasswordsBusy
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
