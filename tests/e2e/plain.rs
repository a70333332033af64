//! The plain API of the real program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use moustique_tests::{Broker, Caller, Raw, Setup, free_port, python, root, tool};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

fn batch(caller: &Caller, messages: &Value) -> moustique_tests::Reply {
    let json = [("Content-Type", "application/json")];
    caller.send("/v1/publish", &json, &messages.to_string())
}

#[test]
fn curl_publishes_reads_and_forgets() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let curl = |arguments: &[&str], path: &str| {
        let output = Command::new("curl")
            .args(["-sS", "-w", " %{http_code}"])
            .args(arguments)
            .arg(format!("http://127.0.0.1:{}{path}", broker.port()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // What people type: no header, and the content type that curl makes up.
    assert_eq!(curl(&["-d", "21.5"], "/v1/topics/home/kitchen"), " 204");
    assert_eq!(curl(&[], "/v1/topics/home/kitchen"), "21.5 200");
    assert_eq!(
        broker.caller().value("/home/kitchen").as_deref(),
        Some("21.5")
    );
    let values = curl(&[], "/v1/values?filter=/home/%23");
    assert!(values.contains("\"message\":\"21.5\""), "{values}");
    assert_eq!(curl(&["-X", "DELETE"], "/v1/topics/home/kitchen"), " 204");
    assert!(curl(&[], "/v1/topics/home/kitchen").ends_with(" 404"));
    let history = curl(&[], "/v1/history?topic=/home/kitchen");
    assert!(history.contains("\"kind\":\"deleted\""), "{history}");
    assert_eq!(curl(&[], "/healthz"), "alive\n 200");
    assert_eq!(curl(&[], "/readyz"), "ready\n 200");
}

#[test]
fn a_value_that_is_known_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.publish("/t", "1");
    let first = caller.get("/v1/topics/t", &[]);
    let tag = first.header("etag").unwrap();
    let mut raw = Raw::connect(broker.port());
    raw.request("GET", "/v1/topics/t", &[("If-None-Match", tag)], "");
    let again = raw.reply();
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    // The connection goes on.
    caller.publish("/t", "2");
    raw.request("GET", "/v1/topics/t", &[("If-None-Match", tag)], "");
    let new = raw.reply();
    assert_eq!((new.status, new.body.as_str()), (200, "2"));
}

/// Batches of ten messages each while the broker is killed: of each batch all
/// messages are there or none, and all of those that were acknowledged.
#[test]
fn a_batch_is_stored_whole_or_not_at_all_through_kills() {
    const MESSAGES: usize = 10;
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    let mut sent = 0;
    for _ in 0..5 {
        let broker = Broker::start(folder.path());
        let port = broker.port();
        let publishing = std::thread::spawn(move || {
            let agent = ureq::Agent::new_with_defaults();
            let mut acknowledged = Vec::new();
            for number in sent.. {
                let messages: Vec<_> = (0..MESSAGES)
                    .map(|n| json!({ "topic": format!("/batch/{number}/{n}"), "message": "" }))
                    .collect();
                let answer = agent
                    .post(format!("http://127.0.0.1:{port}/v1/publish"))
                    .header("Content-Type", "application/json")
                    .send(Value::from(messages).to_string());
                match answer {
                    Ok(_) => acknowledged.push(number),
                    Err(_) => return (acknowledged, number + 1),
                }
            }
            unreachable!("the broker is killed")
        });
        // Killed in the middle of them, once some are through.
        let caller = broker.caller();
        let wanted = format!("/batch/{}/0", sent + 50);
        while caller.value(&wanted).is_none() {}
        broker.kill();
        let (more, next) = publishing.join().unwrap();
        acknowledged += more.len();
        sent = next;
        let again = Broker::start(folder.path());
        let caller = again.caller();
        let mut found = 0;
        for number in 0..sent {
            let there = (0..MESSAGES)
                .filter(|n| caller.value(&format!("/batch/{number}/{n}")).is_some())
                .count();
            assert!(there == 0 || there == MESSAGES, "{there} of batch {number}");
            assert!(
                there > 0 || !more.contains(&number),
                "batch {number} is lost"
            );
            found += usize::from(there > 0);
        }
        assert!(found >= acknowledged, "{found} of {acknowledged}");
        again.kill();
    }
}

#[test]
fn a_bad_message_in_a_batch_stores_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let good = json!({ "topic": "/good", "message": "1" });
    let bad = json!({ "topic": "/bad/#", "message": "1" });
    let refused = batch(&caller, &json!([good, bad, good]));
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["index"], 1);
    assert_eq!(caller.value("/good"), None);
    let stored = batch(&caller, &json!([good, good]));
    assert_eq!(stored.json(), json!([1, 2]));
}

fn connect(port: u16) -> WebSocket<impl std::io::Read + std::io::Write> {
    let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(std::time::Duration::from_secs(30)))
        .unwrap();
    let url = format!("ws://127.0.0.1:{port}/v1/ws");
    tungstenite::client(url, stream).unwrap().0
}

fn say<S: std::io::Read + std::io::Write>(socket: &mut WebSocket<S>, order: &Value) {
    socket.send(Message::text(order.to_string())).unwrap();
}

fn hear<S: std::io::Read + std::io::Write>(socket: &mut WebSocket<S>) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(text.as_str()).unwrap();
        }
    }
}

#[test]
fn a_websocket_publishes_and_follows() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.publish("/t/0", "before");
    let mut socket = connect(broker.port());
    say(
        &mut socket,
        &json!({ "subscribe": ["/t/+"], "since": 0, "ref": "s" }),
    );
    let answer = hear(&mut socket);
    assert_eq!(answer, json!({ "ok": { "since": 0 }, "ref": "s" }));
    assert_eq!(hear(&mut socket)["message"]["message"], "before");
    caller.publish("/t/1", "from elsewhere");
    assert_eq!(hear(&mut socket)["message"]["message"], "from elsewhere");
    caller.publish("/other", "");
    let order = json!({ "publish": { "topic": "/t/2", "message": "own" }, "ref": 7 });
    say(&mut socket, &order);
    // In either order.
    let both = [hear(&mut socket), hear(&mut socket)];
    assert!(
        both.contains(&json!({ "ok": { "id": 4 }, "ref": 7 })),
        "{both:?}"
    );
    let own = both.iter().find_map(|news| news.get("message")).unwrap();
    assert_eq!((&own["id"], &own["message"]), (&json!(4), &json!("own")));
    for (order, code) in [
        (
            json!({ "publish": { "topic": "/#", "message": "" } }),
            "invalid_field",
        ),
        (json!({ "subscribe": ["a#"] }), "invalid_field"),
        (json!({ "subscribe": [] }), "missing_parameter"),
        (json!({ "more": 1 }), "malformed_json"),
        (json!({}), "malformed_json"),
    ] {
        say(&mut socket, &order);
        assert_eq!(hear(&mut socket)["error"]["code"], code, "{order}");
    }
    // The broker stops, and says so.
    broker.signal("TERM");
    let goodbye = loop {
        match socket.read().unwrap() {
            Message::Close(goodbye) => break goodbye.unwrap(),
            _ => continue,
        }
    };
    assert_eq!(u16::from(goodbye.code), 1001);
}

#[test]
fn a_websocket_counts_as_a_connection_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "limits:\n  streams: 1\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let metric = |name: &str| -> f64 {
        let metrics = broker.caller().get("/metrics", &[]).body;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    let mut socket = connect(broker.port());
    say(&mut socket, &json!({ "subscribe": ["#"] }));
    hear(&mut socket);
    assert_eq!(metric("moustique_streams "), 1.0);
    assert!(metric("moustique_connections ") >= 2.0);
    let refused = broker.caller().get("/v1/stream?filter=%23", &[]);
    assert_eq!(refused.json()["code"], "too_many_streams");
    assert_eq!(
        metric("moustique_bounds_hit_total{bound=\"streams\"} "),
        1.0
    );
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
    while metric("moustique_streams ") > 0.0 {}
}

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "#");
    caller.publish("/t", "1");
    caller.pickup("c", "0");
    let metrics = caller.get("/metrics", &[]);
    let kind = metrics.header("content-type").unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    for line in [
        "moustique_messages_total 1",
        "moustique_publish_duration_seconds_count 2",
        "moustique_topics 1",
    ] {
        assert!(
            metrics.body.lines().any(|l| l == line),
            "{line}: {}",
            metrics.body
        );
    }
    let mut promtool = Command::new(tool("promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(metrics.body.as_bytes()).unwrap();
    drop(stdin);
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

/// Clients that resume by themselves, each in its own way, while the broker is
/// killed and started again.
#[test]
fn streams_resume_without_gap_or_duplicate_through_kills() {
    const MESSAGES: usize = 300;
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        port: free_port(),
        ..Setup::default()
    };
    let mut broker = Broker::start_with(folder.path(), &setup);
    let mut clients: Vec<_> = ["curl", "httpx-sse", "ndjson"]
        .map(|kind| {
            let mut client = Command::new(python())
                .arg(root().join("tests/e2e/streams.py"))
                .args([kind, &setup.port.to_string(), &MESSAGES.to_string()])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut said = BufReader::new(client.stdout.take().unwrap()).lines();
            // It follows.
            assert_eq!(said.next().unwrap().unwrap(), "ready", "{kind}");
            (kind, client, said)
        })
        .into();
    for number in 0..MESSAGES {
        broker.caller().publish("/t", &number.to_string());
        broker.caller().publish("/other", "");
        if number % 100 == 50 {
            broker.kill();
            broker = Broker::start_with(folder.path(), &setup);
        }
    }
    for (kind, client, said) in &mut clients {
        let numbers: Vec<usize> = said.map(|line| line.unwrap().parse().unwrap()).collect();
        assert_eq!(numbers, (0..MESSAGES).collect::<Vec<_>>(), "{kind}");
        assert!(client.wait().unwrap().success(), "{kind}");
    }
    broker.stop();
}
