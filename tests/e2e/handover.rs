//! What a pickup takes arrives, or it is back.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use moustique_tests::{Broker, form};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

/// Messages that are published, and the length of each: less than one pickup
/// may carry, so that whoever picks up next waits until all are back, and far
/// more than the system takes for a reader that does not read.
const MESSAGES: usize = 100;
const MESSAGE_BYTES: usize = 16 * 1024;

/// Picks up over a connection with small buffers, reads so many bytes of the
/// reply and breaks the connection.
fn pick_up_and_break(port: u16, client: &str, bytes: usize) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Before it connects: the other side is told what fits.
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.connect(&address.into()).unwrap();
    let body = form(&[("client", client), ("wait", "60")]);
    let request = format!(
        "POST /PICKUP?encoding=plain HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    (&socket).write_all(request.as_bytes()).unwrap();
    let mut read = vec![0; bytes];
    (&socket).read_exact(&mut read).unwrap();
    assert!(read.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[test]
fn a_reply_that_is_cut_is_handed_over_again_whole() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "/many");
    let filling = "m".repeat(MESSAGE_BYTES);
    for number in 0..MESSAGES {
        caller.publish("/many", &format!("{number} {filling}"));
    }
    for bytes in [1_000, 500_000] {
        pick_up_and_break(broker.port(), "c", bytes);
    }
    let reply = caller.pickup("c", "60");
    let number = |message: &Value| -> usize {
        let (number, _) = message["message"]
            .as_str()
            .unwrap()
            .split_once(' ')
            .unwrap();
        number.parse().unwrap()
    };
    let numbers: Vec<usize> = reply["/many"]
        .as_array()
        .unwrap()
        .iter()
        .map(number)
        .collect();
    assert_eq!(numbers, (0..MESSAGES).collect::<Vec<_>>());
    assert_eq!(caller.pickup("c", "0"), json!({}));
}

#[test]
fn a_reply_that_is_read_is_not_handed_over_again() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "/a");
    caller.publish("/a", "1");
    assert_eq!(caller.pickup("c", "0")["/a"][0]["message"], "1");
    assert_eq!(caller.pickup("c", "0"), json!({}));
}
