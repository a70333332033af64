//! The plain API through the router, without a socket.

mod batch;
mod description;
mod health;
mod pages;
mod refusals;
mod silence;
mod stream;
mod topics;

use axum::body::Body;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::app::App;
use crate::body::ReplyBody;
use crate::fixture;
use crate::limits::HttpLimits;
use crate::route;
use crate::upgrades::Upgrades;

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
