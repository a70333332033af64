//! The user interface, out of the program itself.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `npm run ui` built.
#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
struct Files;

/// Nothing from anywhere else, nothing inline, and in no frame: a value that
/// looks like markup stays text even if the page had a fault.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The page names the files that belong to it.
const AS_IT_IS_NOW: &str = "no-cache";

/// Built files carry a digest of their content in their name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The page.
pub(crate) async fn page() -> Response {
    respond("index.html", AS_IT_IS_NOW)
}

/// A file that the page names.
pub(crate) async fn asset(uri: Uri) -> Response {
    respond(uri.path().trim_start_matches('/'), FOR_EVER)
}

fn respond(path: &str, caching: &'static str) -> Response {
    match Files::get(path) {
        Some(EmbeddedFile { data, .. }) => {
            let mut headers = HeaderMap::new();
            let kind = mime_guess::from_path(path).first_or_octet_stream();
            if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
                headers.insert(CONTENT_TYPE, kind);
            }
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            (headers, data).into_response()
        }
        None => (
            StatusCode::NOT_FOUND,
            format!("there is no file '{path}'\n"),
        )
            .into_response(),
    }
}
