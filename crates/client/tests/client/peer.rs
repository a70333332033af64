//! A peer that answers what a test tells it to.

use moustique_client::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// A port, and a client of it.
pub(crate) async fn listen() -> (TcpListener, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = Client::new(&format!("http://{address}"), "c").unwrap();
    (listener, client)
}

/// A request that waits for its answer, whatever connection it came over.
pub(crate) struct Asked {
    request: String,
    reply: oneshot::Sender<Vec<u8>>,
}

impl Asked {
    /// The verb, with its slash.
    pub(crate) fn path(&self) -> &str {
        self.request.split(' ').nth(1).unwrap()
    }

    /// The form.
    pub(crate) fn body(&self) -> &str {
        self.request.split_once("\r\n\r\n").unwrap().1
    }

    /// Answers with a status and a text.
    pub(crate) fn answer(self, status: &str, body: &str) {
        self.reply.send(reply(status, body)).unwrap();
    }
}

/// A peer that hands over each request and keeps its connections, and a client
/// of it.
pub(crate) async fn serve() -> (mpsc::Receiver<Asked>, Client) {
    let (listener, client) = listen().await;
    let (sender, asked) = mpsc::channel(1);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, sender.clone()));
        }
    });
    (asked, client)
}

async fn converse(mut stream: TcpStream, sender: mpsc::Sender<Asked>) {
    while let Some(request) = read_request(&mut stream).await {
        let (reply, answer) = oneshot::channel();
        // Either fails when the test is over.
        if sender.send(Asked { request, reply }).await.is_err() {
            return;
        }
        let Ok(answer) = answer.await else { return };
        stream.write_all(&answer).await.unwrap();
    }
}

/// Reads one request, head and body. `None` when there is no further one.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        if count == 0 {
            assert_eq!(request, "", "it broke off");
            return None;
        }
        request.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        let Some((head, body)) = request.split_once("\r\n\r\n") else {
            continue;
        };
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.unwrap().parse::<usize>().unwrap() {
            return Some(request);
        }
    }
}

/// An answer as it goes over the wire.
pub(crate) fn reply(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}
