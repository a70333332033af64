//! One topic: published, read and forgotten.

use serde_json::json;

use crate::fixture;
use crate::plain::tests::{app, ask};

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
