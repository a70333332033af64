//! The description of the plain API, made from the handlers.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, PathItem, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::access;
use crate::plain::problem::{PROBLEM, Problem};
use crate::plain::{
    batch, content, health, history, message, metrics, socket, stream, topics, values,
};

/// What every call may be refused with, whatever it is: statuses of the
/// connection, the guard and the bounds.
pub(crate) const REFUSALS: [(&str, &str); 16] = [
    ("400", "A parameter or the body breaks a rule"),
    (
        "401",
        "The address may not connect, or a password is wrong or missing",
    ),
    ("403", "A web page of another host asks"),
    ("404", "There is nothing"),
    (
        "405",
        "The path does not take the method; `Allow` lists those it takes",
    ),
    ("408", "The body took too long to arrive"),
    (
        "413",
        "The body or the message is too long, or there are too many",
    ),
    ("414", "The target is too long"),
    (
        "415",
        "The body is compressed, or of a type that is not taken",
    ),
    ("421", "The broker does not know itself by that `Host`"),
    (
        "429",
        "Too many attempts; `Retry-After` says when to try again",
    ),
    ("431", "The head has too many headers or bytes"),
    ("501", "The method means nothing here"),
    ("505", "The version of HTTP is not spoken"),
    (
        "503",
        "The broker cannot do it now, or is stopping; `Retry-After` says when to try again",
    ),
    (
        "507",
        "A bound of the broker's memory is reached, or the disk is full",
    ),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Moustique",
        description = "A message broker over plain HTTP. Every refusal is problem JSON (RFC 9457): programs look at its `code`.",
    ),
    tags(
        (name = "Topics", description = "Publish and read."),
        (name = "Streams", description = "Follow what is published."),
        (name = "Operation", description = "Watch the broker."),
    ),
    paths(
        topics::publish,
        topics::value,
        topics::forget,
        values::page,
        history::page,
        batch::publish,
        stream::stream,
        socket::open,
        health::live,
        health::ready,
        metrics::metrics,
    ),
    components(schemas(Problem, stream::GapJson, message::MessageJson)),
    modifiers(&Refusals, &AnyTopic, &Entry),
)]
struct Description;

/// Adds to each call what it may be refused with.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for item in openapi.paths.paths.values_mut() {
            for operation in operations(item) {
                for (status, description) in REFUSALS {
                    let problem = RefOr::Ref(Ref::from_schema_name("Problem"));
                    let response = ResponseBuilder::new()
                        .description(description)
                        .content(PROBLEM, Content::new(Some(problem)));
                    let responses = &mut operation.responses.responses;
                    responses
                        .entry(status.into())
                        .or_insert_with(|| RefOr::T(response.build()));
                }
            }
        }
    }
}

/// The ways to name the password, where one is set.
struct Entry;

impl Modify for Entry {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let basic = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("The password, with any user name"))
            .build();
        let session = ApiKeyValue::with_description(
            access::cookie::PLAIN,
            "The session that `POST /v1/login` begins",
        );
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("password", SecurityScheme::Http(basic));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    }
}

/// `POST` does what `PUT` does; and a topic that has no path, because it does not
/// begin with a slash, is named by a parameter.
struct AnyTopic;

const BY_PATH: &str = "/v1/topics/{topic}";

impl Modify for AnyTopic {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let paths = &mut openapi.paths.paths;
        let Some(by_path) = paths.get_mut(BY_PATH) else {
            return;
        };
        by_path.post = by_path.put.clone();
        let mut by_name = by_path.clone();
        for (item, suffix) in [(by_path, ""), (&mut by_name, "_any_topic")] {
            if let Some(post) = &mut item.post {
                post.operation_id = Some("post".into());
            }
            for operation in operations(item) {
                let id = operation.operation_id.take().unwrap_or_default();
                operation.operation_id = Some(format!("{id}{suffix}"));
            }
        }
        for operation in operations(&mut by_name) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter
                    && parameter.parameter_in == ParameterIn::Path
                {
                    *parameter = named(parameter);
                }
            }
        }
        paths.insert("/v1/topics".into(), by_name);
    }
}

fn named(parameter: &Parameter) -> Parameter {
    ParameterBuilder::new()
        .name("topic")
        .parameter_in(ParameterIn::Query)
        .required(Required::True)
        .description(Some("The topic, as it is"))
        .schema(parameter.schema.clone())
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// The description, made once.
pub(crate) static DESCRIPTION: LazyLock<utoipa::openapi::OpenApi> =
    LazyLock::new(Description::openapi);

/// The description as JSON.
pub(crate) async fn json() -> Response {
    static JSON: LazyLock<Vec<u8>> =
        LazyLock::new(|| serde_json::to_vec(&*DESCRIPTION).unwrap_or_default());
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(content::JSON)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, JSON.as_slice()).into_response()
}
