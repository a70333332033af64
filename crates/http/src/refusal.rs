//! Every reason for which a request is refused, and how that is answered.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Extensions, HeaderMap, Method, Response, StatusCode};
use moustique_broker::{Bound, Refused, SearchError};
use moustique_protocol::{Excerpt, Rejection};

use crate::body::BodyError;
use crate::crooks::Denied;
use crate::head::BadHead;
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
    /// The connection broke within the body, or its chunks are malformed.
    BodyBroken,
    /// The body is compressed.
    ContentEncoding,
    /// The body is no form.
    ContentType { given: Excerpt },
    /// The head is not as it should be.
    Head(BadHead),
    /// A method that means nothing here.
    Method(Method),
    /// The host that it is meant for is not this broker.
    WrongHost { given: Excerpt },
    /// It is meant for several hosts.
    ManyHosts,
    /// A trusted proxy does not say for whom it speaks.
    Forwarded { given: Excerpt },
    /// More requests than a peer may make in a second.
    TooManyRequests { limit: usize },
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

    pub(crate) fn host(given: &[u8]) -> Self {
        Self::WrongHost {
            given: Excerpt::of(&String::from_utf8_lossy(given)),
        }
    }

    pub(crate) fn origin(given: &[u8]) -> Self {
        let given = String::from_utf8_lossy(given);
        Self::CrossSite(format!(
            "the request comes from the page of '{}'",
            Excerpt::of(&given)
        ))
    }

    pub(crate) fn forwarded(given: &[u8]) -> Self {
        Self::Forwarded {
            given: Excerpt::of(&String::from_utf8_lossy(given)),
        }
    }

    pub(crate) fn content_type(given: &[u8]) -> Self {
        Self::ContentType {
            given: Excerpt::of(&String::from_utf8_lossy(given)),
        }
    }

    /// The bound that was hit, if it was one.
    pub(crate) fn bound(&self) -> Option<Bound> {
        match self {
            Self::BodyTooSlow { .. } => Some(Bound::BodyTime),
            Self::ContentEncoding => Some(Bound::ContentEncoding),
            Self::TooManyRequests { .. } => Some(Bound::Rate),
            Self::Broker(Refused::Rejected(_)) => Some(Bound::Memory),
            Self::TooManyTries { .. } | Self::PasswordsBusy => Some(Bound::Password),
            Self::Head(head) => head.bound(),
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

    /// Why entry was refused, if it was.
    fn denied(&self) -> Option<Denied> {
        match self {
            Self::Peer(_) => Some(Denied::Address),
            Self::WrongHost { .. } | Self::ManyHosts => Some(Denied::WrongHost),
            Self::CrossSite(_) => Some(Denied::CrossSite),
            Self::NotLocal => Some(Denied::NotLocal),
            Self::NotAllowed(_) => Some(Denied::NotAllowed),
            Self::TooManyTries { .. } => Some(Denied::TooManyTries),
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
            Self::ContentType { .. } => (S::UNSUPPORTED_MEDIA_TYPE, "media_type"),
            Self::Head(head) => head.row(),
            Self::Forwarded { .. } => (S::BAD_REQUEST, "forwarded"),
            Self::Method(_) => (S::NOT_IMPLEMENTED, "method_not_implemented"),
            Self::WrongHost { .. } => (S::MISDIRECTED_REQUEST, "wrong_host"),
            Self::ManyHosts => (S::MISDIRECTED_REQUEST, "many_hosts"),
            Self::Peer(_) => (S::UNAUTHORIZED, "access_denied"),
            Self::CrossSite(_) => (S::FORBIDDEN, "cross_site"),
            Self::NotLocal => (S::FORBIDDEN, "not_local"),
            Self::NotReady(refused) => {
                let (_, code) = Self::Broker(refused.clone()).row();
                (S::SERVICE_UNAVAILABLE, code)
            }
            Self::Plain(rejection) => rejection.row(),
            Self::OfMessage { refusal, .. } => refusal.row(),
            Self::Failed(_) => (S::SERVICE_UNAVAILABLE, "failed"),
            Self::NotAllowed(_) => (S::UNAUTHORIZED, "not_allowed"),
            Self::TooManyRequests { .. } => (S::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::TooManyTries { .. } => (S::TOO_MANY_REQUESTS, "too_many_tries"),
            Self::PasswordsBusy => (S::SERVICE_UNAVAILABLE, "passwords_busy"),
            Self::NoPassword => (S::NOT_FOUND, "no_password"),
            Self::Login => (S::BAD_REQUEST, "login"),
            Self::Search(error) => match error {
                SearchError::TooLong { .. } => (S::BAD_REQUEST, "regex_too_long"),
                SearchError::Invalid { .. } => (S::BAD_REQUEST, "invalid_regex"),
                SearchError::TooLarge { .. } => (S::BAD_REQUEST, "regex_too_large"),
                SearchError::TooCostly { .. } => (S::BAD_REQUEST, "regex_too_costly"),
                SearchError::TooSlow { .. } => (S::SERVICE_UNAVAILABLE, "search_too_slow"),
                SearchError::Busy { .. } => (S::SERVICE_UNAVAILABLE, "search_busy"),
                SearchError::Failed => (S::SERVICE_UNAVAILABLE, "search_failed"),
            },
        }
    }

    /// The status it is answered with.
    pub(crate) fn status(&self) -> StatusCode {
        self.row().0
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
            Self::BodyBroken => {
                "the body is not whole: the connection broke within it, or its chunks are malformed"
                    .into()
            }
            Self::ContentEncoding => {
                "the body is compressed; expected is a body without Content-Encoding".into()
            }
            Self::ContentType { given } => {
                format!(
                    "the body is of the type '{given}'; expected is \
                     application/x-www-form-urlencoded, or no Content-Type"
                )
            }
            Self::Head(head) => head.text(),
            Self::Method(method) => {
                format!(
                    "the method {} is not carried out here",
                    Excerpt::of(method.as_str())
                )
            }
            Self::WrongHost { given } => {
                format!(
                    "this broker is not known as '{given}': use its address or the name of its \
                     machine, or add that name without its port to security.allowed_hosts in the \
                     broker's configuration"
                )
            }
            Self::ManyHosts => "the request has several Host headers; expected is one".into(),
            Self::Forwarded { given } => {
                format!(
                    "a trusted proxy says in X-Forwarded-For that it speaks for '{given}'; \
                     expected is an address"
                )
            }
            Self::Peer(reason) | Self::NotAllowed(reason) => format!("Access denied: {reason}"),
            Self::TooManyRequests { limit } => {
                format!(
                    "more than {limit} requests of this address in a second; at most {limit} are allowed"
                )
            }
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
            Self::Failed(reason) => reason.clone(),
            Self::CrossSite(reason) => {
                format!(
                    "{reason}; a web page may use the broker that served it, or one whose \
                     security.allowed_origins names the page's origin"
                )
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
        *response.status_mut() = self.status();
        self.set_headers(response.headers_mut());
        self.note(response.extensions_mut());
        response
    }

    /// Sends along what is to be noted where the address is known.
    pub(crate) fn note(&self, extensions: &mut Extensions) {
        if let Some(denied) = self.denied() {
            extensions.insert(denied);
        }
    }

    pub(crate) fn set_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, crate::classic::TEXT);
        match self {
            Self::Broker(Refused::Stopping) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Self::TooManyTries { seconds } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Self::Broker(_)
            | Self::PasswordsBusy
            | Self::TooManyRequests { .. }
            | Self::NotReady(_)
            | Self::Plain(PlainRejection::TooManyStreams { .. })
            | Self::Search(SearchError::TooSlow { .. } | SearchError::Busy { .. }) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // What follows in the stream is the rest of the body, or whatever else
            // the sender took for its part of the request; not a request.
            Self::Rejected(Rejection::BodyTooLong { .. })
            | Self::BodyTooSlow { .. }
            | Self::BodyBroken
            | Self::Head(_)
            | Self::Method(_)
            | Self::WrongHost { .. }
            | Self::ManyHosts => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Self::Rejected(rejection) => {
                if let Some(allow) = rejection.allow() {
                    headers.insert(ALLOW, HeaderValue::from_static(allow));
                }
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

impl From<BadHead> for Refusal {
    fn from(head: BadHead) -> Self {
        Self::Head(head)
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
