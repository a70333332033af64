//! Requests whose end is not where everyone finds it, or that are no requests.

/// The beginning of a request that publishes.
pub(crate) const POST: &str = "POST /POST?encoding=plain HTTP/1.1\r\n";
pub(crate) const HOST: &str = "Host: localhost\r\n";

/// What it publishes: 23 bytes.
pub(crate) const FORM: &str = "topic=/victim&message=1";

/// What follows it: a request of its own, if whoever reads it lost his way.
pub(crate) const SMUGGLED: &str = "POST /POST?encoding=plain HTTP/1.1\r\nHost: localhost\r\n\
                                   Content-Length: 25\r\n\r\ntopic=/smuggled&message=1";

/// A name, what is sent before the smuggled request, and the status of the reply.
pub(crate) type Case = (&'static str, String, u16);

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    [lengths(), chunks(), lines(), words()].concat()
}

fn framed(name: &'static str, headers: &str, body: &str) -> Case {
    (name, format!("{POST}{HOST}{headers}\r\n{body}"), 400)
}

fn chunked(name: &'static str, chunks: &str) -> Case {
    framed(name, "Transfer-Encoding: chunked\r\n", chunks)
}

fn line(name: &'static str, head: &str, status: u16) -> Case {
    (name, head.to_owned(), status)
}

fn lengths() -> Vec<Case> {
    let whole = "17\r\ntopic=/victim&message=1\r\n0\r\n\r\n";
    vec![
        framed(
            "length and chunks",
            "Content-Length: 23\r\nTransfer-Encoding: chunked\r\n",
            whole,
        ),
        framed(
            "chunks and length",
            "Transfer-Encoding: chunked\r\nContent-Length: 23\r\n",
            whole,
        ),
        framed(
            "no length and chunks",
            "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
            whole,
        ),
        framed(
            "one length twice",
            "Content-Length: 23\r\nContent-Length: 23\r\n",
            FORM,
        ),
        framed(
            "two lengths",
            "Content-Length: 23\r\nContent-Length: 0\r\n",
            FORM,
        ),
        framed("a list of lengths", "Content-Length: 23, 23\r\n", FORM),
        framed("a length with a sign", "Content-Length: +23\r\n", FORM),
        framed("a negative length", "Content-Length: -1\r\n", FORM),
        framed("a hexadecimal length", "Content-Length: 0x17\r\n", FORM),
        framed("a length in two parts", "Content-Length: 2 3\r\n", FORM),
        framed("an empty length", "Content-Length:\r\n", FORM),
        framed("a length in words", "Content-Length: many\r\n", FORM),
        framed(
            "a length beyond numbers",
            "Content-Length: 99999999999999999999\r\n",
            FORM,
        ),
        (
            "a length beyond bodies",
            format!("{POST}{HOST}Content-Length: 9223372036854775807\r\n\r\n{FORM}"),
            413,
        ),
        framed("unknown coding", "Transfer-Encoding: xchunked\r\n", whole),
        framed("two codings", "Transfer-Encoding: gzip, chunked\r\n", whole),
        framed(
            "chunks and then no chunks",
            "Transfer-Encoding: chunked, identity\r\n",
            whole,
        ),
        framed("no coding", "Transfer-Encoding: identity\r\n", whole),
        framed(
            "no coding and length",
            "Transfer-Encoding: identity\r\nContent-Length: 23\r\n",
            FORM,
        ),
        framed(
            "chunks twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            whole,
        ),
        framed(
            "a coding behind a control",
            "Transfer-Encoding: \x0bchunked\r\n",
            whole,
        ),
        framed(
            "a coding on the next line",
            "Transfer-Encoding:\r\n chunked\r\n",
            whole,
        ),
        framed(
            "a space before the colon",
            "Transfer-Encoding : chunked\r\n",
            whole,
        ),
        framed("a length with a space", "Content-Length : 23\r\n", FORM),
    ]
}

fn chunks() -> Vec<Case> {
    vec![
        chunked(
            "a chunk beyond numbers",
            "10000000000000017\r\ntopic=/victim&message=1\r\n0\r\n\r\n",
        ),
        chunked(
            "a negative chunk",
            "-17\r\ntopic=/victim&message=1\r\n0\r\n\r\n",
        ),
        chunked(
            "a chunk with a prefix",
            "0x17\r\ntopic=/victim&message=1\r\n0\r\n\r\n",
        ),
        chunked(
            "a chunk without a size",
            "\r\ntopic=/victim&message=1\r\n0\r\n\r\n",
        ),
        chunked(
            "a size that ends with LF",
            "17\ntopic=/victim&message=1\r\n0\r\n\r\n",
        ),
        chunked(
            "a chunk that ends with LF",
            "17\r\ntopic=/victim&message=1\n0\r\n\r\n",
        ),
        chunked(
            "a chunk that goes on",
            "17\r\ntopic=/victim&message=123\r\n0\r\n\r\n",
        ),
        chunked("an end with LF", "17\r\ntopic=/victim&message=1\r\n0\r\n\n"),
        chunked(
            "an extension with LF",
            "17;a\nb\r\ntopic=/victim&message=1\r\n0\r\n\r\n",
        ),
    ]
}

fn lines() -> Vec<Case> {
    let length = "Content-Length: 23\r\n\r\n";
    vec![
        line(
            "LF for every line",
            &format!("{POST}{HOST}{length}{FORM}").replace("\r\n", "\n"),
            400,
        ),
        line(
            "LF for one line",
            &format!("{POST}X: y\n{HOST}{length}{FORM}"),
            400,
        ),
        line(
            "LF for the request line",
            &format!("{}\n{HOST}{length}{FORM}", POST.trim_end()),
            400,
        ),
        line(
            "LF for the last line",
            &format!("{POST}{HOST}Content-Length: 23\r\n\n{FORM}"),
            400,
        ),
        line(
            "LF before the head",
            &format!("\n{POST}{HOST}{length}{FORM}"),
            400,
        ),
        line(
            "CR within a line",
            &format!("{POST}{HOST}X: y\rContent-Length: 0\r\n{length}{FORM}"),
            400,
        ),
        line(
            "CR for a line",
            &format!("{POST}{HOST}X: y\r{length}{FORM}"),
            400,
        ),
        line(
            "a line that goes on",
            &format!("{POST}{HOST}X: y\r\n z\r\n{length}{FORM}"),
            400,
        ),
        line(
            "a space before a header",
            &format!("{POST} X: y\r\n{HOST}{length}{FORM}"),
            400,
        ),
        line(
            "NUL in a value",
            &format!("{POST}{HOST}X: \0\r\n{length}{FORM}"),
            400,
        ),
        line(
            "NUL in a name",
            &format!("{POST}{HOST}X\0: y\r\n{length}{FORM}"),
            400,
        ),
        line(
            "a header without a name",
            &format!("{POST}{HOST}: y\r\n{length}{FORM}"),
            400,
        ),
        line(
            "a header without a colon",
            &format!("{POST}{HOST}Rubbish\r\n{length}{FORM}"),
            400,
        ),
        line("no host", &format!("{POST}{length}{FORM}"), 400),
        line(
            "one host twice",
            &format!("{POST}{HOST}{HOST}{length}{FORM}"),
            421,
        ),
        line(
            "two hosts",
            &format!("{POST}{HOST}Host: evil.example\r\n{length}{FORM}"),
            421,
        ),
        line(
            "an empty host",
            &format!("{POST}Host:\r\n{length}{FORM}"),
            421,
        ),
        line(
            "a host with a user",
            &format!("{POST}Host: localhost@evil.example\r\n{length}{FORM}"),
            421,
        ),
    ]
}

/// First lines, and heads that are too long.
fn words() -> Vec<Case> {
    let length = "Content-Length: 23\r\n\r\n";
    let long = "x".repeat(20_000);
    vec![
        line(
            "a target of another host",
            &format!(
                "{}{HOST}{length}{FORM}",
                POST.replace(" /", " http://evil.example/")
            ),
            400,
        ),
        line("HTTP/0.9", "GET /VERSION\r\n", 400),
        line(
            "chunks before HTTP/1.1",
            &format!(
                "{}{HOST}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n\
                 17\r\n{FORM}\r\n0\r\n\r\n",
                POST.replace("1.1", "1.0")
            ),
            400,
        ),
        line(
            "the preface of HTTP/2",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            505,
        ),
        line(
            "a version to come",
            &format!("{}{HOST}{length}{FORM}", POST.replace("1.1", "1.2")),
            505,
        ),
        line(
            "two spaces",
            &format!("{}{HOST}{length}{FORM}", POST.replacen(' ', "  ", 1)),
            400,
        ),
        line(
            "a space in the target",
            &format!("{}{HOST}{length}{FORM}", POST.replace("?", " ?")),
            400,
        ),
        line(
            "a long target",
            &format!(
                "{}{HOST}{length}{FORM}",
                POST.replace("?", &format!("?{long}&"))
            ),
            431,
        ),
        line(
            "a long header",
            &format!("{POST}{HOST}X: {long}\r\n{length}{FORM}"),
            431,
        ),
        line(
            "many headers",
            &format!("{POST}{HOST}{}{length}{FORM}", "X: y\r\n".repeat(80)),
            431,
        ),
        line("no HTTP", "\x16\x03\x01\x02\0\x01\0\x01", 400),
        line(
            "no method",
            &format!("{}{HOST}{length}{FORM}", POST.replace("POST /", "(POST) /")),
            400,
        ),
        line(
            "a target that is no path",
            &format!("{}{HOST}{length}{FORM}", POST.replace("/POST?", "POST/a?")),
            400,
        ),
        line(
            "CONNECT",
            &format!("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n{length}{FORM}"),
            501,
        ),
        line(
            "TRACE",
            &format!("TRACE / HTTP/1.1\r\n{HOST}{length}{FORM}"),
            501,
        ),
    ]
}
