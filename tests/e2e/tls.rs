//! The port for TLS.

#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use moustique_tests::{Broker, Setup};
use serde_json::{Value, json};

use crate::monitor::Stream;

/// A certificate for this machine that nobody but itself has signed, with its
/// key.
fn make_certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (certificate, key) = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    );
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
        ])
        .args(["-subj", &format!("/CN={name}")])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    (certificate, key)
}

fn with_files(certificate: &Path, key: &Path) -> Setup {
    Setup {
        more: format!(
            "  tls:\n    port: 0\n    certificate: {}\n    key: {}\n",
            certificate.display(),
            key.display()
        ),
        ..Setup::default()
    }
}

/// The port for TLS and the fingerprint, as the log has them.
pub(crate) fn port_and_fingerprint(broker: &Broker) -> (u16, String) {
    let lines = broker.log_of_start().iter();
    let mut lines = lines.filter_map(|line| line.split_once("TLS on port "));
    let (_, rest) = lines.next().unwrap();
    let (port, rest) = rest.split_once(':').unwrap();
    let (_, fingerprint) = rest.rsplit_once(' ').unwrap();
    (port.parse().unwrap(), fingerprint.to_owned())
}

/// What curl prints when it trusts that certificate alone.
pub(crate) fn curl(
    certificate: &Path,
    port: u16,
    path: &str,
    more: &[&str],
) -> Result<String, String> {
    let done = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30", "--cacert"])
        .arg(certificate)
        .args(more)
        .arg(format!("https://127.0.0.1:{port}/{path}"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match done.status.success() {
        true => Ok(text(done.stdout)),
        false => Err(text(done.stderr)),
    }
}

/// A TLS connection that is kept.
struct Kept {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Kept {
    fn open(certificate: &Path, port: u16) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-verify_return_error", "-CAfile"])
            .arg(certificate)
            .args(["-connect", &format!("127.0.0.1:{port}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: child.stdout.take().unwrap(),
            child,
        }
    }

    /// Asks for the version, and reads the answer to its end.
    fn ask(&mut self) {
        let request = "GET /VERSION?encoding=plain HTTP/1.1\r\nHost: localhost\r\n\r\n";
        self.input.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n\"0.1.0\"") {
            let mut byte = [0];
            self.output.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "));
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_same_broker_answers_on_both_ports() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = make_certificate(folder.path(), "one");
    let broker = Broker::start_with(folder.path(), &with_files(&certificate, &key));
    let (port, _) = port_and_fingerprint(&broker);
    let fields = "encoding=plain&topic=/a&message=over TLS";
    let published = curl(&certificate, port, "POST", &["--data", fields]);
    assert_eq!(published.as_deref(), Ok(""));
    assert_eq!(broker.caller().value("/a").as_deref(), Some("over TLS"));
    // What curl can of HTTP/2 is not begun with.
    let version = curl(
        &certificate,
        port,
        "VERSION",
        &["--http2", "-w", "%{http_version}"],
    );
    assert!(version.unwrap().ends_with("1.1"));
    let mut kept = Kept::open(&certificate, port);
    for _ in 0..3 {
        kept.ask();
    }
}

#[test]
fn another_certificate_holds_for_new_connections_and_a_bad_one_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = make_certificate(folder.path(), "one");
    let (other, other_key) = make_certificate(folder.path(), "two");
    let old = folder.path().join("old.pem");
    fs::copy(&certificate, &old).unwrap();
    let mut broker = Broker::start_with(folder.path(), &with_files(&certificate, &key));
    let (port, _) = port_and_fingerprint(&broker);
    let mut kept = Kept::open(&old, port);
    kept.ask();
    // The certificate alone does not belong to the key.
    fs::copy(&other, &certificate).unwrap();
    broker.signal("HUP");
    let line = broker.wait_for_line("holds still");
    assert!(line.contains("one.pem: it cannot be used with"), "{line}");
    assert!(curl(&old, port, "VERSION", &[]).is_ok());
    fs::copy(&other_key, &key).unwrap();
    broker.signal("HUP");
    broker.wait_for_line("the configuration was read again");
    kept.ask();
    assert!(curl(&other, port, "VERSION", &[]).is_ok());
    assert!(curl(&old, port, "VERSION", &[]).is_err());
}

/// The way the monitor is told of TLS.
fn told(stream: &mut Stream) -> Value {
    let mut status = stream.find("status");
    status["tls"].take()
}

#[test]
fn the_monitor_tells_of_it_and_of_another_certificate_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = make_certificate(folder.path(), "one");
    let (other, other_key) = make_certificate(folder.path(), "two");
    let mut broker = Broker::start_with(folder.path(), &with_files(&certificate, &key));
    let (port, fingerprint) = port_and_fingerprint(&broker);
    // openssl's are good for a day.
    let log = broker.log_of_start().join("\n");
    assert!(log.contains("the certificate ends on "), "{log}");
    let mut stream = Stream::open(broker.port());
    let first = told(&mut stream);
    let address = format!("https://127.0.0.1:{port}");
    assert_eq!(first["addresses"], json!([address]));
    let shown = &first["certificate"];
    assert_eq!(shown["fingerprint"], fingerprint);
    assert_eq!(shown["selfSigned"], true);
    let (ends, warned) = (shown["endsAt"].as_i64(), shown["warnFrom"].as_i64());
    assert_eq!(ends.unwrap() - warned.unwrap(), 14 * 24 * 60 * 60 * 1_000);
    fs::copy(&other, &certificate).unwrap();
    fs::copy(&other_key, &key).unwrap();
    broker.signal("HUP");
    let line = broker.wait_for_line("fingerprint of the new certificate");
    let second = told(&mut stream);
    let (_, fingerprint) = line.rsplit_once(' ').unwrap();
    assert_eq!(second["certificate"]["fingerprint"], fingerprint);
    assert_ne!(second["certificate"], *shown);
}

#[test]
fn a_certificate_of_its_own_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "  tls:\n    port: 0\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let (port, first) = port_and_fingerprint(&broker);
    assert_eq!(first.split(':').count(), 32, "{first}");
    let file = folder.path().join("tls.pem");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(curl(&file, port, "VERSION", &[]).is_ok());
    let on_localhost = ["--connect-to", &format!("localhost:443:127.0.0.1:{port}")];
    let by_name = Command::new("curl")
        .args(["--silent", "--show-error", "--cacert"])
        .arg(&file)
        .args(on_localhost)
        .arg("https://localhost/VERSION")
        .output()
        .unwrap();
    assert!(by_name.status.success(), "{by_name:?}");
    broker.stop();
    let again = Broker::start_with(folder.path(), &setup);
    assert_eq!(port_and_fingerprint(&again).1, first);
}

#[test]
fn who_speaks_plain_http_is_told_and_who_says_nothing_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "  timeout: 300ms\n  tls:\n    port: 0\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let (port, _) = port_and_fingerprint(&broker);
    let talk = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        // A reset is an end as well.
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let told = talk(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(told.starts_with("HTTP/1.1 400 "), "{told}");
    assert!(told.contains("this port speaks TLS; expected is a URL with https://"));
    assert_eq!(talk(&[0x16, 0x03]), "", "a handshake that does not go on");
    assert_eq!(talk(b""), "", "a connection without a byte");
    assert_eq!(talk(&[0x80, 0x2e, 0x01]), "", "nonsense");
    assert!(curl(&folder.path().join("tls.pem"), port, "VERSION", &[]).is_ok());
}

#[test]
fn what_cannot_be_used_stops_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = make_certificate(folder.path(), "one");
    let (_, other_key) = make_certificate(folder.path(), "two");
    let nothing = folder.path().join("nothing.pem");
    fs::write(&nothing, "nothing").unwrap();
    for (certificate, key, words) in [
        (&certificate, &other_key, "one.pem: it cannot be used with"),
        (&nothing, &key, "nothing.pem: there is no certificate in it"),
        (
            &certificate,
            &nothing,
            "nothing.pem: there is no private key",
        ),
        (&folder.path().join("x"), &key, "x: it cannot be read"),
    ] {
        let ended = Broker::try_start(folder.path(), &with_files(certificate, key));
        let log = ended.unwrap_err().log.join("\n");
        assert!(log.contains(words), "{log}");
    }
}
