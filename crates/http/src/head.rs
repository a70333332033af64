//! One head of a request: where it ends, and whether it is sound.
//!
//! hyper answers what it cannot read by itself, with a bare status. So a head is
//! judged before hyper has a byte of it: with the parser that hyper uses and by
//! the rules that hyper has beyond it. What is sound here is sound there.

use std::mem::{self, MaybeUninit};

use http::{Method, StatusCode, Uri};
use httparse::{Error, Header, Request, Status};
use memchr::memchr;
use moustique_broker::Bound;
use moustique_protocol::Excerpt;
use smallvec::{SmallVec, smallvec};

/// Bytes of a target that hyper takes, and the library that it reads it with.
const TARGET_BYTES: usize = (u16::MAX - 1) as usize;

/// Bytes of the name of a header that hyper takes.
const NAME_BYTES: usize = u16::MAX as usize;

/// Headers of a head for which no memory is taken.
const USUAL_HEADERS: usize = 32;

/// What a head may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    /// Bytes of all of it.
    pub(crate) bytes: usize,
    /// Headers in it.
    pub(crate) headers: usize,
}

/// Why a head is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadHead {
    /// It cannot be read in one way only, or lacks what it must have.
    Malformed(&'static str),
    /// More bytes than allowed.
    TooLong { limit: usize },
    /// More headers than allowed.
    TooManyHeaders { limit: usize },
    /// More bytes in the target than a target can have.
    TargetTooLong { given: usize },
    /// A version of HTTP that is not spoken.
    Version { given: Excerpt },
}

impl BadHead {
    /// The status and a word that names the kind of refusal and never changes.
    pub(crate) fn row(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::Malformed(_) => (S::BAD_REQUEST, "malformed"),
            Self::TooLong { .. } => (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_long"),
            Self::TooManyHeaders { .. } => (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "too_many_headers"),
            Self::TargetTooLong { .. } => (S::URI_TOO_LONG, "target_too_long"),
            Self::Version { .. } => (S::HTTP_VERSION_NOT_SUPPORTED, "http_version"),
        }
    }

    /// The bound that was hit, if it was one.
    pub(crate) fn bound(&self) -> Option<Bound> {
        match self {
            Self::TooLong { .. } | Self::TooManyHeaders { .. } | Self::TargetTooLong { .. } => {
                Some(Bound::Head)
            }
            Self::Malformed(_) | Self::Version { .. } => None,
        }
    }

    /// What was given and what was expected.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Malformed(reason) => (*reason).into(),
            Self::TooLong { limit } => {
                format!("the head of the request is longer than the {limit} bytes that are taken")
            }
            Self::TooManyHeaders { limit } => {
                format!("the request has more than the {limit} headers that are taken")
            }
            Self::TargetTooLong { given } => format!(
                "the target of the request has {given} bytes; at most {TARGET_BYTES} are taken"
            ),
            Self::Version { given } => {
                format!("the request is of the version '{given}'; expected is HTTP/1.1 or HTTP/1.0")
            }
        }
    }
}

/// What a sound head says of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announced {
    /// There is none.
    Nothing,
    /// So many bytes, at least one.
    Length(u64),
    /// Chunks.
    Chunks,
}

/// A head that is whole and sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Its bytes.
    pub(crate) bytes: usize,
    pub(crate) body: Announced,
}

/// A head of which more may have to come.
#[derive(Debug)]
pub(crate) struct Head {
    limits: HeadLimits,
    /// Bytes that have been looked at.
    seen: usize,
    /// Where the line begins that they end in.
    line: usize,
    /// Lines that came whole, but for empty ones before the first.
    lines: usize,
    /// Bytes there were when it was last judged without being whole.
    judged: usize,
}

impl Head {
    /// Before its first byte.
    pub(crate) fn new(limits: HeadLimits) -> Self {
        Self {
            limits,
            seen: 0,
            line: 0,
            lines: 0,
            judged: 0,
        }
    }

    /// Looks at bytes that begin with the head, or with what there is of it; they
    /// are those of the last time, and more. When the head is whole, the next one
    /// may be looked at.
    ///
    /// What is no HTTP, a handshake of TLS for instance, has no lines to wait
    /// for. So a head that is not whole is judged each time that its length has
    /// doubled, which in all costs no more than to judge it twice.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> Result<Option<Whole>, BadHead> {
        let limit = self.limits.bytes;
        let is_whole = self.find_end(bytes)?;
        let head = bytes.get(..self.seen).unwrap_or(bytes);
        // One that is not whole has at least a byte to come.
        if head.len() + usize::from(!is_whole) > limit {
            return Err(BadHead::TooLong { limit });
        }
        // The first line is no header.
        let limit = self.limits.headers;
        if self.lines > limit + 1 {
            return Err(BadHead::TooManyHeaders { limit });
        }
        if is_whole {
            let body = judge(head, self.lines)?.ok_or(UNCLEAR)?;
            *self = Self::new(self.limits);
            let bytes = head.len();
            return Ok(Some(Whole { bytes, body }));
        }
        if head.len() >= 2 * self.judged {
            self.judged = head.len();
            if judge(head, self.lines)?.is_some() {
                return Err(UNCLEAR);
            }
        }
        Ok(None)
    }

    /// Looks for the empty line at the end of the head.
    fn find_end(&mut self, bytes: &[u8]) -> Result<bool, BadHead> {
        while let Some(end) = memchr(b'\n', bytes.get(self.seen..).unwrap_or_default()) {
            self.seen += end + 1;
            let begin = mem::replace(&mut self.line, self.seen);
            let line = bytes.get(begin..self.seen).unwrap_or_default();
            match line.strip_suffix(b"\r\n") {
                None => {
                    return Err(BadHead::Malformed(
                        "a line of the request ends with LF alone; expected is CR LF",
                    ));
                }
                Some([]) if self.lines > 0 => return Ok(true),
                // An empty line or more may come before a head.
                Some([]) => {}
                Some(_) => self.lines += 1,
            }
        }
        self.seen = bytes.len();
        Ok(false)
    }
}

/// Whether there is more of a head in these bytes than empty lines before it.
pub(crate) fn has_begun(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| !b"\r\n".contains(byte))
}

/// Reads what can be read of the first line of a bad head: its method and its
/// target.
pub(crate) fn first_words(bytes: &[u8]) -> (&[u8], Option<Uri>) {
    let mut words = first_line(bytes).splitn(3, |byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    let target = words.next().and_then(|target| Uri::try_from(target).ok());
    (method, target)
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii_start();
    let line = memchr(b'\n', bytes).and_then(|end| bytes.get(..end));
    line.unwrap_or(bytes).trim_ascii_end()
}

const UNCLEAR: BadHead = BadHead::Malformed("it cannot be told where the head of the request ends");

/// Judges a head, which is whole or not. It has so many lines, and one more that
/// is not whole. `None`: nothing is wrong with it, but more must come.
fn judge(head: &[u8], lines: usize) -> Result<Option<Announced>, BadHead> {
    let mut headers: SmallVec<[MaybeUninit<Header<'_>>; USUAL_HEADERS]> =
        smallvec![MaybeUninit::uninit(); lines + 1];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut headers) {
        Ok(Status::Complete(bytes)) if bytes == head.len() => {}
        Ok(Status::Complete(_)) => return Err(UNCLEAR),
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(fault(error, &request, head)),
    }
    judge_first_line(&request)?;
    judge_headers(&request).map(Some)
}

/// What the parser has found.
fn fault(error: Error, request: &Request<'_, '_>, head: &[u8]) -> BadHead {
    BadHead::Malformed(match error {
        Error::Token if request.method.is_none() => {
            "the request does not begin with a method; expected is a line such as \
             'GET / HTTP/1.1'"
        }
        Error::Token => {
            "the target of the request is no path or has a character in it that must be written \
             as %-escape; expected is a line such as 'GET / HTTP/1.1'"
        }
        Error::Version => {
            let mut words = first_line(head).splitn(3, |byte| *byte == b' ');
            let version = words.nth(2).unwrap_or_default();
            if version.starts_with(b"HTTP/") {
                let given = Excerpt::of(&String::from_utf8_lossy(version));
                return BadHead::Version { given };
            }
            "the first line of the request does not end with a version; expected is a line such \
             as 'GET / HTTP/1.1'"
        }
        Error::HeaderName => {
            "the name of a header is empty or has a character in it that no name has; expected \
             are lines such as 'Host: localhost'"
        }
        Error::HeaderValue => {
            "the value of a header has a character in it that no value has; expected is text \
             without control characters"
        }
        _ => "a line of the request has a CR in it or does not end where it should",
    })
}

fn judge_first_line(request: &Request<'_, '_>) -> Result<(), BadHead> {
    let method = request.method.unwrap_or_default();
    if Method::from_bytes(method.as_bytes()).is_err() {
        return Err(BadHead::Malformed("the method of the request is no word"));
    }
    let target = request.path.unwrap_or_default();
    if target.len() > TARGET_BYTES {
        let given = target.len();
        return Err(BadHead::TargetTooLong { given });
    }
    if !is_plain_path(target) && Uri::try_from(target).is_err() {
        return Err(BadHead::Malformed(
            "the target of the request is no path; expected is a line such as 'GET / HTTP/1.1'",
        ));
    }
    Ok(())
}

/// Whether a target is what nearly all are, a path of letters and signs that no
/// URL has trouble with. It spares reading it whole, for which memory is taken.
fn is_plain_path(target: &str) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-._~?=&%+".contains(byte);
    target.starts_with('/') && target.as_bytes().iter().all(is_plain)
}

fn judge_headers(request: &Request<'_, '_>) -> Result<Announced, BadHead> {
    let mut announced = None;
    for header in request.headers.iter() {
        let body = if header.name.eq_ignore_ascii_case("content-length") {
            match digits(header.value, 10) {
                Some(0) => Announced::Nothing,
                // Beyond that no body is, and hyper counts in a way of its own.
                Some(bytes) if i64::try_from(bytes).is_ok() => Announced::Length(bytes),
                _ => {
                    return Err(BadHead::Malformed(
                        "Content-Length is no number of bytes; expected are digits alone",
                    ));
                }
            }
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if request.version == Some(0) {
                return Err(BadHead::Malformed(
                    "HTTP/1.0 has no Transfer-Encoding; expected is a Content-Length",
                ));
            }
            if !header.value.eq_ignore_ascii_case(b"chunked") {
                return Err(BadHead::Malformed(
                    "Transfer-Encoding is something else than chunked",
                ));
            }
            Announced::Chunks
        } else if header.name.len() > NAME_BYTES {
            return Err(BadHead::Malformed("the name of a header is too long"));
        } else {
            continue;
        };
        if announced.replace(body).is_some() {
            return Err(BadHead::Malformed(
                "the request says more than once how long its body is; expected is one \
                 Content-Length or one Transfer-Encoding",
            ));
        }
    }
    Ok(announced.unwrap_or(Announced::Nothing))
}

/// Digits alone: no sign, no point, nothing that is too large.
pub(crate) fn digits(text: &[u8], radix: u32) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = char::from(*byte).to_digit(radix)?;
        number.checked_mul(radix.into())?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests;
