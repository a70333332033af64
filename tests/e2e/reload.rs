//! A configuration that is read again while the broker runs.

#![cfg(unix)]

use std::fs;
use std::path::Path;

use moustique_tests::{Broker, Raw, form};
use serde_json::{Value, json};

use crate::monitor::Stream;

const PLAIN: [(&str, &str); 1] = [("Moustique-Encoding", "plain")];

/// Writes another configuration, has the broker read it, and returns the line
/// of the log that says how that went.
fn reload(broker: &mut Broker, folder: &Path, port: u16, more: &str) -> String {
    let config = format!("server:\n  host: 127.0.0.1\n  port: {port}\n{more}");
    fs::write(folder.join("config.yaml"), config).unwrap();
    broker.signal("HUP");
    broker.wait_for_line("onfiguration")
}

#[test]
fn what_is_parked_and_what_is_kept_outlast_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "/a");
    let mut parked = Raw::connect(broker.port());
    parked.request(
        "POST",
        "/PICKUP",
        &PLAIN,
        &form(&[("client", "c"), ("wait", "60")]),
    );
    let mut kept = Raw::connect(broker.port());
    let publish = |kept: &mut Raw, topic: &str, message: &str| {
        let fields = form(&[("topic", topic), ("message", message)]);
        kept.request("POST", "/POST", &PLAIN, &fields);
        kept.reply().status
    };
    assert_eq!(publish(&mut kept, "/b", "four"), 200);
    let more = "limits:\n  message_bytes: 3 B\n  queue_messages: 1\n";
    let log = reload(&mut broker, folder.path(), 0, more);
    assert!(log.contains("the configuration was read again"), "{log:?}");
    // The bounds hold on the same connections.
    assert_eq!(publish(&mut kept, "/b", "four"), 413);
    assert_eq!(publish(&mut kept, "/a", "one"), 200);
    let reply = parked.reply();
    assert_eq!(reply.json()["/a"][0]["message"], "one");
    // The bounds of the broker's memory, too.
    for message in ["1", "2", "3"] {
        assert_eq!(publish(&mut kept, "/a", message), 200);
    }
    let picked = caller.pickup("c", "0");
    assert_eq!(picked["/a"].as_array().unwrap().len(), 1, "{picked}");
    assert_eq!(picked["/a"][0]["message"], "3");
}

/// What the monitor is answered that asks for it.
fn ordered(broker: &Broker, folder: &Path, more: &str) -> (u16, Value) {
    let config = format!("server:\n  host: 127.0.0.1\n  port: 0\n{more}");
    fs::write(folder.join("config.yaml"), config).unwrap();
    let order = json!({"name": "reload"}).to_string();
    let reply = broker.caller().send("/v1/monitor/rpc", &[], &order);
    (reply.status, reply.json())
}

#[test]
fn the_monitor_asks_for_it_and_is_told_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path());
    let status = Stream::open(broker.port()).find("status");
    let file = folder.path().join("config.yaml");
    assert_eq!(status["configuration"], file.to_str().unwrap());
    let more = "limits:\n  message_bytes: 3 B\ndatabase:\n  durability: power\n";
    let told = json!({"applied": ["limits.message_bytes"], "waiting": ["database.durability"]});
    assert_eq!(ordered(&broker, folder.path(), more), (200, told));
    broker.wait_for_line("the configuration was read again");
    let fields = [("topic", "/a"), ("message", "four")];
    assert_eq!(broker.caller().post("POST", &fields).status, 413);
    let bad = "limits:\n  message_bytes: 9 B\n  topics: none\n";
    let (status, refusal) = ordered(&broker, folder.path(), bad);
    assert_eq!((status, &refusal["code"]), (400, &json!("configuration")));
    let detail = refusal["detail"].as_str().unwrap();
    for words in ["config.yaml, line 6: 'none' is not", "holds still"] {
        assert!(detail.contains(words), "{detail}");
    }
    assert_eq!(broker.caller().post("POST", &fields).status, 413);
    // It is guarded as all of the monitor is.
    let headers = [("Host", "192.168.0.9")];
    let order = json!({"name": "reload"}).to_string();
    let refused = broker.caller().send("/v1/monitor/rpc", &headers, &order);
    assert_eq!(refused.status, 403);
}

#[test]
fn a_bad_file_changes_nothing_and_is_said_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path());
    let bad = "limits:\n  message_bytes: 3 B\n  topics: none\n";
    let log = reload(&mut broker, folder.path(), 0, bad);
    for words in ["config.yaml, line 6: 'none' is not", "holds still"] {
        assert!(log.contains(words), "{log:?}");
    }
    let unwritable = "limits:\n  message_bytes: 3 B\nlogging:\n  file: /nonexistent/a.log\n";
    let log = reload(&mut broker, folder.path(), 0, unwritable);
    assert!(log.contains("/nonexistent/a.log cannot be"), "{log:?}");
    broker.caller().publish("/a", "four");
}

#[test]
fn what_waits_for_the_next_start_is_named_and_the_rest_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path());
    let port = broker.port();
    let more = "limits:\n  message_bytes: 3 B\ndatabase:\n  durability: power\n\
                retention:\n  policies:\n    - filter: /a\n";
    reload(&mut broker, folder.path(), 1, more);
    let line = broker.wait_for_line("at the next start takes effect");
    let keys = "server.port, database.durability, retention.policies";
    assert!(line.contains(keys), "{line}");
    assert_eq!(broker.port(), port);
    let fields = [("topic", "/a"), ("message", "four")];
    assert_eq!(broker.caller().post("POST", &fields).status, 413);
    // Set back, nothing waits.
    reload(&mut broker, folder.path(), 0, "");
    broker.caller().publish("/a", "four");
    broker.signal("TERM");
    assert!(broker.wait().success());
    let log = broker.rest_of_log();
    assert_eq!(log.len(), 1, "{log:#?}");
}

#[test]
fn the_log_goes_elsewhere_and_says_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.log");
    let mut broker = Broker::start(folder.path());
    let more = format!("logging:\n  level: debug\n  file: {}\n", file.display());
    reload(&mut broker, folder.path(), 0, &more);
    let written = || fs::read_to_string(&file).unwrap();
    assert!(written().contains("the configuration was read again"));
    // A tool that rotates moves the file and asks for another.
    fs::rename(&file, folder.path().join("old.log")).unwrap();
    reload(&mut broker, folder.path(), 0, &more);
    assert!(written().contains("the configuration was read again"));
    reload(&mut broker, folder.path(), 0, "");
    let before = written();
    broker.caller().publish("/a", "1");
    broker.stop();
    assert_eq!(written(), before, "it goes to the terminal alone");
}
