//! The plain API through the router, without a socket.

use axum::body::Body;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use moustique_broker::Bound;
use serde_json::{Value, json};

use crate::app::App;
use crate::body::ReplyBody;
use crate::fixture;
use crate::limits::HttpLimits;
use crate::route;
use crate::upgrades::Upgrades;

/// A request line, headers and a body; the status and the code they are refused
/// with.
type Case<'c> = (
    &'static str,
    &'c [(&'static str, &'static str)],
    &'c str,
    u16,
    &'static str,
);

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of a problem, which says of itself what it is.
    fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["type"], "about:blank");
        let status = StatusCode::from_u16(self.status).unwrap();
        assert_eq!(problem["title"], status.canonical_reason().unwrap());
        problem["code"].as_str().unwrap().to_owned()
    }
}

async fn answer(app: &App, request: Request<Body>) -> Response<ReplyBody> {
    let allowance = app.inner().rates.of(fixture::LOCAL);
    let upgrades = Upgrades::default();
    route::answer(app, request, fixture::CALLER, &allowance, &upgrades).await
}

async fn ask(app: &App, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let answer = answer(app, request).await;
    let (head, body) = answer.into_parts();
    let ReplyBody::Routed(body) = body else {
        panic!("{line} is not of the router")
    };
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8(body.into()).unwrap(),
    }
}

fn app(folder: &tempfile::TempDir) -> App {
    fixture::app(folder.path(), HttpLimits::default())
}

#[tokio::test]
async fn a_topic_is_published_read_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&folder);
    let published = ask(&app, "PUT /v1/topics/home/kitchen?from=esp", &[], "21.5 å").await;
    assert_eq!(
        (published.status, published.header("moustique-id")),
        (204, Some("1"))
    );
    let value = ask(&app, "GET /v1/topics/home/kitchen", &[], "").await;
    assert_eq!((value.status, value.body.as_str()), (200, "21.5 å"));
    for (name, expected) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("moustique-id", "1"),
        ("moustique-from", "esp"),
        ("etag", "\"1\""),
    ] {
        assert_eq!(value.header(name), Some(expected), "{name}");
    }
    let accept = [("accept", "text/html, application/json;q=0.9")];
    let whole = ask(&app, "GET /v1/topics?topic=/home/kitchen", &accept, "").await;
    assert_eq!(whole.header("etag"), Some("\"1.json\""));
    let whole = whole.json();
    assert_eq!(whole["message"], "21.5 å");
    assert_eq!((&whole["id"], &whole["from"]), (&json!(1), &json!("esp")));
    assert_eq!(
        (&whole["kind"], &whole["ip"]),
        (&json!("published"), &json!("127.0.0.1"))
    );

    let head = ask(&app, "HEAD /v1/topics/home/kitchen", &[], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for (known, status) in [
        ("\"1\"", 304),
        ("\"0\", W/\"1\"", 304),
        ("*", 304),
        ("\"0\"", 200),
    ] {
        let known = [("if-none-match", known)];
        let value = ask(&app, "GET /v1/topics/home/kitchen", &known, "").await;
        assert_eq!(value.status, status, "{known:?}");
        assert_eq!(value.header("etag"), Some("\"1\""));
        assert_eq!(value.body.is_empty(), status == 304);
    }

    let forgotten = ask(&app, "DELETE /v1/topics/home/kitchen", &[], "").await;
    assert_eq!(
        (forgotten.status, forgotten.header("moustique-id")),
        (204, Some("2"))
    );
    for line in [
        "GET /v1/topics/home/kitchen",
        "DELETE /v1/topics/home/kitchen",
    ] {
        let gone = ask(&app, line, &[], "").await;
        assert_eq!((gone.status, gone.code().as_str()), (404, "no_value"));
    }
}

#[tokio::test]
async fn what_is_not_retained_is_delivered_and_leaves_the_value() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&folder);
    let broker = &app.inner().broker;
    fixture::subscribe(broker, "c").await;
    ask(&app, "POST /v1/topics/t", &[], "value").await;
    let told = ask(&app, "PUT /v1/topics/t?retain=false", &[], "event").await;
    assert_eq!(told.header("moustique-id"), Some("2"));
    assert_eq!(ask(&app, "GET /v1/topics/t", &[], "").await.body, "value");
    assert_eq!(fixture::waiting(broker, "c").await, ["value", "event"]);
    let history = ask(&app, "GET /v1/history?topic=/t", &[], "").await.json();
    assert_eq!(history["messages"][0]["kind"], "notified");
    // A message that may come again.
    for (id, repeated) in [(Some("3"), None), (None, Some("true"))] {
        let again = ask(&app, "PUT /v1/topics/t?msg_id=7", &[], "once").await;
        assert_eq!(again.status, 204);
        assert_eq!(again.header("moustique-id"), id);
        assert_eq!(again.header("moustique-repeated"), repeated);
    }
    // An empty message is a value.
    assert_eq!(ask(&app, "PUT /v1/topics/t", &[], "").await.status, 204);
    let empty = ask(&app, "GET /v1/topics/t", &[], "").await;
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
}

#[tokio::test]
async fn each_refusal_has_its_status_and_code() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&folder);
    let long = "x".repeat(256 * 1024 + 1);
    let longer = "x".repeat(1024 * 1024 + 1);
    let json = ("content-type", "application/json");
    let cases: [Case<'_>; 32] = [
        ("GET /v1/topics/none", &[], "", 404, "no_value"),
        ("PUT /v1/topics/a/+", &[], "", 400, "invalid_field"),
        (
            "PUT /v1/topics/a?retain=no",
            &[],
            "",
            400,
            "invalid_parameter",
        ),
        (
            "PUT /v1/topics/a?retian=false",
            &[],
            "",
            400,
            "unknown_parameter",
        ),
        (
            "PUT /v1/topics/a?topic=b",
            &[],
            "",
            400,
            "unknown_parameter",
        ),
        (
            "PUT /v1/topics/a?from=a&from=b",
            &[],
            "",
            400,
            "repeated_field",
        ),
        ("PUT /v1/topics/%ff", &[], "", 400, "not_utf8"),
        ("PUT /v1/topics", &[], "", 400, "missing_parameter"),
        ("PUT /v1/topics/a", &[], &long, 413, "message_too_long"),
        ("PUT /v1/topics/a", &[], &longer, 413, "body_too_long"),
        (
            "PUT /v1/topics/a",
            &[("content-encoding", "gzip")],
            "",
            415,
            "content_encoding",
        ),
        (
            "PUT /v1/topics/a",
            &[("content-type", "multipart/form-data; boundary=x")],
            "",
            415,
            "media_type",
        ),
        (
            "PUT /v1/topics/a",
            &[("origin", "http://evil.example")],
            "",
            403,
            "cross_site",
        ),
        ("PATCH /v1/topics/a", &[], "", 405, "method_not_allowed"),
        ("POST /healthz", &[], "", 405, "method_not_allowed"),
        ("GET /v1/nothing", &[], "", 404, "unknown_path"),
        ("GET /v1", &[], "", 404, "unknown_path"),
        ("GET /v1/values?filter=a%23", &[], "", 400, "invalid_field"),
        (
            "GET /v1/values?limit=1001",
            &[],
            "",
            400,
            "invalid_parameter",
        ),
        ("GET /v1/values?regex=(", &[], "", 400, "invalid_regex"),
        (
            "GET /v1/values?regex=a&filter=a",
            &[],
            "",
            400,
            "contradiction",
        ),
        ("GET /v1/history", &[], "", 400, "missing_parameter"),
        (
            "GET /v1/history?topic=a&since=1&before=2",
            &[],
            "",
            400,
            "contradiction",
        ),
        ("GET /v1/stream", &[], "", 400, "missing_parameter"),
        (
            "GET /v1/stream?filter=a&since=x",
            &[],
            "",
            400,
            "invalid_parameter",
        ),
        ("GET /v1/ws", &[], "", 400, "no_upgrade"),
        (
            "GET /v1/ws",
            &[("origin", "http://evil.example")],
            "",
            403,
            "cross_site",
        ),
        ("POST /v1/publish", &[json], "[", 400, "malformed_json"),
        ("POST /v1/publish", &[json], "{}", 400, "malformed_json"),
        (
            "POST /v1/publish",
            &[json],
            "[{\"topic\":\"a\"}]",
            400,
            "malformed_json",
        ),
        (
            "POST /v1/publish",
            &[("content-type", "text/plain")],
            "[]",
            415,
            "media_type",
        ),
        (
            "POST /v1/publish?x=1",
            &[json],
            "[]",
            400,
            "unknown_parameter",
        ),
    ];
    for (line, headers, body, status, code) in cases {
        let answer = ask(&app, line, headers, body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{line}"
        );
        assert!(answer.json()["detail"].as_str().unwrap().len() > 10);
        assert_eq!(answer.headers.contains_key(ALLOW), status == 405, "{line}");
    }
    let not_text = Request::put("/v1/topics/a")
        .header("host", "localhost")
        .body(Body::from(vec![0xff]))
        .unwrap();
    assert_eq!(answer(&app, not_text).await.status(), 400);
    let bounds = app.inner().broker.statistics().bounds;
    for (bound, hits) in [
        (Bound::Message, 1),
        (Bound::Body, 1),
        (Bound::ContentEncoding, 1),
        (Bound::Name, 2),
    ] {
        assert_eq!(bounds.of(bound), hits, "{bound:?}");
    }
}

#[tokio::test]
async fn values_and_history_come_in_pages() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&folder);
    for topic in ["/a/1", "/a/2", "/a/3", "/b"] {
        for message in ["x", "y"] {
            let line = format!("PUT /v1/topics{topic}");
            assert_eq!(ask(&app, &line, &[], message).await.status, 204);
        }
    }
    let mut line = "GET /v1/values?filter=/a/%23&limit=2".to_owned();
    let mut found = Vec::new();
    loop {
        let page = ask(&app, &line, &[], "").await.json();
        for value in page["values"].as_array().unwrap() {
            found.push(value["topic"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        line = format!("GET /v1/values?filter=/a/%23&limit=2&after={next}");
    }
    assert_eq!(found, ["/a/1", "/a/2", "/a/3"]);
    let mut line = "GET /v1/values?regex=/a/[12]$&limit=1".to_owned();
    let mut found = Vec::new();
    loop {
        let page = ask(&app, &line, &[], "").await.json();
        for value in page["values"].as_array().unwrap() {
            found.push(value["topic"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        line = format!("GET /v1/values?regex=/a/[12]$&limit=1&after={next}");
    }
    assert_eq!(found, ["/a/1", "/a/2"]);
    let all = ask(&app, "GET /v1/values", &[], "").await.json();
    assert_eq!(all["values"].as_array().unwrap().len(), 4);
    assert_eq!(all["next"], Value::Null);

    for (start, expected) in [("since=0", [1, 2]), ("limit=1", [2, 1])] {
        let name = if start == "since=0" {
            "since"
        } else {
            "before"
        };
        let mut line = format!("GET /v1/history?topic=/a/1&{start}");
        if name == "since" {
            line.push_str("&limit=1");
        }
        let mut found = Vec::new();
        loop {
            let page = ask(&app, &line, &[], "").await.json();
            let messages = page["messages"].as_array().unwrap();
            found.extend(
                messages
                    .iter()
                    .map(|message| message["id"].as_u64().unwrap()),
            );
            let Some(next) = page["next"].as_u64() else {
                break;
            };
            line = format!("GET /v1/history?topic=/a/1&limit=1&{name}={next}");
        }
        assert_eq!(found, expected, "{start}");
    }
}

#[tokio::test]
async fn of_several_messages_all_are_published_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let limits = HttpLimits {
        batch_messages: 3,
        ..HttpLimits::default()
    };
    let app = fixture::app(folder.path(), limits);
    let message = |topic: &str| json!({ "topic": topic, "message": "1" });
    let good = json!([
        message("/a"),
        { "topic": "/b", "message": "2", "msg_id": "7", "from": "esp", "retain": false },
        { "topic": "/b", "message": "2", "msg_id": "7", "from": "esp" },
    ]);
    let answer = ask(&app, "POST /v1/publish", &[], &good.to_string()).await;
    assert_eq!((answer.status, answer.json()), (200, json!([1, 2, null])));
    assert_eq!(ask(&app, "GET /v1/topics/b", &[], "").await.status, 404);
    for (bad, code) in [
        (message("/x/#"), "invalid_field"),
        (json!({ "topic": "/x" }), "malformed_json"),
        (
            json!({ "topic": "/x", "message": "", "more": 1 }),
            "malformed_json",
        ),
        (json!(1), "malformed_json"),
    ] {
        let batch = json!([message("/x"), bad, message("/x")]);
        let answer = ask(&app, "POST /v1/publish", &[], &batch.to_string()).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code));
        assert_eq!(answer.json()["index"], 1);
        assert_eq!(ask(&app, "GET /v1/topics/x", &[], "").await.status, 404);
    }
    let long = json!([message("/x"), message("/x"), message("/x"), message("/x")]);
    let answer = ask(&app, "POST /v1/publish", &[], &long.to_string()).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "batch_too_long")
    );
    assert_eq!(app.inner().broker.statistics().bounds.of(Bound::Batch), 1);
    let none = ask(&app, "POST /v1/publish", &[], "[]").await;
    assert_eq!((none.status, none.json()), (200, json!([])));
}

#[tokio::test]
async fn a_broker_that_stops_lives_and_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&folder);
    assert_eq!(ask(&app, "GET /readyz", &[], "").await.status, 200);
    app.inner().broker.drain();
    assert_eq!(ask(&app, "GET /healthz", &[], "").await.status, 200);
    let ready = ask(&app, "GET /readyz", &[], "").await;
    assert_eq!((ready.status, ready.code().as_str()), (503, "stopping"));
}

#[tokio::test]
async fn a_stream_ends_with_the_broker_and_gives_its_place_back() {
    let folder = tempfile::tempdir().unwrap();
    let limits = HttpLimits {
        streams: 1,
        ..HttpLimits::default()
    };
    let app = fixture::app(folder.path(), limits);
    let broker = app.inner().broker.clone();
    for payload in ["1", "2"] {
        fixture::publish(&broker, payload).await;
    }
    let request = Request::builder()
        .uri("/v1/stream?filter=/t&since=0")
        .header("host", "localhost")
        .header("last-event-id", "1");
    let streaming = answer(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(streaming.headers()[CONTENT_TYPE], "text/event-stream");
    let ReplyBody::Routed(mut stream) = streaming.into_body() else {
        panic!("it is not of the router")
    };
    let refused = ask(&app, "GET /v1/stream?filter=/t", &[], "").await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "too_many_streams")
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(broker.statistics().bounds.of(Bound::Streams), 1);
    fixture::publish(&broker, "3").await;
    let mut told = String::new();
    while !told.contains("\"id\":3,") {
        let frame = stream.frame().await.unwrap().unwrap();
        told.push_str(str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    broker.drain();
    assert!(stream.frame().await.is_none(), "it ends with the broker");
    let events: Vec<_> = told
        .split("\n\n")
        .filter(|event| !event.is_empty())
        .collect();
    assert_eq!(events.len(), 3, "{events:?}");
    assert_eq!(events[0], "retry: 2000\nid: 1");
    assert!(
        events[1].starts_with("id: 2\ndata: {\"id\":2,"),
        "{events:?}"
    );
    assert!(
        events[2].starts_with("id: 3\ndata: {\"id\":3,"),
        "{events:?}"
    );
    assert_eq!(broker.statistics().streams, 0);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_gives_signs_of_life() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&folder);
    let broker = app.inner().broker.clone();
    let end = async {
        tokio::time::sleep(std::time::Duration::from_secs(50)).await;
        broker.drain();
    };
    let lines = [("accept", "application/x-ndjson")];
    let (stream, ()) = tokio::join!(ask(&app, "GET /v1/stream?filter=/t", &lines, ""), end);
    assert_eq!(stream.headers[CONTENT_TYPE], "application/x-ndjson");
    // One at once, and one each 15 s.
    assert_eq!(stream.body, "\n\n\n\n");
}

#[tokio::test]
async fn the_description_knows_every_route() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(&folder);
    let description = ask(&app, "GET /openapi.json", &[], "").await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let mut ids = std::collections::HashSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let path = path.replace("{topic}", "described");
        for (method, operation) in item.as_object().unwrap() {
            let line = format!("{} {path}", method.to_uppercase());
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            let responses = operation["responses"].as_object().unwrap();
            if path == "/v1/stream" {
                continue;
            }
            let answer = ask(&app, &line, &[], "").await;
            assert!(responses.contains_key(&answer.status.to_string()), "{line}");
            assert_ne!(answer.status, 405, "{line}");
        }
    }
    assert_eq!(ids.len(), 16);
    let docs = ask(&app, "GET /docs", &[], "").await;
    assert_eq!(docs.status, 200);
    assert!(
        docs.header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
    assert_eq!(ask(&app, "GET /docs.css", &[], "").await.status, 200);
    let metrics = ask(&app, "GET /metrics", &[], "").await.body;
    for line in [
        "moustique_bounds_hit_total{bound=\"streams\"} 0",
        "moustique_publish_duration_seconds_bucket{le=\"+Inf\"}",
        "process_resident_memory_bytes ",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}
