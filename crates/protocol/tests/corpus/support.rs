//! What the checks have in common.

use moustique_protocol::Rejection;

/// Appends a field to a form, escaped in every byte that may need it.
pub(crate) fn push_field(name: &[u8], value: &[u8], form: &mut Vec<u8>) {
    if !form.is_empty() {
        form.push(b'&');
    }
    escape(name, form);
    form.push(b'=');
    escape(value, form);
}

fn escape(bytes: &[u8], form: &mut Vec<u8>) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() {
            form.push(*byte);
        } else {
            form.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

/// A refusal blames whoever asked, in text that is safe to show and short.
pub(crate) fn check_rejection(rejection: &Rejection) {
    assert!((400..500).contains(&rejection.status()), "{rejection:?}");
    check_text(&rejection.to_string());
}

/// Whatever was sent, it is told without control characters and in few words.
pub(crate) fn check_text(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.len() < 1_000, "{text:?}");
}
