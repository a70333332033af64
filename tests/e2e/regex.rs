//! Values by a regular expression, and what bounds it.

use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::{Broker, Setup, form};
use serde_json::{Value, json};

use crate::dialects::{decode, encode};

fn keys(found: &Value) -> Vec<&str> {
    found
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn values_are_found_in_every_dialect_by_every_method() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    for topic in ["/home/kitchen/temp", "/home/hall/temp", "/home/hall/lamp"] {
        caller.publish(topic, "21.5");
    }
    caller.post("PUTVAL", &[("valname", "/köket/temp"), ("val", "")]);
    let pattern = "^/home/[a-z]+/temp$";
    for dialect in ["classic", "inner", "plain"] {
        // Nothing is declared: the value shows its dialect.
        let form = form(&[("topic", &encode(pattern, dialect))]);
        let by_post = caller.send("/GETVALSBYREGEX", &[], &form);
        let by_get = caller.get(&format!("/GETVALSBYREGEX?{form}"), &[]);
        assert_eq!(by_post.body, by_get.body);
        assert_eq!((by_post.status, by_get.status), (200, 200), "{by_post:?}");
        assert_eq!(by_post.header("moustique-truncated"), None);
        let found: Value = serde_json::from_str(&decode(&by_post.body, dialect)).unwrap();
        assert_eq!(keys(&found), ["/home/hall/temp", "/home/kitchen/temp"]);
        let kitchen = caller.post("GETVAL", &[("topic", "/home/kitchen/temp")]);
        assert_eq!(found["/home/kitchen/temp"], kitchen.json());
    }
    let found = |pattern: &str| caller.post("GETVALSBYREGEX", &[("topic", pattern)]).json();
    assert_eq!(keys(&found("temp")).len(), 3, "anywhere in the topic");
    assert_eq!(found("^/k.ket")["/köket/temp"]["message"], "");
    assert_eq!(keys(&found("")).len(), 4);
    assert_eq!(found("nothing"), json!({}));
}

#[test]
fn a_bad_pattern_is_refused_in_words_and_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let long = "a".repeat(257);
    for (pattern, sentence) in [
        (
            "(",
            "the regular expression is not valid: character 1: unclosed group",
        ),
        (
            "/v/(?=x)",
            "the regular expression is not valid: character 4: look-around, including \
             look-ahead and look-behind, is not supported",
        ),
        (
            long.as_str(),
            "the regular expression has 257 bytes; at most 256 are allowed",
        ),
        (
            r"(?:(?:\w{1,99}){1,99}){9}",
            "the regular expression takes more than 262144 bytes when it is made ready; at most \
             262144 are allowed: repeat less in it",
        ),
    ] {
        let begun = Instant::now();
        let reply = caller.post("GETVALSBYREGEX", &[("topic", pattern)]);
        assert_eq!(reply.status, 400, "{reply:?}");
        assert_eq!(reply.body, format!("{sentence}\n"));
        // It is a debug build, on a machine that may be busy.
        assert!(begun.elapsed() < Duration::from_secs(1), "{pattern}");
    }
    let stats = caller.post("STATS", &[]).json();
    assert_eq!(stats["bounds"]["regex"], 2);
}

#[test]
fn what_is_found_beyond_the_bound_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "limits:\n  regex_results: 2\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let caller = broker.caller();
    for topic in ["/c", "/a", "/b"] {
        caller.publish(topic, "1");
    }
    let reply = caller.post("GETVALSBYREGEX", &[("topic", "/")]);
    assert_eq!(keys(&reply.json()), ["/a", "/b"]);
    assert_eq!(reply.header("moustique-truncated"), Some("true"));
    let reply = caller.post("GETVALSBYREGEX", &[("topic", "/[ab]")]);
    assert_eq!(reply.header("moustique-truncated"), None);
}

/// Many at once: each is answered in a bounded time, and publishes go on.
#[test]
fn searches_neither_pile_up_nor_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    for number in 0..2_000 {
        caller.publish(&format!("/plant/{number}/{}", "x".repeat(400)), "1");
    }
    // It fails only at the end of each topic, after looking at all of it.
    let pattern = "(x+x+){4,9}y$";
    let searching: Vec<_> = (0..16)
        .map(|_| {
            let caller = broker.caller();
            thread::spawn(move || {
                let begun = Instant::now();
                let reply = caller.post("GETVALSBYREGEX", &[("topic", pattern)]);
                (reply.status, reply, begun.elapsed())
            })
        })
        .collect();
    let begun = Instant::now();
    caller.publish("/meanwhile", "1");
    let published = begun.elapsed();
    for search in searching {
        let (status, reply, took) = search.join().unwrap();
        match status {
            200 => assert_eq!(reply.body, "{}"),
            503 => assert_eq!(reply.header("retry-after"), Some("1"), "{reply:?}"),
            _ => panic!("{reply:?}"),
        }
        // At most a second for a turn and a tenth for the search, at a busy time.
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
    assert!(published < Duration::from_secs(1), "{published:?}");
}
