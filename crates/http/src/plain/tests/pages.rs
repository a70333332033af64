//! Values and earlier messages, page by page.

use serde_json::Value;

use crate::plain::tests::{app, ask};

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
