//! Where requests begin and end in the bytes of a connection.
//!
//! Who passes requests on, a proxy in front, must find the same borders as who
//! answers them; else one sender's bytes become the request of another
//! ("request smuggling"). hyper is lenient where it is harmless to itself: it
//! takes lines that end with LF alone, drops a `Content-Length` beside a
//! `Transfer-Encoding` and one that is there twice, and then shows a head in
//! which none of that is left to see. So the bytes are looked at on their way
//! to hyper, which is given heads that are whole and sound and nothing else.
//!
//! What is taken here is less than what hyper takes. What hyper makes a request
//! of without this having found its head whole is refused, so a difference of
//! opinion ends the connection, whichever of the two is wrong.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use http::Uri;
use memchr::memchr;

use crate::UNGUARDED;
use crate::head::{Announced, BadHead, Head, HeadLimits, digits, first_words};

/// What is known of the requests of a connection.
#[derive(Debug, Default)]
pub(crate) struct Framed {
    /// Heads that came whole.
    heads: AtomicU64,
    /// Requests that hyper has made of them.
    requests: AtomicU64,
    /// The bad head after them, until it is answered.
    refused: Mutex<Option<RefusedHead>>,
    is_upgraded: AtomicBool,
}

/// A head that is answered in hyper's place.
#[derive(Debug)]
pub(crate) struct RefusedHead {
    pub(crate) reason: BadHead,
    /// What it asks for, as far as that can be read: it says in which form the
    /// refusal is understood.
    pub(crate) target: Uri,
}

impl Framed {
    /// hyper has made one more request; else what is wrong with its head.
    pub(crate) fn request(&self) -> Result<(), RefusedHead> {
        let requests = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if UNGUARDED || requests <= self.heads.load(Ordering::Relaxed) {
            return Ok(());
        }
        let refused = self.refused.lock();
        let refused = refused.unwrap_or_else(PoisonError::into_inner).take();
        Err(refused.unwrap_or(RefusedHead {
            reason: BadHead::Malformed("it cannot be told where the request begins"),
            target: Uri::default(),
        }))
    }

    /// No more heads come: from here on the connection speaks something else.
    pub(crate) fn upgrade(&self) {
        self.is_upgraded.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Relaxed)
    }

    fn refuse(&self, reason: BadHead, target: Option<Uri>) {
        let refused = RefusedHead {
            reason,
            target: target.unwrap_or_default(),
        };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
    }
}

/// Follows the bytes of a connection.
#[derive(Debug)]
pub(crate) struct Framing {
    place: Place,
    head: Head,
    /// The beginning of a line of a chunked body, whose end has yet to come.
    line: Vec<u8>,
    /// Bytes of it that are waited for.
    longest_line: usize,
}

/// Where the next byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A head.
    Head,
    /// A body, with so many bytes to come.
    Body(u64),
    /// The size of a chunk.
    ChunkSize,
    /// A chunk, with so many bytes to come.
    Chunk(u64),
    /// The end of a chunk.
    ChunkEnd,
    /// A line after the last chunk.
    Trailer,
    /// After a bad head, for which hyper has another.
    Refused { is_head_alone: bool },
    /// After a malformed body, of which hyper has the beginning.
    Broken,
}

impl Framing {
    /// At the begin of a connection.
    pub(crate) fn new(limits: HeadLimits) -> Self {
        Self {
            place: Place::Head,
            head: Head::new(limits),
            line: Vec::new(),
            longest_line: limits.bytes,
        }
    }

    /// Follows the next bytes. Returns how many of them hyper may have. What is
    /// left of them is
    ///
    /// - the beginning of a head: the next bytes are to begin with it;
    /// - or a bad head and what came with it ([`Self::stand_in`]);
    /// - or a body that turned out to be malformed ([`Self::is_broken`]): a
    ///   request that is worked on is to end there, not where hyper might find
    ///   an end.
    pub(crate) fn follow(&mut self, bytes: &[u8], framed: &Framed) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.place {
                Place::Head => {
                    let Some(bytes) = self.follow_head(rest, framed) else {
                        break;
                    };
                    rest = rest.get(bytes..).unwrap_or_default();
                }
                Place::Body(left) => {
                    self.place = match skip(&mut rest, left) {
                        0 => Place::Head,
                        left => Place::Body(left),
                    };
                }
                Place::Chunk(left) => {
                    self.place = match skip(&mut rest, left) {
                        0 => Place::ChunkEnd,
                        left => Place::Chunk(left),
                    };
                }
                Place::ChunkSize | Place::ChunkEnd | Place::Trailer => {
                    let Some(after) = self.follow_line(rest) else {
                        self.line = Vec::new();
                        self.place = Place::Broken;
                        break;
                    };
                    rest = after;
                }
                Place::Refused { .. } | Place::Broken => break,
            }
        }
        bytes.len() - rest.len()
    }

    /// What hyper is given in the place of a bad head, when there was one: a
    /// request that is answered with what is wrong with the other. To one that
    /// takes no body in its answer, it is such a one.
    pub(crate) fn stand_in(&self) -> Option<&'static [u8]> {
        match self.place {
            Place::Refused { is_head_alone } => Some(if is_head_alone {
                b"HEAD / HTTP/1.1\r\n\r\n"
            } else {
                b"GET / HTTP/1.1\r\n\r\n"
            }),
            _ => None,
        }
    }

    /// Whether a body has turned out to be malformed.
    pub(crate) fn is_broken(&self) -> bool {
        self.place == Place::Broken
    }

    /// The bytes of the head at the begin of these, when it is whole and sound.
    fn follow_head(&mut self, bytes: &[u8], framed: &Framed) -> Option<usize> {
        match self.head.follow(bytes) {
            Ok(None) => None,
            Ok(Some(head)) => {
                framed.heads.fetch_add(1, Ordering::Relaxed);
                self.place = match head.body {
                    Announced::Nothing => Place::Head,
                    Announced::Length(bytes) => Place::Body(bytes),
                    Announced::Chunks => Place::ChunkSize,
                };
                Some(head.bytes)
            }
            Err(reason) => {
                let (method, target) = first_words(bytes);
                self.place = Place::Refused {
                    is_head_alone: method == b"HEAD",
                };
                framed.refuse(reason, target);
                None
            }
        }
    }

    /// Takes a line of a chunked body, or the part of it that is there. Returns
    /// what comes after it, unless it is malformed.
    fn follow_line<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let Some((part, rest)) =
            memchr(b'\n', bytes).and_then(|end| bytes.split_at_checked(end + 1))
        else {
            self.line.extend_from_slice(bytes);
            return (self.line.len() <= self.longest_line).then_some(&[]);
        };
        if self.line.is_empty() {
            self.place = self.after_line(part)?;
        } else {
            let mut line = mem::take(&mut self.line);
            line.extend_from_slice(part);
            self.place = self.after_line(&line)?;
        }
        Some(rest)
    }

    /// Where the bytes after a line of a chunked body belong, unless it is
    /// malformed.
    fn after_line(&self, line: &[u8]) -> Option<Place> {
        let line = line.strip_suffix(b"\r\n")?;
        match self.place {
            Place::ChunkSize => Some(match chunk_size(line)? {
                0 => Place::Trailer,
                size => Place::Chunk(size),
            }),
            // A chunk that is longer than its size has something before it.
            Place::ChunkEnd => line.is_empty().then_some(Place::ChunkSize),
            _ if line.is_empty() => Some(Place::Head),
            _ => Some(Place::Trailer),
        }
    }
}

/// Passes over that many of the bytes, and returns how many are left to come.
fn skip(bytes: &mut &[u8], left: u64) -> u64 {
    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
    let (_, rest) = bytes.split_at(here);
    *bytes = rest;
    left.saturating_sub(here as u64)
}

/// The size in the first line of a chunk, which may have extensions after it.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let mut parts = line.split(|byte| *byte == b';');
    digits(parts.next()?.trim_ascii_end(), 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits {
        bytes: 64,
        headers: 8,
    };

    /// Heads that come whole, and what is wrong after them.
    fn followed(pieces: &[&[u8]]) -> (u64, Option<BadHead>) {
        let framed = Framed::default();
        let mut framing = Framing::new(LIMITS);
        let mut held = Vec::new();
        for piece in pieces {
            held.extend_from_slice(piece);
            let passed = framing.follow(&held, &framed);
            held.drain(..passed);
        }
        assert!(held.is_empty() || framing.stand_in().is_some());
        let heads = framed.heads.load(Ordering::Relaxed);
        let refused = framed.refused.lock().unwrap().take();
        (heads, refused.map(|refused| refused.reason))
    }

    const SOUND: &[u8] = b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\
        POST / HTTP/1.1\r\ncontent-LENGTH:  12\t\r\n\r\nno\n\r\n\nheader\
        POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n\
        A;ext=\"x\"\r\n0123\n\n6789\r\n1 \r\n:\r\n000\r\nX: y\r\n\r\n\
        POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n\
        PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";

    #[test]
    fn requests_are_found_wherever_the_bytes_are_cut() {
        assert_eq!(followed(&[SOUND]), (6, None));
        for cut in 0..SOUND.len() {
            let (head, tail) = SOUND.split_at(cut);
            assert_eq!(followed(&[head, tail]), (6, None), "{cut}");
        }
        let bytes: Vec<&[u8]> = SOUND.chunks(1).collect();
        assert_eq!(followed(&bytes), (6, None));
    }

    #[test]
    fn after_a_bad_head_nothing_is_a_request() {
        for bad in ["GET / HTTP/1.1\n\n", "\0", &"x".repeat(80)] {
            let text = format!("GET / HTTP/1.1\r\n\r\n{bad}");
            let (heads, fault) = followed(&[text.as_bytes(), b"\r\nGET / HTTP/1.1\r\n\r\n"]);
            assert_eq!(heads, 1, "{bad:?}");
            assert!(fault.is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_malformed_body_ends_where_it_is_malformed() {
        let head = "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let long = "x".repeat(80);
        for (sound, malformed) in [
            ("", "1\n"),
            ("", "x\r\n"),
            ("", "\r\n"),
            ("", "-1\r\n"),
            ("", "10000000000000000\r\n"),
            ("1\r\nx", "\n"),
            ("1\r\nx", "x\r\n"),
            ("0\r\n", "\n"),
            ("0\r\nA: b\r\n", "C: d\n"),
            ("0\r\n", &long),
        ] {
            let framed = Framed::default();
            let mut framing = Framing::new(LIMITS);
            let after = if malformed == long {
                ""
            } else {
                "0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
            };
            let text = format!("{head}{sound}{malformed}{after}");
            let passed = framing.follow(text.as_bytes(), &framed);
            assert_eq!(passed, head.len() + sound.len(), "{sound:?} {malformed:?}");
            assert!(framing.is_broken());
            assert_eq!(framing.follow(b"GET / HTTP/1.1\r\n\r\n", &framed), 0);
            assert_eq!(framed.heads.load(Ordering::Relaxed), 1);
        }
    }

    #[test]
    fn a_request_without_a_head_that_was_found_is_refused() {
        let framed = Framed::default();
        let mut framing = Framing::new(LIMITS);
        framing.follow(b"GET / HTTP/1.1\r\n\r\nHEAD /v1/a HTTP/1.1\n\n", &framed);
        assert!(framing.stand_in().unwrap().starts_with(b"HEAD "));
        assert!(framed.request().is_ok());
        let refused = framed.request().unwrap_err();
        assert!(refused.reason.text().contains("LF alone"));
        assert_eq!(refused.target.path(), "/v1/a");
        for unseen in [framed, Framed::default()] {
            let refused = unseen.request().unwrap_err();
            assert!(refused.reason.text().contains("begins"));
        }
    }
}
