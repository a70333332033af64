//! Connections: kept, pipelined, bounded.

use moustique_tests::{Broker, Raw, Setup, form};

#[test]
fn one_connection_carries_many_requests() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let mut raw = Raw::connect(broker.port());
    for n in 0..100 {
        let body = form(&[("topic", "/n"), ("message", &n.to_string())]);
        raw.request("POST", "/POST", &[], &body);
        assert_eq!(raw.reply().status, 200);
    }
    raw.request("GET", "/GETVAL?topic=/n&encoding=plain", &[], "");
    assert_eq!(raw.reply().json()["message"], "99");
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let mut raw = Raw::connect(broker.port());
    for n in 0..20 {
        let body = form(&[("topic", "/n"), ("message", &n.to_string())]);
        raw.request("POST", "/POST", &[], &body);
        raw.request("GET", "/GETVAL?topic=/n&encoding=plain", &[], "");
    }
    for n in 0..20 {
        assert_eq!(raw.reply().status, 200);
        assert_eq!(raw.reply().json()["message"], n.to_string());
    }
}

#[test]
fn a_connection_too_many_is_closed_and_a_place_that_is_free_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "  max_connections: 2\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let mut open: Vec<Raw> = (0..2).map(|_| Raw::connect(broker.port())).collect();
    for raw in &mut open {
        raw.request("GET", "/VERSION", &[], "");
        assert_eq!(raw.reply().status, 200);
    }
    let mut refused = Raw::connect(broker.port());
    assert!(refused.is_closed());
    open.pop();
    // The broker learns of the closing in its own time.
    loop {
        let mut raw = Raw::connect(broker.port());
        if !raw.try_request("GET", "/VERSION") {
            continue;
        }
        break;
    }
}

#[test]
fn a_connection_that_asks_nothing_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "  timeout: 200ms\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let mut silent = Raw::connect(broker.port());
    let mut half = Raw::connect(broker.port());
    half.send(b"POST /POST HTTP/1.1\r\nHost:");
    assert!(silent.is_closed());
    assert!(half.is_closed());
}

#[test]
fn a_peer_has_the_places_that_are_configured() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "limits:\n  connections_per_peer: 1\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let mut open = Raw::connect(broker.port());
    open.request("GET", "/VERSION", &[], "");
    assert_eq!(open.reply().status, 200);
    assert!(Raw::connect(broker.port()).is_closed());
}

#[test]
fn a_connection_that_asks_nothing_more_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "limits:\n  idle_timeout: 200ms\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let mut raw = Raw::connect(broker.port());
    raw.request("GET", "/VERSION", &[], "");
    assert_eq!(raw.reply().status, 200);
    assert!(raw.is_closed());
}
