//! What is refused, with its status and its code.

use axum::body::Body;
use http::Request;
use http::header::ALLOW;
use moustique_broker::Bound;

use crate::plain::tests::{answer, app, ask};

/// A request line, headers and a body; the status and the code they are refused
/// with.
type Case<'c> = (
    &'static str,
    &'c [(&'static str, &'static str)],
    &'c str,
    u16,
    &'static str,
);

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
