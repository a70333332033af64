//! The headers that every answer carries, whatever made it.

use http::HeaderMap;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// How many there are, with room for what an answer has of its own: a table
/// that grows is built twice.
const HEADERS: usize = 8;

/// Adds what a browser is to know of an answer. What the answer says itself
/// about caching or about what its page may do stands.
///
/// - It is what its content type says, and nothing else.
/// - It tells nobody where a link was followed.
/// - It is kept nowhere.
/// - If it were shown as a page, the page could do nothing, in no frame.
/// - No page of another origin may have it, not even unread in an image or a
///   script. This one is not said of what an allowed origin has asked for.
pub(crate) fn seal(headers: &mut HeaderMap) {
    headers.reserve(HEADERS);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.insert(
            CROSS_ORIGIN_RESOURCE_POLICY,
            HeaderValue::from_static("same-origin"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_itself_stands() {
        let mut headers = HeaderMap::new();
        seal(&mut headers);
        assert_eq!(headers.len(), 5);
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let origin = HeaderValue::from_static("https://panel.example");
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        seal(&mut headers);
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        assert!(!headers.contains_key(CROSS_ORIGIN_RESOURCE_POLICY));
    }
}
