//! HTTP by hand, for what no client library would send.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::call::Reply;

/// The longest a reply may take; above every wait that the broker allows.
const PATIENCE: Duration = Duration::from_secs(90);

/// One connection.
#[derive(Debug)]
pub struct Raw {
    stream: BufReader<TcpStream>,
}

impl Raw {
    /// Connects to that port of this machine.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Connects with a window of a few kilobytes, so that a long reply cannot
    /// go out before it is read.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn connect_narrow(port: u16) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        socket.connect(&address.into()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream: BufReader::new(socket.into()),
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When the connection is broken.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Sends a request with a body, for `localhost` unless the headers name
    /// another host.
    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) {
        let mut text = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            text.push_str("Host: localhost\r\n");
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.send(text.as_bytes());
    }

    /// Whether a request without a body is answered, rather than the
    /// connection closed.
    pub fn try_request(&mut self, method: &str, path: &str) -> bool {
        let text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let sent = self.stream.get_mut().write_all(text.as_bytes());
        sent.is_ok() && self.stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty())
    }

    /// Reads one reply that tells its length.
    ///
    /// # Panics
    /// When the connection ends before its end.
    pub fn reply(&mut self) -> Reply {
        let head = self.reply_head();
        let mut body = vec![0; length(&head.headers)];
        self.stream.read_exact(&mut body).unwrap();
        Reply {
            body: String::from_utf8(body).unwrap(),
            ..head
        }
    }

    /// Reads the head of a reply alone, and returns how long its body is.
    ///
    /// # Panics
    /// When the connection ends before its end.
    pub fn head(&mut self) -> usize {
        length(&self.reply_head().headers)
    }

    /// Reads the head of a reply alone: a reply whose body is yet to be read.
    ///
    /// # Panics
    /// When the connection ends before its end.
    pub fn reply_head(&mut self) -> Reply {
        let (status, headers) = self.status_and_headers();
        Reply {
            status,
            headers,
            body: String::new(),
        }
    }

    /// Reads this many bytes of what comes, and forgets them.
    ///
    /// # Panics
    /// When the connection ends before.
    pub fn skip(&mut self, bytes: usize) {
        self.stream.read_exact(&mut vec![0; bytes]).unwrap();
    }

    /// Reads until the connection ends, and returns how many bytes that were.
    ///
    /// # Errors
    /// When it ends by an error.
    pub fn rest(&mut self) -> io::Result<usize> {
        self.stream.read_to_end(&mut Vec::new())
    }

    fn status_and_headers(&mut self) -> (u16, Vec<(String, String)>) {
        let line = self.line();
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut headers = Vec::new();
        loop {
            let header = self.line();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap();
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let status = status.unwrap_or_else(|| panic!("no status in {line:?}"));
        (status, headers)
    }

    /// Whether the other side has closed the connection, and sends nothing
    /// more before.
    ///
    /// # Panics
    /// When neither happens.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(count) => count == 0,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
            Err(error) => panic!("{error}"),
        }
    }

    /// Reads a line, without its end.
    ///
    /// # Panics
    /// When the connection ends before.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the connection ended in {line:?}");
        line.trim_end().to_owned()
    }
}

fn length(headers: &[(String, String)]) -> usize {
    let mut headers = headers.iter();
    let header = headers.find(|(name, _)| name == "content-length");
    header.map_or(0, |(_, value)| value.parse().unwrap())
}
