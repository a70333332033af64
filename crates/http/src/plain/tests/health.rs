//! Whether it lives and can store.

use crate::plain::tests::{app, ask};

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
