//! The description as a page to read: no script, nothing from elsewhere.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use crate::plain::description::DESCRIPTION;

const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The page.
pub(crate) async fn page() -> Response {
    static PAGE: LazyLock<String> =
        LazyLock::new(|| render(&serde_json::to_value(&*DESCRIPTION).unwrap_or_default()));
    respond("text/html; charset=utf-8", PAGE.as_str())
}

/// Its style.
pub(crate) async fn style() -> Response {
    respond("text/css; charset=utf-8", include_str!("docs.css"))
}

fn respond(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    (headers, text).into_response()
}

/// A call of the description.
struct Call<'d> {
    method: &'d str,
    path: &'d str,
    operation: &'d Value,
}

impl Call<'_> {
    fn anchor(&self) -> String {
        format!("{}{}", self.method, self.path.replace(['/', '{', '}'], "-"))
    }
}

fn render(description: &Value) -> String {
    let calls = calls(description);
    let title = text(description, "/info/title");
    let mut body = String::new();
    let mut contents = String::new();
    for tag in list(description, "/tags") {
        let name = text(tag, "/name");
        let about = prose(text(tag, "/description"));
        let _ = write!(body, "<section><h2>{}</h2>{about}", escape(name));
        let _ = write!(contents, "<p>{}</p><ul>", escape(name));
        for call in calls
            .iter()
            .filter(|call| text(call.operation, "/tags/0") == name)
        {
            let _ = write!(
                contents,
                "<li><a href=\"#{}\"><b>{}</b> <code>{}</code></a></li>",
                escape(&call.anchor()),
                escape(call.method),
                escape(call.path),
            );
            body.push_str(&render_call(call));
        }
        body.push_str("</section>");
        contents.push_str("</ul>");
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}: the plain API</title><link rel=\"stylesheet\" href=\"/docs.css\"></head>\
         <body><nav aria-label=\"Calls\">{contents}</nav><main><h1>{title}</h1>{about}\
         <p>For programs: <a href=\"/openapi.json\">openapi.json</a>.</p>{body}{refusals}</main>\
         </body></html>",
        title = escape(title),
        about = prose(text(description, "/info/description")),
        refusals = render_refusals(&calls),
    )
}

fn calls(description: &Value) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    // In the order of the handlers, which JSON does not keep.
    for path in DESCRIPTION.paths.paths.keys() {
        let Some(item) = description.get("paths").and_then(|paths| paths.get(path)) else {
            continue;
        };
        for method in ["get", "put", "post", "delete"] {
            if let Some(operation) = item.get(method) {
                calls.push(Call {
                    method,
                    path,
                    operation,
                });
            }
        }
    }
    calls
}

fn render_call(call: &Call<'_>) -> String {
    let operation = call.operation;
    let mut html = format!(
        "<article id=\"{}\"><h3><span class=\"method {method}\">{method}</span> \
         <code>{}</code></h3><p class=\"summary\">{}</p>{}",
        escape(&call.anchor()),
        escape(call.path),
        inline(text(operation, "/summary")),
        prose(text(operation, "/description")),
        method = escape(call.method),
    );
    let parameters = list(operation, "/parameters");
    if !parameters.is_empty() {
        html.push_str(
            "<table class=\"parameters\"><thead><tr><th>Parameter</th><th>In</th><th></th></tr></thead><tbody>",
        );
        for parameter in parameters {
            let required = parameter.get("required").and_then(Value::as_bool);
            let _ = write!(
                html,
                "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>",
                escape(text(parameter, "/name")),
                if required == Some(true) {
                    " <em>required</em>"
                } else {
                    ""
                },
                escape(text(parameter, "/in")),
                inline(text(parameter, "/description")),
            );
        }
        html.push_str("</tbody></table>");
    }
    if let Some(body) = operation.get("requestBody") {
        let kinds = kinds(body);
        let about = inline(text(body, "/description"));
        let _ = write!(html, "<p><b>Body</b> {kinds}: {about}.</p>");
    }
    html.push_str(
        "<table class=\"statuses\"><thead><tr><th>Status</th><th>When</th><th>Body</th></tr></thead><tbody>",
    );
    let shown = |status: &str| status < "400" || operation_specific(operation, status);
    for (status, response) in members(operation, "/responses") {
        if shown(status) {
            let _ = write!(
                html,
                "<tr><td><b>{}</b></td><td>{}{}</td><td>{}</td></tr>",
                escape(status),
                inline(text(response, "/description")),
                render_headers(response),
                kinds(response),
            );
        }
    }
    html.push_str("</tbody></table></article>");
    html
}

/// Whether a refusal has words of its own at this call; the others are listed
/// once for all calls.
fn operation_specific(operation: &Value, status: &str) -> bool {
    let path = format!("/responses/{status}/description");
    let own = text(operation, &path);
    !super::description::REFUSALS
        .iter()
        .any(|(known, common)| *known == status && *common == own)
}

fn render_headers(response: &Value) -> String {
    let items = members(response, "/headers").map(|(name, header)| {
        let about = inline(text(header, "/description"));
        format!("<dt><code>{}</code></dt><dd>{about}</dd>", escape(name))
    });
    let items: String = items.collect();
    if items.is_empty() {
        items
    } else {
        format!("<dl>{items}</dl>")
    }
}

fn render_refusals(calls: &[Call<'_>]) -> String {
    let mut html = String::from(
        "<section><h2>Refusals</h2><p>Any call may be refused with one of these.</p>\
         <table class=\"statuses\"><thead><tr><th>Status</th><th>When</th></tr></thead><tbody>",
    );
    if !calls.is_empty() {
        for (status, about) in super::description::REFUSALS {
            let _ = write!(
                html,
                "<tr><td><b>{status}</b></td><td>{}</td></tr>",
                inline(about)
            );
        }
    }
    html.push_str("</tbody></table></section>");
    html
}

/// The content types of a body.
fn kinds(body: &Value) -> String {
    let kinds = members(body, "/content").map(|(kind, _)| format!("<code>{}</code>", escape(kind)));
    kinds.collect::<Vec<_>>().join(", ")
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn members<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    let members = value.pointer(pointer).and_then(Value::as_object);
    members.into_iter().flatten()
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// Text with `code` in it.
fn inline(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escape(part);
        if index % 2 == 1 {
            let _ = write!(html, "<code>{part}</code>");
        } else {
            html.push_str(&part);
        }
    }
    html
}

/// Paragraphs of such text.
fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|text| !text.trim().is_empty());
    let paragraphs = paragraphs.map(|text| format!("<p>{}</p>", inline(text.trim())));
    paragraphs.collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_on_the_page_and_nothing_of_it_is_markup() {
        let description = serde_json::to_value(&*DESCRIPTION).unwrap();
        let page = render(&description);
        for call in calls(&description) {
            assert!(
                page.contains(&format!("id=\"{}\"", call.anchor())),
                "{}",
                call.path
            );
        }
        assert_eq!(calls(&description).len(), 16);
        assert!(!page.contains("<script") && !page.contains("style="));
        assert_eq!(
            inline("a `b<c` & \"d\""),
            "a <code>b&lt;c</code> &amp; &quot;d&quot;"
        );
    }
}
