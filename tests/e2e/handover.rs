//! What a pickup takes arrives, or it is back.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use moustique_tests::{Broker, Caller, Setup, form};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

/// Messages that are published, and the length of each: less than one pickup
/// may carry, so that whoever picks up next waits until all are back, and far
/// more than the system takes for a reader that does not read.
const MESSAGES: usize = 100;
const MESSAGE_BYTES: usize = 16 * 1024;

/// Has so many messages wait for a client.
fn publish_many(caller: &Caller, client: &str) {
    caller.subscribe(client, "/many");
    let filling = "m".repeat(MESSAGE_BYTES);
    for number in 0..MESSAGES {
        caller.publish("/many", &format!("{number} {filling}"));
    }
}

/// Asserts that all of them wait, each once, in their order; waits until they
/// do.
fn assert_all_wait(caller: &Caller, client: &str) {
    let reply = caller.pickup(client, "60");
    let number = |message: &Value| -> usize {
        let (number, _) = message["message"]
            .as_str()
            .unwrap()
            .split_once(' ')
            .unwrap();
        number.parse().unwrap()
    };
    let messages = reply["/many"].as_array().unwrap();
    let numbers: Vec<usize> = messages.iter().map(number).collect();
    assert_eq!(numbers, (0..MESSAGES).collect::<Vec<_>>());
    assert_eq!(caller.pickup(client, "0"), json!({}));
}

/// Picks up over a connection with small buffers and reads so many bytes of the
/// reply.
fn pick_up_in_part(port: u16, client: &str, bytes: usize) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Before it connects: the other side is told what fits.
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.connect(&address.into()).unwrap();
    let body = form(&[("client", client), ("wait", "60")]);
    let request = format!(
        "POST /PICKUP?encoding=plain HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    (&socket).write_all(request.as_bytes()).unwrap();
    let mut read = vec![0; bytes];
    (&socket).read_exact(&mut read).unwrap();
    assert!(read.starts_with(b"HTTP/1.1 200 OK\r\n"));
    socket
}

#[test]
fn a_reply_that_is_cut_is_handed_over_again_whole() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    publish_many(&caller, "c");
    for bytes in [1_000, 500_000] {
        drop(pick_up_in_part(broker.port(), "c", bytes));
    }
    assert_all_wait(&caller, "c");
}

#[test]
fn a_reader_that_stops_reading_is_cut_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "limits:\n  reader_timeout: 200ms\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let caller = broker.caller();
    publish_many(&caller, "c");
    let socket = pick_up_in_part(broker.port(), "c", 1_000);
    assert_all_wait(&caller, "c");
    drop(socket);
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
