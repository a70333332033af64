//! One kept connection, with as little work of its own as can be.

use std::error::Error;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The length of a reply that this program reads at most.
const REPLY_BYTES: usize = 64 * 1024;

/// A connection that sends requests and reads their replies.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Sends a request and returns the body of its reply, which must be 200.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<&[u8], Box<dyn Error>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed a connection".into());
            }
            if let Some(body) = whole_body(&self.buffer)? {
                return Ok(self.buffer.get(body..).unwrap_or_default());
            }
            if self.buffer.len() > REPLY_BYTES {
                return Err("a reply is longer than expected".into());
            }
        }
    }
}

/// Where the body begins, when all of it is there. Searched for as fast as can be:
/// a server is not to seem slow because it says more in its head.
fn whole_body(reply: &[u8]) -> Result<Option<usize>, Box<dyn Error>> {
    let Some(end) = memmem::find(reply, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = reply.get(..end).unwrap_or_default();
    if !head.starts_with(b"HTTP/1.1 200") {
        let text = String::from_utf8_lossy(head);
        return Err(format!("the server answered {text}").into());
    }
    let length = match memmem::find(head, LENGTH) {
        Some(place) => number(head.get(place + LENGTH.len()..).unwrap_or_default()),
        None => 0,
    };
    let body = end + 4;
    Ok((reply.len() >= body + length).then_some(body))
}

const LENGTH: &[u8] = b"content-length: ";

/// The number at the beginning of the bytes.
fn number(bytes: &[u8]) -> usize {
    let digits = bytes
        .iter()
        .map_while(|byte| char::from(*byte).to_digit(10));
    digits.fold(0, |number, digit| number * 10 + digit as usize)
}

/// A request by POST, as an ESP32 would send it.
pub(crate) fn post(path: &str, form: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}
