//! What is refused at the edge, before any verb is asked.

use moustique_tests::{Broker, Raw, Setup, form};

#[test]
fn bodies_are_bounded_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let limit = 1024 * 1024;
    let mut raw = Raw::connect(broker.port());
    // Announced: refused before a byte of it is sent.
    raw.send(
        format!(
            "POST /POST HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            limit + 1
        )
        .as_bytes(),
    );
    let reply = raw.reply();
    assert_eq!(reply.status, 413);
    assert_eq!(
        reply.body,
        "the body has more than 1048576 bytes; at most 1048576 are allowed\n"
    );
    // Not announced: refused when it passes the limit.
    let mut raw = Raw::connect(broker.port());
    raw.send(b"POST /POST HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    raw.send(format!("{:x}\r\n{}\r\n0\r\n\r\n", limit + 1, "m".repeat(limit + 1)).as_bytes());
    assert_eq!(raw.reply().status, 413);
    let message = "m".repeat(256 * 1024 + 1);
    let reply = broker
        .caller()
        .post("POST", &[("topic", "/a"), ("message", &message)]);
    assert_eq!(reply.status, 413);
    assert_eq!(
        reply.body,
        "the message has 262145 bytes; at most 262144 are allowed\n"
    );
    assert_eq!(broker.caller().value("/a"), None);
}

#[test]
fn what_is_configured_is_what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "limits:\n  body_bytes: 1 KiB\n  body_timeout: 200ms\n  message_bytes: 10 B\n  \
               form_fields: 3\n  topic_bytes: 5 B\n  topics: 1\n  headers: 8\n"
            .into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let caller = broker.caller();
    caller.publish("/a", "0123456789");
    let long = "m".repeat(2_000);
    for (fields, status, sentence) in [
        (
            &[("topic", "/a"), ("message", "0123456789a")][..],
            413,
            "the message has 11 bytes; at most 10 are allowed",
        ),
        (
            &[("topic", "/a"), ("message", &long)],
            413,
            "the body has more than 1024 bytes; at most 1024 are allowed",
        ),
        (
            &[("topic", "/a"), ("message", "1"), ("from", "me"), ("x", "")],
            400,
            "the form has more than 3 fields; at most 3 are allowed",
        ),
        (
            &[("topic", "/a/b/c"), ("message", "1")],
            400,
            "the field 'topic' is '/a/b/c', which is not valid: \
             it has 6 bytes; at most 5 are allowed",
        ),
        (
            &[("topic", "/b"), ("message", "1")],
            507,
            "at most 1 are kept",
        ),
    ] {
        let reply = caller.post("POST", fields);
        assert_eq!(reply.status, status, "{reply:?}");
        assert!(reply.body.contains(sentence), "{reply:?}");
    }
    let mut slow = Raw::connect(broker.port());
    slow.send(b"POST /POST HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntopic=");
    assert_eq!(slow.reply().status, 408);
    let mut raw = Raw::connect(broker.port());
    raw.request("GET", "/VERSION", &[("x", "y"); 7], "");
    assert_eq!(raw.reply().status, 431);
    assert_eq!(caller.value("/a").as_deref(), Some("0123456789"));
}

#[test]
fn a_compressed_body_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let headers = [("Content-Encoding", "gzip")];
    let reply = broker.caller().send(
        "/POST",
        &headers,
        &form(&[("topic", "/a"), ("message", "1")]),
    );
    assert_eq!(reply.status, 415);
    assert_eq!(broker.caller().value("/a"), None);
}

#[test]
fn a_page_of_another_site_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let body = form(&[("topic", "/a"), ("message", "1")]);
    let own = format!("http://127.0.0.1:{}", broker.port());
    let refused: [&[(&str, &str)]; 3] = [
        &[("Origin", "http://evil.example")],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
    ];
    for headers in refused {
        let reply = caller.send("/POST", headers, &body);
        assert_eq!(reply.status, 403, "{headers:?} {reply:?}");
        assert_eq!(caller.value("/a"), None);
    }
    assert_eq!(caller.send("/POST", &[("Origin", &own)], &body).status, 200);
    assert_eq!(caller.value("/a").as_deref(), Some("1"));
}

#[test]
fn nothing_changes_by_get() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "/a");
    for path in [
        "/POST?topic=/a&message=1",
        "/PUTVAL?valname=/a&val=1",
        "/SUBSCRIBE?topic=/b&client=d",
        "/PICKUP?client=c",
    ] {
        let reply = caller.get(path, &[]);
        assert_eq!(reply.status, 405, "{path} {reply:?}");
        assert!(reply.body.contains("it takes POST, PUT"), "{reply:?}");
    }
    assert_eq!(caller.value("/a"), None);
}

#[test]
fn a_peer_that_is_not_let_in_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "security:\n  blocked_peers: [127.0.0.1]\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let reply = broker
        .caller()
        .post("POST", &[("topic", "/a"), ("message", "1")]);
    assert_eq!(reply.status, 401);
    assert_eq!(reply.body, "Access denied: 127.0.0.1 is in blocked_peers\n");
}

#[test]
fn rubbish_is_answered_and_the_broker_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let head = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        "x: y\r\n".repeat(80)
    );
    for (bytes, statuses) in [
        (
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS\r\n\r\n"[..],
            &[400][..],
        ),
        (b"POST /POST HTTP/9.9\r\n\r\n", &[400, 505]),
        (head.as_bytes(), &[431]),
        (many.as_bytes(), &[431]),
    ] {
        let mut raw = Raw::connect(broker.port());
        raw.send(bytes);
        let status = raw.reply().status;
        assert!(statuses.contains(&status), "{status}");
    }
    broker.caller().publish("/a", "still here");
}
