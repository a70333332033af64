//! Streams, to their end.

use axum::body::Body;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use moustique_broker::Bound;

use crate::body::ReplyBody;
use crate::fixture;
use crate::limits::HttpLimits;
use crate::plain::tests::{answer, app, ask};

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
