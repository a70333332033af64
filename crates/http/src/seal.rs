//! The headers that every answer carries, whatever made it.

use std::mem;
use std::sync::LazyLock;

use http::HeaderMap;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// What every answer carries that says nothing else itself. Copied into each: one
/// table that is there already costs a third of one that is built.
static SEAL: LazyLock<HeaderMap> = LazyLock::new(|| {
    [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ]
    .into_iter()
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .collect()
});

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
    let own = mem::replace(headers, SEAL.clone());
    if own.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(CROSS_ORIGIN_RESOURCE_POLICY);
    }
    // Of a name that is there more than once, the later ones come without it.
    let mut last = None;
    for (name, value) in own {
        match (name, &last) {
            (Some(name), _) => {
                headers.insert(name.clone(), value);
                last = Some(name);
            }
            (None, Some(name)) => {
                headers.append(name.clone(), value);
            }
            (None, None) => {}
        }
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
