//! The password: how it is set, and what it opens.

#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use moustique_tests::{Broker, Caller, Reply, Setup, program};

use crate::monitor::Stream;

/// Runs `moustique passwd` with something on its standard input.
fn passwd(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program("moustique"))
        .arg("passwd")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn security(file: &Path) -> String {
    format!("security:\n  password_file: {}\n", file.display())
}

/// A broker whose password is in a file that has this text.
fn guarded(folder: &Path, text: &str) -> Broker {
    let file = folder.join("password");
    fs::write(&file, text).unwrap();
    let setup = Setup {
        more: security(&file),
        ..Setup::default()
    };
    Broker::start_with(folder, &setup)
}

fn basic(password: &str) -> String {
    let pair = format!("anybody:{password}");
    let token = base64::engine::general_purpose::STANDARD.encode(pair);
    format!("Basic {token}")
}

const HOST: (&str, &str) = ("Host", "localhost");

/// Whether the guarded things answer, by their status.
fn state(caller: &Caller, headers: &[(&str, &str)]) -> u16 {
    let headers = [&[HOST], headers].concat();
    caller.get("/v1/session", &headers).status
}

fn login(caller: &Caller, kind: &str, body: &str) -> Reply {
    caller.send("/v1/login", &[HOST, ("Content-Type", kind)], body)
}

#[test]
fn it_is_stored_as_a_hash_that_nobody_else_may_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let path = file.to_str().unwrap();
    let set = passwd(&["--file", path], "correct horse\n");
    assert!(set.status.success(), "{set:?}");
    let stored = fs::read_to_string(&file).unwrap();
    let start = "$argon2id$v=19$m=19456,t=2,p=1$";
    assert!(stored.starts_with(start), "{stored}");
    assert_eq!(mode(&file), 0o600);
    // The configuration names it, too.
    let config = folder.path().join("config.yaml");
    fs::write(&config, security(&file)).unwrap();
    let set = passwd(&["-config", config.to_str().unwrap()], "another");
    assert!(set.status.success(), "{set:?}");
    assert_ne!(fs::read_to_string(&file).unwrap(), stored);
    // What cannot be done changes nothing.
    let link = folder.path().join("link");
    symlink(&file, &link).unwrap();
    let stored = fs::read_to_string(&file).unwrap();
    for (path, input, words) in [
        (path, "", "empty"),
        (path, "\n", "empty"),
        (link.to_str().unwrap(), "x\n", "symbolic link"),
        ("/nonexistent/password", "x\n", "cannot be written"),
    ] {
        let refused = passwd(&["--file", path], input);
        assert_eq!(refused.status.code(), Some(1));
        let complaint = String::from_utf8(refused.stderr).unwrap();
        assert!(complaint.contains(words), "{complaint}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), stored);
    fs::write(&config, "").unwrap();
    let unset = passwd(&["-config", config.to_str().unwrap()], "x\n");
    let complaint = String::from_utf8(unset.stderr).unwrap();
    assert!(complaint.contains("does not set security.password_file"));
}

#[test]
fn a_file_of_an_older_broker_is_taken_once_and_hashed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "secret\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let broker = guarded(folder.path(), "secret\n");
    let log = broker.log_of_start().join("\n");
    assert!(log.contains("could be read by others"), "{log}");
    assert!(log.contains("replaced by its hash"), "{log}");
    assert!(!log.contains("secret"), "{log}");
    assert_eq!(mode(&file), 0o600);
    assert!(fs::read_to_string(&file).unwrap().starts_with("$argon2id$"));
    let headers = [("Authorization", &*basic("secret"))];
    assert_eq!(state(&broker.caller(), &headers), 204);
}

#[test]
fn a_file_that_cannot_be_used_stops_the_start_with_a_sentence() {
    for (text, words) in [
        (Some(""), "it is empty; `moustique passwd` sets a password"),
        (Some("$argon2id$broken"), "no argon2id hash"),
        (Some("two\nlines\n"), "several lines"),
        (None, "it cannot be read"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        if let Some(text) = text {
            fs::write(&file, text).unwrap();
        }
        let setup = Setup {
            more: security(&file),
            ..Setup::default()
        };
        let ended = Broker::try_start(folder.path(), &setup).unwrap_err();
        assert_eq!(ended.status.code(), Some(1));
        let log = ended.log.join("\n");
        assert!(log.contains(words), "{log}");
        assert!(log.contains("Set a password with `moustique passwd`"));
    }
}

#[test]
fn it_opens_what_is_guarded_by_two_ways_and_the_page_needs_none() {
    let folder = tempfile::tempdir().unwrap();
    let broker = guarded(folder.path(), "secret\n");
    let caller = broker.caller();
    // Publishing needs none, and the page has the form.
    caller.publish("/a", "1");
    assert_eq!(caller.get("/", &[HOST]).status, 200);
    // This machine is asked as well: a proxy or another user may be there.
    assert_eq!(state(&caller, &[]), 401);
    assert_eq!(caller.get("/v1/monitor/stream", &[HOST]).status, 401);
    let order = r#"{"name":"publish","payload":{"topic":"/a","message":"1","from":""}}"#;
    assert_eq!(caller.send("/v1/monitor/rpc", &[HOST], order).status, 401);
    let headers = [("Authorization", &*basic("secret"))];
    assert_eq!(state(&caller, &headers), 204);
    let headers = [HOST, ("Authorization", &*basic("secret"))];
    assert_eq!(caller.send("/v1/monitor/rpc", &headers, order).status, 204);
    let json = "application/json";
    let bodies = [
        (json, r#"{"password":"secret"}"#),
        ("application/x-www-form-urlencoded", "password=secret"),
    ];
    for (kind, body) in bodies {
        let reply = login(&caller, kind, body);
        assert_eq!(reply.status, 204, "{reply:?}");
        let cookie = reply.header("set-cookie").unwrap();
        let (pair, attributes) = cookie.split_once(';').unwrap();
        let attributes: Vec<_> = attributes.split(';').map(str::trim).collect();
        let expected = ["Max-Age=43200", "HttpOnly", "SameSite=Strict"];
        assert_eq!(attributes, expected);
        assert_eq!(state(&caller, &[("Cookie", pair)]), 204);
        let ended = caller.send("/v1/logout", &[HOST, ("Cookie", pair)], "");
        assert_eq!(ended.status, 204);
        assert!(ended.header("set-cookie").unwrap().contains("Max-Age=0"));
        assert_eq!(state(&caller, &[("Cookie", pair)]), 401);
    }
    assert_eq!(
        state(&caller, &[("Cookie", "moustique_session=guess")]),
        401
    );
    let bodies = [(json, "{}"), (json, "no"), ("text/plain", "x=secret")];
    for (kind, body) in bodies {
        let reply = login(&caller, kind, body);
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(!reply.body.contains("secret"), "{reply:?}");
    }
    let other_site = ("Origin", "http://evil.example");
    let headers = [HOST, other_site, ("Content-Type", json)];
    let forged = caller.send("/v1/login", &headers, r#"{"password":"secret"}"#);
    assert_eq!(forged.status, 403);
}

#[test]
fn metrics_need_it_where_one_is_set_and_what_tells_nothing_never_does() {
    let open = tempfile::tempdir().unwrap();
    let broker = Broker::start(open.path());
    assert_eq!(broker.caller().get("/metrics", &[]).status, 200);
    let folder = tempfile::tempdir().unwrap();
    let broker = guarded(folder.path(), "secret\n");
    let caller = broker.caller();
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs"] {
        assert_eq!(caller.get(path, &[]).status, 200, "{path}");
    }
    let login = login(&caller, "application/json", r#"{"password":"secret"}"#);
    let (session, _) = login.header("set-cookie").unwrap().split_once(';').unwrap();
    for (header, status) in [
        (("Accept", "*/*"), 401),
        (("Authorization", &*basic("guess")), 401),
        (("Authorization", &*basic("secret")), 200),
        (("Cookie", "moustique_session=guess"), 401),
        (("Cookie", session), 200),
    ] {
        let reply = caller.get("/metrics", &[header]);
        assert_eq!(reply.status, status, "{header:?}");
        if status == 401 {
            let kind = reply.header("content-type");
            assert_eq!(kind, Some("application/problem+json"));
            assert_eq!(reply.json()["code"], "not_allowed");
            assert!(!reply.body.contains("moustique_"), "{reply:?}");
        } else {
            assert!(reply.body.contains("moustique_messages_total"));
        }
    }
}

#[test]
fn a_session_over_tls_has_a_cookie_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "secret\n").unwrap();
    let setup = Setup {
        more: format!("  tls:\n    port: 0\n{}", security(&file)),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let (port, _) = crate::tls::port_and_fingerprint(&broker);
    let certificate = folder.path().join("tls.pem");
    let head = |path: &str, more: &[&str]| {
        let more = [&["--include"], more].concat();
        crate::tls::curl(&certificate, port, path, &more).unwrap()
    };
    let status = |cookie: &str| {
        let session = head("v1/session", &["--cookie", cookie]);
        let (_, rest) = session.split_once(' ').unwrap();
        rest.split(' ').next().unwrap().parse::<u16>().unwrap()
    };
    let opened = head("v1/login", &["--data", "password=secret"]);
    let cookie = opened
        .lines()
        .find(|line| line.contains("set-cookie"))
        .unwrap();
    let (_, cookie) = cookie.split_once(": ").unwrap();
    let flags = "; Max-Age=43200; HttpOnly; SameSite=Strict; Secure";
    let secure = cookie.strip_suffix(flags).unwrap();
    assert!(
        secure.starts_with("__Secure-moustique_session="),
        "{cookie}"
    );
    assert_eq!(status(secure), 204);
    // In the open it counts for nothing; one that was opened there counts in both.
    let caller = broker.caller();
    assert_eq!(state(&caller, &[("Cookie", secure)]), 401);
    let reply = login(&caller, "application/json", r#"{"password":"secret"}"#);
    let plain = reply
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    assert_eq!(status(plain), 204);
    let stale = format!("__Secure-moustique_session=stale; {plain}");
    assert_eq!(status(&stale), 204);
    // Both end with a logout over TLS.
    let both = format!("{secure}; {plain}");
    let ended = head("v1/logout", &["--data", "", "--cookie", &both]);
    assert_eq!(ended.matches("Max-Age=0").count(), 2, "{ended}");
    assert_eq!((status(secure), status(plain)), (401, 401));
}

#[test]
fn what_follows_the_monitor_ends_with_what_let_it_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = guarded(folder.path(), "secret\n");
    let caller = broker.caller();
    let login = || {
        let reply = login(&caller, "application/json", r#"{"password":"secret"}"#);
        let cookie = reply.header("set-cookie").unwrap();
        cookie.split(';').next().unwrap().to_owned()
    };
    let (one, other) = (login(), login());
    let follow = |header: &str| Stream::open_with(broker.port(), header);
    let mut of_one = follow(&format!("Cookie: {one}\r\n"));
    let mut of_other = follow(&format!("Cookie: {other}\r\n"));
    let mut by_password = follow(&format!("Authorization: {}\r\n", basic("secret")));
    for stream in [&mut of_one, &mut of_other, &mut by_password] {
        stream.find("status");
    }
    assert_eq!(
        caller
            .send("/v1/logout", &[HOST, ("Cookie", &one)], "")
            .status,
        204
    );
    while of_one.next().is_some() {}
    of_other.find("traffic");
    let file = folder.path().join("password");
    let set = passwd(&["--file", file.to_str().unwrap()], "new");
    assert!(set.status.success());
    broker.signal("HUP");
    broker.wait_for_line("the configuration was read again");
    while of_other.next().is_some() {}
    while by_password.next().is_some() {}
}

#[test]
fn who_guesses_has_five_tries_and_then_one_every_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let broker = guarded(folder.path(), "secret\n");
    let caller = broker.caller();
    let json = "application/json";
    let session = login(&caller, json, r#"{"password":"secret"}"#);
    let session = session.header("set-cookie").unwrap().to_owned();
    for _ in 0..5 {
        let reply = login(&caller, json, r#"{"password":"guess"}"#);
        assert_eq!(reply.status, 401);
        assert!(reply.body.starts_with("Access denied: "), "{reply:?}");
    }
    for password in ["guess", "secret"] {
        let reply = login(&caller, json, &format!(r#"{{"password":"{password}"}}"#));
        assert_eq!(reply.status, 429);
        let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=10).contains(&seconds), "{seconds}");
    }
    // Neither a session nor a publish is held up by it.
    let (pair, _) = session.split_once(';').unwrap();
    assert_eq!(state(&caller, &[("Cookie", pair)]), 204);
    caller.publish("/a", "1");
}

#[test]
fn another_password_ends_what_the_old_one_opened() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = guarded(folder.path(), "old\n");
    let caller = broker.caller();
    let reply = login(&caller, "application/json", r#"{"password":"old"}"#);
    let cookie = reply.header("set-cookie").unwrap().to_owned();
    let (pair, _) = cookie.split_once(';').unwrap();
    let old = basic("old");
    assert_eq!(state(&caller, &[("Authorization", &old)]), 204);
    let file = folder.path().join("password");
    assert!(
        passwd(&["--file", file.to_str().unwrap()], "new")
            .status
            .success()
    );
    broker.signal("HUP");
    broker.wait_for_line("the configuration was read again");
    assert_eq!(state(&caller, &[("Cookie", pair)]), 401);
    assert_eq!(state(&caller, &[("Authorization", &old)]), 401);
    assert_eq!(state(&caller, &[("Authorization", &basic("new"))]), 204);
    // A file that cannot be used leaves the password that holds.
    fs::write(&file, "").unwrap();
    broker.signal("HUP");
    let line = broker.wait_for_line("holds still");
    assert!(line.contains("it is empty"), "{line}");
    assert_eq!(state(&caller, &[("Authorization", &basic("new"))]), 204);
}

#[test]
fn without_one_there_is_nothing_to_log_in_to() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    assert_eq!(state(&caller, &[]), 204);
    let reply = login(&caller, "application/json", r#"{"password":"x"}"#);
    assert_eq!(reply.status, 404);
    let elsewhere = [("Host", "192.168.0.9")];
    assert_eq!(caller.get("/v1/session", &elsewhere).status, 403);
}
