//! Heads, sound and bad.

use super::*;

const LIMITS: HeadLimits = HeadLimits {
    bytes: 80_000,
    headers: 3,
};

/// The body that a head announces, or the status and the words it is refused
/// with. The same whether it comes at once or byte by byte.
fn judged(text: &[u8]) -> Result<Announced, (u16, String)> {
    let judged = Head::new(LIMITS).follow(text);
    if judged.is_ok() && text.len() < 1_000 {
        let mut slowly = Head::new(LIMITS);
        for end in 0..text.len() {
            let part = text.get(..end).unwrap();
            assert_eq!(slowly.follow(part), Ok(None), "{end}");
        }
        assert_eq!(slowly.follow(text), judged);
    }
    match judged {
        Ok(whole) => {
            let whole = whole.unwrap();
            assert_eq!(whole.bytes, text.len());
            Ok(whole.body)
        }
        Err(bad) => Err((bad.row().0.as_u16(), bad.text())),
    }
}

#[test]
fn a_sound_head_says_what_its_body_is() {
    for (text, body) in [
        ("GET / HTTP/1.1\r\n\r\n", Announced::Nothing),
        ("\r\n\r\nGET / HTTP/1.0\r\n\r\n", Announced::Nothing),
        (
            "P / HTTP/1.1\r\ncontent-LENGTH:  12\t\r\n\r\n",
            Announced::Length(12),
        ),
        (
            "P / HTTP/1.1\r\nContent-Length: 000\r\n\r\n",
            Announced::Nothing,
        ),
        (
            "P / HTTP/1.1\r\nA: b\r\nTransfer-Encoding: Chunked\r\n\r\n",
            Announced::Chunks,
        ),
        ("CONNECT a:1 HTTP/1.1\r\n\r\n", Announced::Nothing),
        ("GET http://a/ HTTP/1.1\r\n\r\n", Announced::Nothing),
        ("OPTIONS * HTTP/1.1\r\n\r\n", Announced::Nothing),
        ("GET / HTTP/1.1\r\nA:\r\nB: é\r\n\r\n", Announced::Nothing),
        (
            "GET / HTTP/1.1\r\nA:\r\nB:\r\nC:\r\n\r\n",
            Announced::Nothing,
        ),
    ] {
        assert_eq!(judged(text.as_bytes()), Ok(body), "{text:?}");
    }
}

#[test]
fn a_bad_head_has_its_status_and_its_words() {
    let long = "x".repeat(80_000);
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(65_535));
    let name = format!("GET / HTTP/1.1\r\n{}: y\r\n\r\n", "x".repeat(65_536));
    let beyond = format!("GET / HTTP/1.1\r\nA: {long}\r\n\r\n");
    let cases = [
        // Lines.
        (400, "LF alone", "GET / HTTP/1.1\n\n"),
        (400, "LF alone", "\nGET / HTTP/1.1\r\n\r\n"),
        (400, "LF alone", "GET / HTTP/1.1\r\nA: b\nB: c\r\n\r\n"),
        (400, "LF alone", "GET / HTTP/1.1\r\nA: b\r\n\n"),
        (400, "CR in it", "GET / HTTP/1.1\rA: b\r\n\r\n"),
        (400, "CR in it", "\r\rGET / HTTP/1.1\r\n\r\n"),
        (400, "CR in it", "GET / HTTP/1.1 \r\n\r\n"),
        // The first one.
        (400, "method", "\x16\x03\x01\x02"),
        (400, "method", " GET / HTTP/1.1\r\n\r\n"),
        (400, "method", "G(T / HTTP/1.1\r\n\r\n"),
        (400, "method", "GET\r\n\r\n"),
        (400, "target", "GET  / HTTP/1.1\r\n\r\n"),
        (400, "target", "GET /\r\n\r\n"),
        (400, "target", "GET /a\tb HTTP/1.1\r\n\r\n"),
        (400, "target", "GET a/b HTTP/1.1\r\n\r\n"),
        (400, "target", "GET http:// HTTP/1.1\r\n\r\n"),
        (400, "version", "GET /a b HTTP/1.1\r\n\r\n"),
        (400, "version", "GET / http/1.1\r\n\r\n"),
        (400, "version", "GET / \r\n\r\n"),
        (414, "65536 bytes; at most 65534", target.as_str()),
        (505, "'HTTP/1.2'", "GET / HTTP/1.2\r\n\r\n"),
        (505, "'HTTP/2.0'", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (505, "'HTTP/9'", "GET / HTTP/9\r\n\r\n"),
        (505, "'HTTP/3\\u{1b}'", "GET / HTTP/3\x1b\r\n\r\n"),
        // Headers.
        (400, "name of a header", "GET / HTTP/1.1\r\nRubbish\r\n\r\n"),
        (400, "name of a header", "GET / HTTP/1.1\r\n: b\r\n\r\n"),
        (400, "name of a header", "GET / HTTP/1.1\r\nA : b\r\n\r\n"),
        (400, "name of a header", "GET / HTTP/1.1\r\n A: b\r\n\r\n"),
        (
            400,
            "name of a header",
            "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        ),
        (400, "name of a header", "GET / HTTP/1.1\r\nA\0: b\r\n\r\n"),
        (400, "value of a header", "GET / HTTP/1.1\r\nA: \0\r\n\r\n"),
        (400, "too long", name.as_str()),
        (
            431,
            "3 headers",
            "GET / HTTP/1.1\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n",
        ),
        (431, "80000 bytes", beyond.as_str()),
        (431, "80000 bytes", long.as_str()),
        // Where its body ends.
        (
            400,
            "more than once",
            "P / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            400,
            "more than once",
            "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        ),
        (
            400,
            "more than once",
            "P / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            400,
            "something else",
            "P / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        ),
        (
            400,
            "HTTP/1.0 has no",
            "P / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            400,
            "no number",
            "P / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        ),
        (
            400,
            "no number",
            "P / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        ),
        (400, "no number", "P / HTTP/1.1\r\nContent-Length:\r\n\r\n"),
        (
            400,
            "no number",
            "P / HTTP/1.1\r\nContent-Length: 9223372036854775808\r\n\r\n",
        ),
        (
            400,
            "no number",
            "P / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n",
        ),
    ];
    for (expected, words, text) in cases {
        let shown = text.get(..text.len().min(80)).unwrap();
        let (status, said) = judged(text.as_bytes()).expect_err(shown);
        assert_eq!(status, expected, "{shown:?} {said}");
        assert!(said.contains(words), "{shown:?} {said}");
    }
}

/// It has no line whose end could be waited for.
#[test]
fn what_is_no_http_is_refused_at_its_first_byte() {
    assert!(Head::new(LIMITS).follow(b"\x16").is_err());
    assert!(Head::new(LIMITS).follow(b"GET /VERSION\r\n").is_err());
}

#[test]
fn a_head_has_as_many_bytes_as_it_may() {
    let text = b"GET / HTTP/1.1\r\nA: b\r\n\r\n";
    for (bytes, is_sound) in [(text.len(), true), (text.len() - 1, false)] {
        let limits = HeadLimits { bytes, headers: 1 };
        assert_eq!(Head::new(limits).follow(text).is_ok(), is_sound);
        let unfinished = text.split_last().unwrap().1;
        assert_eq!(Head::new(limits).follow(unfinished).is_ok(), is_sound);
    }
}

#[test]
fn the_form_of_the_refusal_is_that_of_what_is_asked_for() {
    for (text, method, path) in [
        ("GET /v1/a HTTP/1.1\n", "GET", Some("/v1/a")),
        ("HEAD http://a/v1/a HTTP/9\r\n", "HEAD", Some("/v1/a")),
        ("\r\nGET /v1/a?b\r\n", "GET", Some("/v1/a")),
        ("GET  / HTTP/1.1\n", "GET", None),
        ("\x16", "\x16", None),
    ] {
        let (first, target) = first_words(text.as_bytes());
        assert_eq!(first, method.as_bytes(), "{text:?}");
        assert_eq!(target.as_ref().map(Uri::path), path, "{text:?}");
    }
}
