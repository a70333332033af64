//! Requests whose end is not where everyone finds it. None has an effect, each is
//! answered once in full, and each ends its connection.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use moustique_tests::{Broker, Reply};

use crate::malformed::{FORM, HOST, POST, SMUGGLED, cases};
use crate::sealed::assert_sealed;

/// The longest a connection may stay open after what ends it.
const PATIENCE: Duration = Duration::from_secs(20);

/// All replies until the connection ends.
fn replies(port: u16, bytes: &[u8]) -> Vec<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may be refused before it is sent whole.
    let _ = stream.write_all(bytes);
    let mut answers = Vec::new();
    match stream.read_to_end(&mut answers) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&answers)),
    }
    let answers = String::from_utf8(answers).unwrap();
    let (mut rest, mut replies) = (answers.as_str(), Vec::new());
    while !rest.is_empty() {
        let (reply, after) = read(rest);
        replies.push(reply);
        rest = after;
    }
    replies
}

/// The first of several replies, and what comes after it.
fn read(text: &str) -> (Reply, &str) {
    let (head, rest) = text.split_once("\r\n\r\n").unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let status = line.strip_prefix("HTTP/1.").unwrap().get(2..5).unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    };
    let mut reply = Reply {
        status: status.parse().unwrap(),
        headers: headers.lines().map(header).collect(),
        body: String::new(),
    };
    let length = reply.header("content-length").unwrap().parse().unwrap();
    let (body, after) = rest.split_at(length);
    reply.body = body.to_owned();
    (reply, after)
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_once_and_ends_the_connection() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let cases = cases();
    for (name, request, status) in &cases {
        let replies = replies(broker.port(), format!("{request}{SMUGGLED}").as_bytes());
        assert_eq!(statuses(&replies), [*status], "{name}");
        let reply = &replies[0];
        assert_sealed(reply);
        assert_eq!(reply.header("connection"), Some("close"), "{name}");
        // A sentence in plain text, which is the form of the verbs.
        assert!(
            reply.body.ends_with('\n') && reply.body.contains(' '),
            "{name}: {reply:?}"
        );
        assert_eq!(caller.value("/victim"), None, "{name}");
        assert_eq!(caller.value("/smuggled"), None, "{name}");
    }
    println!("{} malformed requests", cases.len());
}

/// The same wherever the bytes are cut, as a network may do.
#[test]
fn nor_when_it_comes_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let request = format!(
        "{POST}{HOST}Content-Length: 23\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"
    );
    let head = request.find("\r\n\r\n").unwrap();
    for cut in 0..head + 8 {
        let mut stream = TcpStream::connect(("127.0.0.1", broker.port())).unwrap();
        stream.set_nodelay(true).unwrap();
        let (first, rest) = request.as_bytes().split_at(cut);
        stream.write_all(first).unwrap();
        // It may be refused in between.
        let _ = stream.write_all(rest);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answers = String::from_utf8(answer)
            .unwrap()
            .matches("HTTP/1.1 ")
            .count();
        assert!(answers <= 1, "{cut}");
    }
    assert_eq!(broker.caller().value("/victim"), None);
    assert_eq!(broker.caller().value("/smuggled"), None);
}

#[test]
fn what_is_unusual_but_clear_is_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let close = "Connection: close\r\n";
    let length = "Content-Length: 23\r\n\r\n";
    for (name, request) in [
        (
            "chunks",
            format!(
                "{POST}{HOST}{close}Transfer-Encoding: CHUNKED\r\n\r\n\
                 6\r\ntopic=\r\n11;ext=\"1\"\r\n/victim&message=1\r\n000\r\nX: y\r\n\r\n"
            ),
        ),
        (
            "empty lines before",
            format!("\r\n\r\n{POST}{HOST}{close}{length}{FORM}"),
        ),
        (
            "the host in the target",
            format!(
                "{}{HOST}{close}{length}{FORM}",
                POST.replace(" /", " http://localhost/")
            ),
        ),
        (
            "no host before HTTP/1.1",
            format!("{}{length}{FORM}", POST.replace("1.1", "1.0")),
        ),
        (
            "a tab around a length",
            format!("{POST}{HOST}{close}Content-Length:\t 23 \t\r\n\r\n{FORM}"),
        ),
    ] {
        let replies = replies(broker.port(), request.as_bytes());
        assert_eq!(statuses(&replies), [200], "{name}");
        assert_eq!(
            broker.caller().value("/victim").as_deref(),
            Some("1"),
            "{name}"
        );
        broker.caller().publish("/victim", "0");
    }
    // Several of them on one connection, with borders of each kind.
    let chunks = format!("{POST}{HOST}Transfer-Encoding: chunked\r\n\r\n17\r\n{FORM}\r\n0\r\n\r\n");
    let lengths = format!("{POST}{HOST}{length}{FORM}");
    let last = format!("GET /VERSION HTTP/1.1\r\n{HOST}{close}\r\n");
    let all = format!("{chunks}{lengths}{chunks}{chunks}{lengths}{last}");
    assert_eq!(statuses(&replies(broker.port(), all.as_bytes())), [200; 6]);
}

/// The plain API is refused in its own form, and what came before in the same
/// packet is answered first.
#[test]
fn what_came_before_a_bad_head_is_answered_and_what_comes_after_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let good = format!("{POST}{HOST}Content-Length: 23\r\n\r\n{FORM}");
    let bad = format!("GET /v1/topics/a HTTP/1.1\r\n{HOST}X : y\r\n\r\n");
    let all = format!("{good}{good}{bad}{SMUGGLED}");
    let replies = replies(broker.port(), all.as_bytes());
    assert_eq!(statuses(&replies), [200, 200, 400]);
    let refused = &replies[2];
    assert_sealed(refused);
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    assert!(
        refused.body.contains("\"code\":\"malformed\""),
        "{refused:?}"
    );
    assert_eq!(broker.caller().value("/victim").as_deref(), Some("1"));
    assert_eq!(broker.caller().value("/smuggled"), None);
}
