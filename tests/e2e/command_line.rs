//! The command line and the configuration file.

use std::process::{Command, Output};

use moustique_tests::{Broker, Setup, program};

fn run(arguments: &[&str]) -> Output {
    Command::new(program("moustique"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn it_tells_its_version_and_how_it_is_used() {
    let version = run(&["--version"]);
    assert!(version.status.success());
    let text = stdout(&version);
    assert_eq!(
        text.trim(),
        format!("moustique {}", env!("CARGO_PKG_VERSION"))
    );
    let help = run(&["--help"]);
    assert!(help.status.success());
    for option in [
        "--config",
        "--generate-config",
        "--debug",
        "--data-dir",
        "33334",
        "SIGHUP",
        "serve",
        "check",
        "passwd",
    ] {
        assert!(stdout(&help).contains(option), "{option}");
    }
}

#[test]
fn the_generated_configuration_is_accepted() {
    for option in ["-generate-config", "--generate-config"] {
        let generated = run(&[option]);
        assert!(generated.status.success());
        let text = stdout(&generated);
        let line = text
            .lines()
            .position(|line| line == "  port: 33334")
            .unwrap()
            + 1;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.yaml");
        // The port of the defaults may be in use on this machine.
        std::fs::write(&file, text.replace("port: 33334", "port: 99999")).unwrap();
        let refused = run(&["-config", file.to_str().unwrap()]);
        assert_eq!(refused.status.code(), Some(1));
        let complaint = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
        assert!(
            complaint.contains(&format!("mine.yaml, line {line}: '99999' is not a port")),
            "{complaint}"
        );
    }
}

#[test]
fn a_configuration_is_checked_without_serving() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "server:\n  port: 0\n").unwrap();
    for arguments in [&["check", path][..], &["-config", path, "check"]] {
        let checked = run(arguments);
        assert!(checked.status.success(), "{checked:?}");
        let lines = stdout(&checked);
        let first = format!("{path}: ok\nserver.port 0: ok\ndata folder ");
        assert!(lines.starts_with(&first), "{lines}");
    }
    // What it names is looked at as well.
    let log = folder.path().join("missing/a.log");
    let data = folder.path().join("data/m.db");
    let text = format!(
        "database:\n  path: {}\nlogging:\n  file: {}\n",
        data.display(),
        log.display()
    );
    std::fs::write(&file, text).unwrap();
    let refused = run(&["check", path]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stdout(&refused).contains("data: ok; there is none yet, so a start makes it\n"));
    let complaint = String::from_utf8(refused.stderr).unwrap();
    let named = format!(
        "moustique: logging.file {}: it cannot be made in",
        log.display()
    );
    assert!(complaint.starts_with(&named), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    std::fs::write(&file, "server:\n  prot: 0\n").unwrap();
    let refused = run(&["check", path]);
    assert_eq!(refused.status.code(), Some(1));
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(complaint.contains("mine.yaml, line 2: "), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    let missing = run(&["check", "/nonexistent/mine.yaml"]);
    assert_eq!(missing.status.code(), Some(1));
    // A word that is no command is neither a file nor passed over.
    assert_eq!(run(&["chekc"]).status.code(), Some(2));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_configuration_that_is_named_must_be_there() {
    let output = run(&["-config", "/nonexistent/moustique.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("/nonexistent/moustique.yaml: it cannot be read"),
        "{complaint}"
    );
}

#[test]
fn the_log_goes_to_the_configured_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broker.log");
    let setup = Setup {
        more: format!("logging:\n  file: {}\n", file.display()),
        ..Setup::default()
    };
    Broker::start_with(folder.path(), &setup).stop();
    let log = std::fs::read_to_string(file).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(
        log.contains("started: version") && log.contains("stopped"),
        "{log}"
    );
}

#[test]
fn the_default_encoding_can_be_configured() {
    for (encoding, version) in [
        ("plain", "\"0.1.0\""),
        ("classic", "VwNhZF4jVt=="),
        ("inner", "IjAuMS4wIg=="),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            more: format!("  encoding: {encoding}\n"),
            ..Setup::default()
        };
        let broker = Broker::start_with(folder.path(), &setup);
        assert_eq!(broker.caller().get("/VERSION", &[]).body, version);
    }
}

#[test]
fn clients_that_stay_silent_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "performance:\n  message_queue_timeout: 100ms\n  maintenance_interval: 50ms\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let caller = broker.caller();
    caller.subscribe("c", "/a");
    let known = || {
        let frames = crate::monitor::first_frames(broker.port());
        let clients = frames
            .iter()
            .find(|frame| frame["kind"] == "clients")
            .unwrap();
        clients["total"].as_u64().unwrap()
    };
    while known() > 0 {}
    let told = caller.pickup("c", "0");
    assert_eq!(
        told["/server/action/resubscribe"][0]["message"],
        "resubscribe"
    );
}
