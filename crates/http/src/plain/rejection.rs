//! What is refused in the plain API alone.

use http::StatusCode;
use moustique_broker::Bound;
use moustique_protocol::Excerpt;

/// Why a request of the plain API is refused.
#[derive(Debug)]
pub(crate) enum PlainRejection {
    /// A path that leads nowhere.
    UnknownPath { given: Excerpt },
    /// A method that the path does not take.
    Method { given: Excerpt },
    /// A parameter that the call does not know.
    UnknownParameter {
        given: Excerpt,
        expected: &'static [&'static str],
    },
    /// A parameter that the call cannot do without.
    MissingParameter { name: &'static str },
    /// A parameter whose value is none of those expected.
    Parameter {
        name: &'static str,
        given: Excerpt,
        expected: String,
    },
    /// Two parameters that say different things.
    Contradiction {
        one: &'static str,
        other: &'static str,
    },
    /// Filters of one stream.
    TooManyFilters { given: usize, limit: usize },
    /// A body or a path that is no text.
    NotUtf8 { what: &'static str },
    /// A content type that is not taken.
    MediaType {
        given: Excerpt,
        expected: &'static str,
    },
    /// JSON that is none, or says something else than expected.
    Json { reason: String },
    /// Messages in one request.
    BatchTooLong { given: usize, limit: usize },
    /// Streams that are open.
    TooManyStreams { limit: usize },
    /// A request that does not ask for a WebSocket, where one is.
    NoUpgrade { reason: String },
}

impl PlainRejection {
    /// The status and a word that names the kind of refusal and never changes.
    pub(crate) fn row(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::UnknownPath { .. } => (S::NOT_FOUND, "unknown_path"),
            Self::Method { .. } => (S::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::UnknownParameter { .. } => (S::BAD_REQUEST, "unknown_parameter"),
            Self::MissingParameter { .. } => (S::BAD_REQUEST, "missing_parameter"),
            Self::Parameter { .. } => (S::BAD_REQUEST, "invalid_parameter"),
            Self::Contradiction { .. } => (S::BAD_REQUEST, "contradiction"),
            Self::TooManyFilters { .. } => (S::BAD_REQUEST, "too_many_filters"),
            Self::NotUtf8 { .. } => (S::BAD_REQUEST, "not_utf8"),
            Self::MediaType { .. } => (S::UNSUPPORTED_MEDIA_TYPE, "media_type"),
            Self::Json { .. } => (S::BAD_REQUEST, "malformed_json"),
            Self::BatchTooLong { .. } => (S::PAYLOAD_TOO_LARGE, "batch_too_long"),
            Self::TooManyStreams { .. } => (S::SERVICE_UNAVAILABLE, "too_many_streams"),
            Self::NoUpgrade { .. } => (S::BAD_REQUEST, "no_upgrade"),
        }
    }

    /// The bound that was hit, if it was one.
    pub(crate) fn bound(&self) -> Option<Bound> {
        match self {
            Self::TooManyStreams { .. } => Some(Bound::Streams),
            Self::BatchTooLong { .. } | Self::TooManyFilters { .. } => Some(Bound::Batch),
            _ => None,
        }
    }

    /// What was given and what was expected.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::UnknownPath { given } => {
                format!("there is nothing at '{given}'; /docs lists what there is")
            }
            Self::Method { given } => {
                format!(
                    "the path does not take the method {given}; the header Allow lists those it takes"
                )
            }
            Self::UnknownParameter { given, expected } => match expected {
                [] => format!("the parameter '{given}' is not known; none is expected"),
                _ => format!(
                    "the parameter '{given}' is not known; expected is {}",
                    expected.join(", ")
                ),
            },
            Self::MissingParameter { name } => format!("the parameter '{name}' is missing"),
            Self::Parameter {
                name,
                given,
                expected,
            } => format!("the parameter '{name}' is '{given}'; expected is {expected}"),
            Self::Contradiction { one, other } => {
                format!("both '{one}' and '{other}' are given; one of them is expected")
            }
            Self::TooManyFilters { given, limit } => {
                format!("{given} filters are given; at most {limit} are taken for one stream")
            }
            Self::NotUtf8 { what } => format!("{what} is not UTF-8 text"),
            Self::MediaType { given, expected } => {
                format!("the content type is '{given}'; expected is {expected}")
            }
            Self::Json { reason } => format!("the JSON is not understood: {reason}"),
            Self::BatchTooLong { given, limit } => {
                format!("{given} messages are given; at most {limit} are taken in one request")
            }
            Self::TooManyStreams { limit } => {
                format!(
                    "{limit} streams are open; at most {limit} are served at a time, try again later"
                )
            }
            Self::NoUpgrade { reason } => {
                format!("here is a WebSocket, and the request does not open one: {reason}")
            }
        }
    }
}
