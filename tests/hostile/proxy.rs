//! nginx in front, with the configuration that the documentation shows.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::{Broker, Caller, Setup, free_port, root, tool};

/// The longest nginx may take to listen, and an event to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// nginx. Dropping it ends it.
struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    fn start(folder: &Path, broker: u16) -> Self {
        Self::start_with(folder, broker, "")
    }

    /// The same over TLS, with a certificate and its key in one file.
    fn start_tls(folder: &Path, broker: u16, file: &Path) -> Self {
        let file = file.display();
        let more = format!("ssl_certificate {file}; ssl_certificate_key {file};");
        Self::start_with(folder, broker, &more)
    }

    fn start_with(folder: &Path, broker: u16, tls: &str) -> Self {
        let ssl = if tls.is_empty() { "" } else { "ssl" };
        let snippet = fs::read_to_string(root().join("docs/nginx.conf")).unwrap();
        assert!(snippet.contains("127.0.0.1:33334"));
        let snippet = snippet.replace("127.0.0.1:33334", &format!("127.0.0.1:{broker}"));
        let port = free_port();
        // Only the location is ours; the rest keeps it in the foreground, in one
        // process and in its folder.
        let folder = folder.display();
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let folders = kinds
            .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
            .concat();
        let text = format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\n\
             events {{ }}\n\
             http {{ access_log off; {folders}\n\
             server {{ listen 127.0.0.1:{port} {ssl}; {tls}\n{snippet}\n}} }}\n"
        );
        let file = format!("{folder}/nginx.conf");
        fs::write(&file, text).unwrap();
        let child = Command::new(tool("nginx"))
            .args(["-p", &folder.to_string(), "-c", &file, "-e", "stderr"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Self { child, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "nginx does not listen");
            thread::yield_now();
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn broker(folder: &Path, security: &str) -> Broker {
    let setup = Setup {
        more: format!("security:\n  trusted_proxies: [127.0.0.1]\n{security}"),
        ..Setup::default()
    };
    Broker::start_with(folder, &setup)
}

/// The addresses that an HTML page names, relative to itself.
fn addresses(page: &str) -> Vec<&str> {
    let parts = page.split("=\"./").skip(1);
    parts.map(|part| part.split('"').next().unwrap()).collect()
}

#[test]
fn the_page_and_its_files_load_under_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(folder.path(), "");
    let nginx = Nginx::start(folder.path(), broker.port());
    let caller = Caller::new(nginx.port);
    let page = caller.get("/moustique/", &[]);
    assert_eq!(page.status, 200, "{page:?}");
    // From anywhere else than its own folder nothing would load.
    assert!(!page.body.contains("=\"/"), "{}", page.body);
    let addresses = addresses(&page.body);
    assert!(addresses.len() >= 3, "{addresses:?}");
    for address in addresses {
        let file = caller.get(&format!("/moustique/{address}"), &[]);
        assert_eq!(
            (file.status, file.body.is_empty()),
            (200, false),
            "{address}"
        );
    }
    let origin = format!("http://127.0.0.1:{}", nginx.port);
    let order = r#"{"name":"publish","payload":{"topic":"/page","message":"on","from":""}}"#;
    let headers = [
        ("Content-Type", "application/json"),
        ("Origin", origin.as_str()),
    ];
    let answer = caller.send("/moustique/v1/monitor/rpc", &headers, order);
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(broker.caller().value("/page").as_deref(), Some("on"));
}

#[test]
fn a_login_over_tls_has_a_cookie_for_tls_and_for_the_path_alone() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    fs::write(&password, "secret\n").unwrap();
    let setup = Setup {
        more: format!(
            "  tls:\n    port: 0\nsecurity:\n  trusted_proxies: [127.0.0.1]\n  \
             password_file: {}\n",
            password.display()
        ),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let certificate = folder.path().join("tls.pem");
    let nginx = Nginx::start_tls(folder.path(), broker.port(), &certificate);
    let jar = folder.path().join("cookies");
    // The head of the answer, from a browser that keeps cookies.
    let ask = |path: &str, more: &[&str]| {
        let done = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "30", "--include"])
            .arg("--cacert")
            .arg(&certificate)
            .arg("--cookie")
            .arg(&jar)
            .arg("--cookie-jar")
            .arg(&jar)
            .args(more)
            .arg(format!("https://127.0.0.1:{}/{path}", nginx.port))
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(ask("moustique/v1/session", &[]).starts_with("HTTP/1.1 401 "));
    let head = ask("moustique/v1/login", &["--data", "password=secret"]);
    assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
    let (_, cookie) = head.split_once("__Secure-moustique_session=").unwrap();
    let cookie = cookie.lines().next().unwrap();
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    let kept = fs::read_to_string(&jar).unwrap();
    assert!(kept.contains("\t/moustique/v1"), "{kept}");
    let session = ask("moustique/v1/session", &[]);
    assert!(session.starts_with("HTTP/1.1 204 "), "{session}");
    assert!(
        session.to_lowercase().contains("moustique-session: open"),
        "{session}"
    );
    ask("moustique/v1/logout", &["--data", ""]);
    assert!(ask("moustique/v1/session", &[]).starts_with("HTTP/1.1 401 "));
}

#[test]
fn a_publish_arrives_with_the_address_of_its_sender() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(folder.path(), "  blocked_peers: [127.0.0.9]\n");
    let nginx = Nginx::start(folder.path(), broker.port());
    // Each from an address of its own, with a header that nobody believes.
    for (source, status) in [("127.0.0.7", 200), ("127.0.0.9", 401)] {
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let from: std::net::SocketAddr = format!("{source}:0").parse().unwrap();
        socket.bind(&from.into()).unwrap();
        let to: std::net::SocketAddr = ([127, 0, 0, 1], nginx.port).into();
        socket.connect(&to.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let form = "topic=/sent&message=1";
        let request = format!(
            "POST /moustique/POST?encoding=plain HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\
             X-Forwarded-For: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{form}",
            nginx.port,
            form.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        assert!(line.contains(&status.to_string()), "{source}: {line}");
    }
    let value = broker.caller().post("GETVAL", &[("topic", "/sent")]);
    assert_eq!(value.json()["ip"], "127.0.0.7", "{value:?}");
}

#[test]
fn events_arrive_when_they_happen() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(folder.path(), "");
    let nginx = Nginx::start(folder.path(), broker.port());
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "GET /moustique/v1/monitor/stream HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
        nginx.port
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    // What there is, and then one by one what is published after it was read:
    // a proxy that waits for more would never give it.
    assert!(lines.any(|line| line.starts_with("data:")));
    for number in 0..5 {
        let topic = format!("/event/{number}");
        broker.caller().publish(&topic, "1");
        assert!(lines.any(|line| line.contains(&topic)), "{topic}");
    }
}

#[test]
fn a_web_socket_passes() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(folder.path(), "");
    let nginx = Nginx::start(folder.path(), broker.port());
    let stream = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let url = format!("ws://127.0.0.1:{}/moustique/v1/ws", nginx.port);
    let mut socket = tungstenite::client(url, stream).unwrap().0;
    let subscribe = r##"{"subscribe": ["/socket/#"]}"##;
    socket.send(subscribe.into()).unwrap();
    assert!(socket.read().unwrap().to_text().unwrap().contains("ok"));
    broker.caller().publish("/socket/1", "passes");
    let told = socket.read().unwrap();
    assert!(told.to_text().unwrap().contains("passes"), "{told}");
}
