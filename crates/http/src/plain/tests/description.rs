//! The description, held against the routes.

use crate::plain::tests::{app, ask};

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
