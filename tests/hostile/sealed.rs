//! The headers that every answer carries.

use moustique_tests::Reply;

/// What a browser is told, whatever the answer is to.
pub(crate) const SEALED: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// Asserts that an answer carries them, and that no page of another origin may
/// have it.
pub(crate) fn assert_sealed(reply: &Reply) {
    let alone = ("cross-origin-resource-policy", "same-origin");
    for (name, value) in SEALED.into_iter().chain([alone]) {
        assert_eq!(reply.header(name), Some(value), "{name}: {reply:?}");
    }
}
