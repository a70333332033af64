//! What the broker tells of itself.

use moustique_tests::{Broker, Caller, Raw, Setup, form};
use serde_json::{Value, json};

use crate::dialects::{decode, encode};

const REPORTS: [&str; 8] = [
    "STATUS",
    "STATS",
    "CLIENTS",
    "POSTERS",
    "TOPICS",
    "CROOKS",
    "PEERHOSTS",
    "LOG",
];

fn report(caller: &Caller, verb: &str) -> Value {
    let reply = caller.post(verb, &[]);
    assert_eq!(reply.status, 200, "{verb} {reply:?}");
    reply.json()
}

#[test]
fn each_is_answered_in_the_encoding_of_its_question() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.publish("/köket/temp", "21,5 °C");
    for verb in REPORTS.into_iter().chain(["VERSION", "FILEVERSION"]) {
        let path = format!("/{verb}");
        let asked = |headers: &[(&str, &str)], form: &str| {
            let reply = caller.send(&path, headers, form);
            assert_eq!(reply.status, 200, "{verb} {reply:?}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            reply
        };
        let plain = asked(&[("Moustique-Encoding", "plain")], "");
        let kind = plain.header("content-type").unwrap();
        let is_page = verb == "STATUS";
        assert_eq!(kind.starts_with("text/html"), is_page, "{verb}");
        for dialect in ["classic", "inner"] {
            // Once by a password, which shows the dialect, once by saying it.
            let form = form(&[("pwd", &encode("hemligt lösenord", dialect))]);
            for reply in [
                asked(&[], &form),
                asked(&[("Moustique-Encoding", dialect)], ""),
            ] {
                let kind = reply.header("content-type");
                assert_eq!(kind, Some("text/plain; charset=utf-8"));
                let text = decode(&reply.body, dialect);
                if is_page {
                    assert!(text.starts_with("<!doctype html>"), "{text}");
                } else {
                    let (ours, plain): (Value, Value) =
                        (serde_json::from_str(&text).unwrap(), plain.json());
                    assert_eq!(ours.is_array(), plain.is_array(), "{verb}");
                    if verb.ends_with("VERSION") || verb == "TOPICS" {
                        assert_eq!(ours, plain);
                    }
                }
            }
        }
    }
    let digest = report(&caller, "FILEVERSION");
    let digest = digest.as_str().unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn they_are_for_this_machine_alone_and_never_by_get() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    for verb in REPORTS {
        let mut raw = Raw::connect(broker.port());
        raw.request("GET", &format!("/{verb}?pwd=x"), &[], "");
        let reply = raw.reply();
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("POST, PUT"))
        );
        for head in [
            "Host: rebound.example",
            "Host: localhost\r\nX-Forwarded-For: 10.0.0.1",
        ] {
            let mut raw = Raw::connect(broker.port());
            let head = format!("POST /{verb} HTTP/1.1\r\n{head}\r\nContent-Length: 0\r\n\r\n");
            raw.send(head.as_bytes());
            let reply = raw.reply();
            assert_ne!(reply.status, 200, "{verb} {reply:?}");
            assert!(
                !reply.body.contains('{') && !reply.body.contains("<html"),
                "{reply:?}"
            );
        }
    }
    let crooks = report(&broker.caller(), "CROOKS");
    assert_eq!(crooks[0]["IP"], "127.0.0.1");
    assert!(crooks[0]["Attempts"].as_u64().unwrap() >= 8, "{crooks}");
    assert_eq!(crooks[0]["IsBanned"], false);
    // Nobody is banned: the same address is served.
    broker.caller().publish("/a", "1");
}

#[test]
fn clients_are_told_of_with_what_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    assert_eq!(report(&caller, "CLIENTS"), json!([]));
    caller.subscribe("panel", "/a");
    caller.subscribe("app", "/a");
    caller.subscribe("panel", "/b");
    caller.pickup("panel", "0");
    let clients = report(&caller, "CLIENTS");
    let names: Vec<_> = clients
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["Name"])
        .collect();
    assert_eq!(names, ["app", "panel"]);
    let (app, panel) = (&clients[0], &clients[1]);
    assert_eq!(panel["RequestCounter"], 3);
    assert_eq!(panel["IP"], "127.0.0.1");
    assert!(panel["LatestPickup"].as_i64() >= panel["FirstSeen"].as_i64());
    assert!(panel["FirstSeen"].as_i64().unwrap() > 1_700_000_000);
    assert_eq!(
        panel["LatestPickupNiceDatetime"].as_str().unwrap().len(),
        19
    );
    assert_eq!(
        (&app["LatestPickup"], &app["LatestPickupNiceDatetime"]),
        (&json!(0), &json!(""))
    );
    // When it was first seen survives; what it did counts anew.
    let first_seen = panel["FirstSeen"].clone();
    broker.stop();
    let broker = Broker::start(folder.path());
    let clients = report(&broker.caller(), "CLIENTS");
    assert_eq!(clients[1]["FirstSeen"], first_seen);
    assert_eq!(clients[1]["RequestCounter"], 0);
}

#[test]
fn publishers_are_told_of_as_soon_as_their_messages_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "limits:\n  publishers: 2\n  publisher_topics: 2\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let caller = broker.caller();
    let post = |topic: &str, message: &str, from: &str| {
        let fields = [("topic", topic), ("message", message), ("from", from)];
        assert_eq!(caller.post("POST", &fields).status, 200);
    };
    for number in 0..50 {
        post("/a", &number.to_string(), "esp32");
        let posters = report(&caller, "POSTERS");
        assert_eq!(posters[0]["MessageCount"], number + 1);
        assert_eq!(posters[0]["latest_post"]["message"], number.to_string());
    }
    post("/b", "", "");
    // Nobody is notified of it, so it is no post.
    caller.post(
        "PUTVAL",
        &[("valname", "/v"), ("val", "1"), ("from", "putter")],
    );
    for topic in ["/c", "/a", "/d"] {
        post(topic, "x", "esp32");
    }
    let posters = report(&caller, "POSTERS");
    let names: Vec<_> = posters
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["Name"])
        .collect();
    assert_eq!(names, ["esp32", "UNKNOWN"]);
    let topics: Vec<_> = posters[0]["latest_posts_by_topic"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(topics, ["/a", "/d"]);
    assert_eq!(posters[1]["latest_post"]["message"], "");
    assert_eq!(posters[1]["latest_post"]["subscribers"], json!({}));
    post("/e", "x", "third");
    let posters = report(&caller, "POSTERS");
    assert_eq!(
        (&posters[0]["Name"], posters.as_array().unwrap().len()),
        (&json!("third"), 2)
    );
    assert_eq!(report(&caller, "STATS")["clients"]["posters"], 2);
}

#[test]
fn numbers_are_those_of_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("panel", "/a/#");
    caller.subscribe("panel", "/b");
    for number in 0..7 {
        caller.publish(&format!("/a/{}", number % 3), "1");
    }
    caller.pickup("panel", "0");
    caller.pickup("panel", "0.01");
    for verb in ["GETVAL", "GETVALSBYREGEX", "GETVAL"] {
        caller.post(verb, &[("topic", "/a/1")]);
    }
    let stats = report(&caller, "STATS");
    for (pointer, expected) in [
        ("/values", 3),
        ("/subscription_count", 2),
        ("/clients/subscribers", 1),
        ("/clients/posters", 1),
        ("/requests/processed/total", 7),
        ("/requests/pickups/total", 2),
        ("/requests/getvals/total", 3),
        // All before this one.
        ("/requests/total", 14),
        ("/dropped_total", 0),
        ("/bounds/regex", 0),
    ] {
        assert_eq!(
            stats.pointer(pointer),
            Some(&json!(expected)),
            "{pointer} {stats}"
        );
    }
    let number = |pointer: &str| stats.pointer(pointer).and_then(Value::as_f64).unwrap();
    let memory = number("/memory_usage");
    let status = std::fs::read_to_string(format!("/proc/{}/status", broker.pid()));
    if let Ok(status) = status {
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(
            (memory / 1024.0 - kib).abs() < kib / 4.0,
            "{memory} bytes, {kib} KiB"
        );
    }
    assert!(memory > 1e6 && number("/goroutines") >= 2.0, "{stats}");
    assert!(
        number("/connections") >= 1.0 && number("/store/bytes") > 0.0,
        "{stats}"
    );
    let average = number("/average_request_time");
    assert!(average > 0.0 && average < 1_000.0, "{average} ms");
    assert_eq!(stats["store"]["state"], "sound");
    assert!(stats["bounds"].as_object().unwrap().len() > 10);
}

#[test]
fn topics_hosts_and_the_log_are_lists() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    for topic in ["/b", "/a/ö", "$x", "/a"] {
        caller.publish(topic, "1");
    }
    assert_eq!(report(&caller, "TOPICS"), json!(["$x", "/a", "/a/ö", "/b"]));
    assert_eq!(report(&caller, "PEERHOSTS"), json!(["127.0.0.1"]));
    let log = report(&caller, "LOG");
    let lines = log["lines"].as_array().unwrap();
    assert_eq!(log["total"].as_u64().unwrap() as usize, lines.len());
    assert!(
        lines
            .iter()
            .any(|line| line.as_str().unwrap().contains("started: version")),
        "{log}"
    );
}

#[test]
fn the_page_shows_hostile_content_as_text_under_a_strict_policy() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let hostile = "<script>alert('1')</script>&\"\u{202e}";
    let fields = [("topic", hostile), ("message", hostile), ("from", hostile)];
    assert_eq!(caller.post("POST", &fields).status, 200);
    assert_eq!(
        caller
            .post("SUBSCRIBE", &[("topic", "#"), ("client", hostile)])
            .status,
        200
    );
    let page = caller.post("STATUS", &[]);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert!(!page.body.contains("<script") && !page.body.contains('\u{202e}'));
    let escaped = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;\\u{202e}";
    assert!(page.body.matches(escaped).count() >= 4, "{}", page.body);
}

/// Without it, whoever asks cannot tell a value that is empty from one that is
/// not there.
#[test]
fn an_empty_value_is_one_and_a_missing_field_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    for (verb, whole) in [
        ("POST", &[("topic", "/p"), ("message", "")][..]),
        ("PUTVAL", &[("valname", "/v"), ("val", "")]),
        ("PUTVAL", &[("valname", "/m"), ("message", "")]),
        ("SUBSCRIBE", &[("topic", "/a"), ("client", "c")]),
        ("UNSUBSCRIBE", &[("topic", "/a"), ("client", "c")]),
        ("PICKUP", &[("client", "c")]),
        ("GETVAL", &[("topic", "/p")]),
        ("GETVALSBYREGEX", &[("topic", "")]),
    ] {
        let reply = caller.post(verb, whole);
        assert_eq!(reply.status, 200, "{verb} {reply:?}");
        for missing in 0..whole.len() {
            let mut fields = whole.to_vec();
            let (name, _) = fields.remove(missing);
            let reply = caller.post(verb, &fields);
            assert_eq!(reply.status, 404, "{verb} without {name}: {reply:?}");
            assert!(
                reply.body.starts_with(&format!("{verb} needs the field '")),
                "{reply:?}"
            );
        }
    }
    for topic in ["/p", "/v", "/m"] {
        assert_eq!(caller.value(topic).as_deref(), Some(""));
    }
}
