//! The page at `/` and the monitor behind it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use moustique_tests::{Broker, Raw};
use serde_json::{Value, json};

/// A monitor's stream of frames.
pub(crate) struct Stream {
    lines: BufReader<TcpStream>,
}

impl Stream {
    pub(crate) fn open(port: u16) -> Self {
        Self::open_with(port, "")
    }

    /// The same with more lines in the head of its request.
    pub(crate) fn open_with(port: u16, head: &str) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let request =
            format!("GET /v1/monitor/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        Self {
            lines: BufReader::new(stream),
        }
    }

    /// The frames of the next event, or `None` when the stream has ended.
    pub(crate) fn next(&mut self) -> Option<Vec<Value>> {
        let mut line = String::new();
        loop {
            line.clear();
            // The last chunk of an answer is empty; its connection may go on.
            if self.lines.read_line(&mut line).unwrap() == 0 || line == "0\r\n" {
                return None;
            }
            if let Some(data) = line.strip_prefix("data:") {
                return Some(serde_json::from_str(data.trim()).unwrap());
            }
        }
    }

    pub(crate) fn find(&mut self, kind: &str) -> Value {
        loop {
            let frames = self.next().unwrap();
            if let Some(frame) = frames.into_iter().find(|frame| frame["kind"] == kind) {
                return frame;
            }
        }
    }
}

pub(crate) fn first_frames(port: u16) -> Vec<Value> {
    Stream::open(port).next().unwrap()
}

#[test]
fn the_page_comes_out_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let page = caller.get("/", &[]);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<title>Moustique</title>"));
    let script = page
        .body
        .split("src=\"./")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(caller.get(&format!("/{script}"), &[]).status, 200);
    for path in [
        "/assets/nothing.js",
        "/assets/../Cargo.toml",
        "/index.html",
        "/v1/nothing",
    ] {
        assert_eq!(caller.get(path, &[]).status, 404, "{path}");
    }
}

#[test]
fn it_tells_what_happens_while_it_happens() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let mut stream = Stream::open(broker.port());
    let first = stream.next().unwrap();
    let kinds: Vec<&str> = first
        .iter()
        .map(|frame| frame["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["status", "topics", "clients", "traffic"]);
    assert_eq!(first[0]["state"], "running");
    let address = format!("http://127.0.0.1:{}", broker.port());
    assert_eq!(first[0]["addresses"], json!([address]));
    broker.caller().publish("/home/kitchen", "21.5");
    let changes = stream.find("changes");
    assert_eq!(changes["rows"][0]["topic"], "/home/kitchen");
    assert_eq!(changes["rows"][0]["value"], "21.5");
    let mut traffic = stream.find("traffic");
    while traffic["messagesTotal"] != 1 {
        traffic = stream.find("traffic");
    }
    broker.stop();
    while stream.next().is_some() {}
}

#[test]
fn it_publishes_and_refuses_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let rpc = |request: Value| {
        let headers = [("Content-Type", "application/json")];
        caller.send("/v1/monitor/rpc", &headers, &request.to_string())
    };
    let publish = |topic: &str| {
        let payload = json!({"topic": topic, "message": "on", "from": "monitor"});
        rpc(json!({"name": "publish", "payload": payload}))
    };
    assert_eq!(publish("/lamp").status, 204);
    assert_eq!(caller.value("/lamp").as_deref(), Some("on"));
    let refused = publish("/lamp/#");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["code"], "invalid");
    for request in [
        json!({ "name": "start" }),
        json!({ "name": "stop" }),
        json!({ "name": "openInBrowser" }),
        json!({ "name": "application" }),
        json!({ "name": "setPreferences", "payload": {} }),
        json!({ "name": "setStartAtLogin", "payload": true }),
        json!({ "name": "openFolder", "payload": "data" }),
        json!({ "name": "close", "payload": { "choice": "quit", "remember": true } }),
    ] {
        let refused = rpc(request);
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (403, &json!("window_only"))
        );
    }
    assert_eq!(rpc(json!({"name": "nothing"})).status, 400);
    assert_eq!(caller.send("/v1/monitor/rpc", &[], "not json").status, 400);
}

#[test]
fn it_is_for_this_machine_by_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let body = json!({"name": "publish", "payload": {"topic": "/a", "message": "1", "from": ""}});
    for (method, path, text) in [
        ("GET", "/", String::new()),
        ("GET", "/v1/monitor/stream", String::new()),
        ("POST", "/v1/monitor/rpc", body.to_string()),
    ] {
        let mut raw = Raw::connect(broker.port());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: rebound.example\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        raw.send((head + &text).as_bytes());
        let reply = raw.reply();
        assert_eq!(reply.status, 421, "{method} {path} {reply:?}");
    }
    assert_eq!(broker.caller().value("/a"), None);
}
