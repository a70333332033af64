//! Delivery: at once, when something comes, and when nothing does.

use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::{Broker, Raw, form};
use serde_json::json;

#[test]
fn overlapping_filters_give_a_message_under_each() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "/home/+/temperature");
    caller.subscribe("c", "/home/#");
    caller.publish("/home/kitchen/temperature", "21");
    caller.publish("/home/door", "open");
    let picked = caller.pickup("c", "0");
    let messages = |filter: &str| -> Vec<String> {
        let list = picked[filter].as_array().unwrap().iter();
        list.map(|m| m["message"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(messages("/home/+/temperature"), ["21"]);
    assert_eq!(messages("/home/#"), ["21", "open"]);
    assert_eq!(caller.pickup("c", "0"), json!({}));
}

#[test]
fn a_parked_pickup_is_answered_when_a_message_comes() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    broker.caller().subscribe("c", "/a");
    let mut parked = Raw::connect(broker.port());
    let headers = [("Moustique-Encoding", "plain")];
    parked.request(
        "POST",
        "/PICKUP",
        &headers,
        &form(&[("client", "c"), ("wait", "60")]),
    );
    let begun = Instant::now();
    broker.caller().publish("/a", "now");
    assert_eq!(parked.reply().json()["/a"][0]["message"], "now");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_parked_pickup_is_answered_with_nothing_when_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    broker.caller().subscribe("c", "/a");
    let begun = Instant::now();
    assert_eq!(broker.caller().pickup("c", "0.3"), json!({}));
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[test]
fn max_leaves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "#");
    for n in 0..5 {
        caller.publish("/n", &n.to_string());
    }
    let count = |max: &str| {
        let reply = caller.post("PICKUP", &[("client", "c"), ("max", max)]);
        reply.json()["#"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(
        [count("2"), count("2"), count("2"), count("2")],
        [2, 2, 1, 0]
    );
}

/// A poll whose connection breaks while it is parked takes nothing with it.
#[test]
fn a_parked_pickup_that_breaks_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "#");
    for _ in 0..20 {
        let mut parked = Raw::connect(broker.port());
        parked.request(
            "POST",
            "/PICKUP",
            &[],
            &form(&[("client", "c"), ("wait", "60")]),
        );
        drop(parked);
    }
    caller.publish("/a", "kept");
    let picked = caller.pickup("c", "10");
    assert_eq!(picked["#"][0]["message"], "kept");
}

#[test]
fn many_clients_hear_of_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let names: Vec<String> = (0..100).map(|n| format!("c{n}")).collect();
    for name in &names {
        caller.subscribe(name, "/all/#");
    }
    let parked: Vec<_> = names
        .iter()
        .map(|name| {
            let (caller, name) = (caller.clone(), name.clone());
            thread::spawn(move || caller.pickup(&name, "60"))
        })
        .collect();
    caller.publish("/all/of/you", "hello");
    for (thread, name) in parked.into_iter().zip(&names) {
        let message = &thread.join().unwrap()["/all/#"][0];
        assert_eq!(message["message"], "hello");
        assert_eq!(message["subscribers"], json!({ name: true }));
    }
}
