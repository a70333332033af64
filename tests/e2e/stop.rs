//! Starting and stopping, as the system does it.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use moustique_tests::{Broker, Raw, form, program};

/// The longest a stop may take.
const LONGEST: Duration = Duration::from_secs(6);

#[test]
fn a_signal_answers_what_is_parked_and_ends_in_time() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut broker = Broker::start(folder.path());
        let caller = broker.caller();
        caller.subscribe("c", "/a");
        caller.publish("/b", "kept");
        let mut parked = Raw::connect(broker.port());
        let headers = [("Moustique-Encoding", "plain")];
        parked.request(
            "POST",
            "/PICKUP",
            &headers,
            &form(&[("client", "c"), ("wait", "60")]),
        );
        let begun = Instant::now();
        broker.signal(signal);
        // Parked or not yet read: both are answered.
        let reply = parked.reply();
        assert!(matches!(reply.status, 200 | 503), "{reply:?}");
        assert!(broker.wait().success());
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        let log = broker.rest_of_log();
        assert_eq!(log.len(), 1, "one line a stop: {log:#?}");
        assert!(log[0].contains("stopped"));
        let again = Broker::start(folder.path());
        assert_eq!(again.caller().value("/b").as_deref(), Some("kept"));
    }
}

#[test]
fn a_reader_that_does_not_read_cannot_hold_a_stop_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path());
    let mut half = Raw::connect(broker.port());
    half.send(b"POST /POST HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntopic=");
    broker.caller().publish("/a", "1");
    let begun = Instant::now();
    broker.signal("TERM");
    assert!(broker.wait().success());
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
}

#[test]
fn a_taken_port_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let config = format!("server:\n  host: 127.0.0.1\n  port: {port}\n");
    std::fs::write(folder.path().join("config.yaml"), config).unwrap();
    let output = Command::new(program("moustique"))
        .arg("--data-dir")
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.contains(&format!("Port {port} is in use by e2e"))
            && log.contains(&format!("(process {}).", std::process::id())),
        "{log}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn the_same_data_is_not_used_twice() {
    let folder = tempfile::tempdir().unwrap();
    let first = Broker::start(folder.path());
    let output = Command::new(program("moustique"))
        .arg("--data-dir")
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("is in use by another Moustique"), "{log}");
    first.stop();
}
