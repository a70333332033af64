//! Several messages in one request.

use moustique_broker::Bound;
use serde_json::json;

use crate::fixture;
use crate::limits::HttpLimits;
use crate::plain::tests::ask;

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
