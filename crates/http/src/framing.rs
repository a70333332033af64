//! Where requests begin and end in the bytes of a connection.
//!
//! Who passes requests on, a proxy in front, must find the same borders as who
//! answers them; else one sender's bytes become the request of another
//! ("request smuggling"). hyper is lenient where it is harmless to itself: it
//! takes lines that end with LF alone, drops a `Content-Length` beside a
//! `Transfer-Encoding` and one that is there twice, and then shows a head in
//! which none of that is left to see. So the bytes are looked at on their way
//! to hyper.
//!
//! What is taken here is less than what hyper takes. What hyper makes a request
//! of without this having found its head whole is refused, so a difference of
//! opinion ends the connection, whichever of the two is wrong.

use std::mem;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memchr;

/// What is known of the requests of a connection.
#[derive(Debug, Default)]
pub(crate) struct Framed {
    /// Heads that came whole.
    heads: AtomicU64,
    /// Requests that hyper has made of them.
    requests: AtomicU64,
    /// What is wrong with the head after them.
    fault: OnceLock<&'static str>,
}

impl Framed {
    /// hyper has made one more request; else what is wrong with its head.
    pub(crate) fn request(&self) -> Result<(), &'static str> {
        let requests = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if requests <= self.heads.load(Ordering::Relaxed) {
            return Ok(());
        }
        let fault = self.fault.get().copied();
        Err(fault.unwrap_or("it cannot be told where the request begins"))
    }
}

/// Follows the bytes of a connection.
#[derive(Debug)]
pub(crate) struct Framing {
    place: Place,
    /// The beginning of a line whose end has yet to come.
    line: Vec<u8>,
    /// Bytes of a line that are waited for.
    longest_line: usize,
    body: Announced,
    /// Whether a line of the head has come.
    begun: bool,
}

/// Where the next byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A line of a head.
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
    /// After a malformed head: hyper makes no request of it, or that is refused.
    Lost,
    /// After a malformed body, of which hyper has the beginning.
    Broken,
}

/// What a head says of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announced {
    Nothing,
    Length(u64),
    Chunks,
}

impl Framing {
    /// At the begin of a connection whose heads have at most so many bytes.
    pub(crate) fn new(head_bytes: usize) -> Self {
        Self {
            place: Place::Head,
            line: Vec::new(),
            longest_line: head_bytes,
            body: Announced::Nothing,
            begun: false,
        }
    }

    /// Follows the next bytes. Returns how many of them hyper may have: all,
    /// unless the body of a request that it works on turns out to be malformed.
    /// It is to end there, not where hyper might find an end.
    pub(crate) fn follow(&mut self, bytes: &[u8], framed: &Framed) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            let before = rest.len();
            let followed = match self.place {
                Place::Lost => return bytes.len(),
                Place::Broken => return 0,
                Place::Body(left) => {
                    self.place = match skip(&mut rest, left) {
                        0 => Place::Head,
                        left => Place::Body(left),
                    };
                    Ok(())
                }
                Place::Chunk(left) => {
                    self.place = match skip(&mut rest, left) {
                        0 => Place::ChunkEnd,
                        left => Place::Chunk(left),
                    };
                    Ok(())
                }
                _ => self.follow_line(&mut rest, framed),
            };
            if let Err(fault) = followed {
                self.line = Vec::new();
                if self.place != Place::Head {
                    self.place = Place::Broken;
                    return bytes.len() - before;
                }
                self.place = Place::Lost;
                // It has none yet: nothing is followed after the first.
                let _ = framed.fault.set(fault);
            }
        }
        bytes.len()
    }

    /// Whether a body has turned out to be malformed.
    pub(crate) fn is_broken(&self) -> bool {
        self.place == Place::Broken
    }

    /// Takes a line out of the bytes, or the part of it that is there.
    fn follow_line(&mut self, bytes: &mut &[u8], framed: &Framed) -> Result<(), &'static str> {
        let Some((part, rest)) =
            memchr(b'\n', bytes).and_then(|end| bytes.split_at_checked(end + 1))
        else {
            let part = mem::take(bytes);
            if self.line.len() + part.len() > self.longest_line {
                return Err("a line of the request is longer than a head may be");
            }
            self.line.extend_from_slice(part);
            return Ok(());
        };
        *bytes = rest;
        if self.line.is_empty() {
            return self.take_line(part, framed);
        }
        let mut line = mem::take(&mut self.line);
        line.extend_from_slice(part);
        self.take_line(&line, framed)
    }

    fn take_line(&mut self, line: &[u8], framed: &Framed) -> Result<(), &'static str> {
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return Err("a line of the request ends with LF alone; expected is CR LF");
        };
        match self.place {
            Place::ChunkSize => {
                self.place = match chunk_size(line).ok_or("the size of a chunk is no number")? {
                    0 => Place::Trailer,
                    size => Place::Chunk(size),
                };
            }
            Place::ChunkEnd => {
                if !line.is_empty() {
                    return Err("a chunk is longer than its size");
                }
                self.place = Place::ChunkSize;
            }
            Place::Trailer => {
                if line.is_empty() {
                    self.place = Place::Head;
                }
            }
            // An empty line or more may come before a head.
            _ if line.is_empty() && !self.begun => {}
            _ if line.is_empty() => self.end_head(framed),
            // Its first line is no header.
            _ if !self.begun => self.begun = true,
            _ => self.take_header(line)?,
        }
        Ok(())
    }

    fn end_head(&mut self, framed: &Framed) {
        framed.heads.fetch_add(1, Ordering::Relaxed);
        self.begun = false;
        self.place = match mem::replace(&mut self.body, Announced::Nothing) {
            Announced::Nothing | Announced::Length(0) => Place::Head,
            Announced::Length(bytes) => Place::Body(bytes),
            Announced::Chunks => Place::ChunkSize,
        };
    }

    fn take_header(&mut self, line: &[u8]) -> Result<(), &'static str> {
        // What is no header at all, hyper refuses.
        let Some((name, value)) = memchr(b':', line).and_then(|colon| line.split_at_checked(colon))
        else {
            return Ok(());
        };
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        let announced = if name.eq_ignore_ascii_case(b"content-length") {
            Announced::Length(digits(value, 10).ok_or("Content-Length is no number of bytes")?)
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err("Transfer-Encoding is something else than chunked");
            }
            Announced::Chunks
        } else {
            return Ok(());
        };
        if self.body != Announced::Nothing {
            return Err(
                "the request says more than once how long its body is; expected is one \
                 Content-Length or one Transfer-Encoding",
            );
        }
        self.body = announced;
        Ok(())
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

/// Digits alone: no sign, no point, nothing that is too large.
fn digits(text: &[u8], radix: u32) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = char::from(*byte).to_digit(radix)?;
        number.checked_mul(radix.into())?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heads that come whole, and what is wrong after them.
    fn followed(pieces: &[&[u8]]) -> (u64, Option<&'static str>) {
        let framed = Framed::default();
        let mut framing = Framing::new(64);
        for piece in pieces {
            framing.follow(piece, &framed);
        }
        let heads = framed.heads.load(Ordering::Relaxed);
        (heads, framed.fault.get().copied())
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
    fn what_can_be_read_in_two_ways_is_a_fault() {
        let long = [b'x'; 80];
        let cases: [(&[u8], &str); 14] = [
            (b"GET / HTTP/1.1\n\n", "LF alone"),
            (b"\nGET / HTTP/1.1\r\n\r\n", "LF alone"),
            (b"GET / HTTP/1.1\r\nA: b\nHost: c\r\n\r\n", "LF alone"),
            (b"GET / HTTP/1.1\r\nA: b\r\n\n", "LF alone"),
            (
                b"G\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                "more than once",
            ),
            (
                b"G\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                "more than once",
            ),
            (
                b"G\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
                "more than once",
            ),
            (
                b"G\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                "more than once",
            ),
            (
                b"G\r\nTransfer-Encoding: gzip, chunked\r\n",
                "something else",
            ),
            (b"G\r\nContent-Length: +1\r\n", "no number"),
            (b"G\r\nContent-Length: 1, 1\r\n", "no number"),
            (
                b"G\r\nContent-Length: 18446744073709551616\r\n",
                "no number",
            ),
            (b"G\r\nContent-Length:\r\n", "no number"),
            (&long, "longer"),
        ];
        for (bytes, words) in cases {
            let (heads, fault) = followed(&[bytes, b"\r\nGET / HTTP/1.1\r\n\r\n"]);
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(heads, 0, "{text}");
            assert!(fault.unwrap().contains(words), "{text}: {fault:?}");
        }
    }

    #[test]
    fn a_malformed_body_ends_where_it_is_malformed() {
        let head = "P\r\nTransfer-Encoding: chunked\r\n\r\n";
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
        ] {
            let framed = Framed::default();
            let mut framing = Framing::new(64);
            let text = format!("{head}{sound}{malformed}0\r\n\r\nGET / HTTP/1.1\r\n\r\n");
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
        let mut framing = Framing::new(64);
        framing.follow(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\n\n", &framed);
        assert_eq!(framed.request(), Ok(()));
        assert!(framed.request().unwrap_err().contains("LF alone"));
        let unseen = Framed::default();
        assert!(unseen.request().unwrap_err().contains("begins"));
    }
}
