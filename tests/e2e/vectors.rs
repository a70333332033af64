//! The vectors of `spec/`, against the real thing.

use moustique_tests::{Broker, Raw, form, root};
use serde_json::Value;

use crate::dialects::encode;

fn cases(file: &str) -> Vec<Value> {
    let path = root().join("spec/vectors").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let cases = vectors["cases"].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap()
}

/// Each on a broker that knows nothing, as the vectors say. One broker a case
/// would take long; a case leaves nothing that tells dialects apart but the
/// dialect its peer used last, so those that are rejected share one.
#[test]
fn requests_are_rejected_as_written_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let mut count = 0;
    for case in cases("requests.json") {
        let Value::Object(rejected) = &case["rejected"] else {
            continue;
        };
        let reply = send(&broker, &case);
        let expected = rejected["text"].as_str().unwrap();
        assert_eq!(u64::from(reply.status), rejected["status"], "{case}");
        assert_eq!(reply.body, format!("{expected}\n"), "{case}");
        count += 1;
    }
    assert!(count >= 30, "{count} cases");
    assert_eq!(topics(&broker), 0);
}

#[test]
fn requests_are_accepted_as_written() {
    for case in cases("requests.json") {
        if case["command"].is_null() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let broker = Broker::start(folder.path());
        let verb = text(&case, "request").split_once(' ').unwrap().1;
        let verb = verb.split('?').next().unwrap().trim_matches('/');
        let expected = match verb {
            // Nothing exists in the broker.
            "GETVAL" => 404,
            _ => 200,
        };
        if case["command"]["wait"]
            .as_f64()
            .is_some_and(|wait| wait > 0.0)
        {
            // An unknown client is answered at once, however long it would wait.
            assert_eq!(verb, "PICKUP");
        }
        let reply = send(&broker, &case);
        assert_eq!(reply.status, expected, "{case} {reply:?}");
        if verb == "POST" || verb == "PUTVAL" {
            let command = &case["command"];
            let either = |a: &str, b: &str| command[a].as_str().or(command[b].as_str());
            let topic = either("topic", "valname").unwrap();
            let message = either("message", "val").unwrap();
            assert_eq!(
                broker.caller().value(topic).as_deref(),
                Some(message),
                "{case}"
            );
        }
    }
}

#[test]
fn both_dialects_are_read_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    for case in cases("dialects.json") {
        let fields = case["form"].as_object().unwrap();
        let (Some(topic), Some(message)) = (fields.get("topic"), fields.get("message")) else {
            continue;
        };
        if case.get("known").is_some() || case.get("hints").is_some() {
            continue;
        }
        let pairs = [("topic", topic), ("message", message)].map(|(k, v)| (k, v.as_str().unwrap()));
        let caller = broker.caller();
        let posted = caller.send("/POST", &[], &form(&pairs));
        assert_eq!(posted.status, 200, "{case} {posted:?}");
        let decoded = &case["decoded"];
        let topic = text(decoded, "topic");
        assert_eq!(
            caller.value(topic).as_deref(),
            Some(text(decoded, "message")),
            "{case}"
        );
    }
}

/// A value goes through the broker in each dialect and comes back in it.
#[test]
fn every_text_comes_back_in_its_dialect() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    for case in cases("encodings.json") {
        for dialect in ["classic", "inner"] {
            let Some(encoded) = case[dialect].as_str() else {
                continue;
            };
            let headers = [("Moustique-Encoding", "plain")];
            let topic = format!("/t/{}/{dialect}", text(&case, "id"));
            let stored = caller.send(
                "/POST",
                &headers,
                &form(&[("topic", &topic), ("message", text(&case, "text"))]),
            );
            assert_eq!(stored.status, 200, "{case}");
            let wanted = [("Moustique-Encoding", dialect)];
            let key = encode(&topic, dialect);
            let reply = caller.send("/GETVAL", &wanted, &form(&[("topic", &key)]));
            assert_eq!(reply.status, 200, "{case} {reply:?}");
            // The whole reply is encoded as one text, so the value's own
            // encoding is no part of it; what it says is checked in plain.
            assert!(!reply.body.contains('{'), "{reply:?}");
            assert_eq!(caller.value(&topic).as_deref(), Some(text(&case, "text")));
            assert!(!encoded.is_empty() || text(&case, "text").is_empty());
        }
    }
}

fn send(broker: &Broker, case: &Value) -> moustique_tests::Reply {
    let (method, path) = text(case, "request").split_once(' ').unwrap();
    let mut headers = Vec::new();
    if let Some(declared) = case["declared"].as_str() {
        headers.push(("Moustique-Encoding", declared));
    }
    let mut raw = Raw::connect(broker.port());
    if method == "GET" {
        let query = text(case, "form");
        raw.request(method, &format!("{path}?{query}"), &headers, "");
    } else {
        raw.request(method, path, &headers, text(case, "form"));
    }
    raw.reply()
}

/// How many topics have a value, as the monitor tells.
fn topics(broker: &Broker) -> u64 {
    let frames = crate::monitor::first_frames(broker.port());
    let topics = frames
        .iter()
        .find(|frame| frame["kind"] == "topics")
        .unwrap();
    topics["total"].as_u64().unwrap()
}
