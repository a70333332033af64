//! Delivery for those who ask for more: leases, repeats, ends of subscriptions,
//! and the word about what a full queue dropped.

use moustique_tests::{Broker, Caller, Reply, Setup};
use serde_json::{Value, json};

const HOUR: &str = "3600";

fn pick_up(caller: &Caller, fields: &[(&str, &str)]) -> Reply {
    let reply = caller.post("PICKUP", &[&[("client", "c")], fields].concat());
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

fn lease(reply: &Reply) -> String {
    reply.header("moustique-lease").unwrap().to_owned()
}

fn messages(reply: &Value) -> Vec<&str> {
    let list = reply["#"].as_array().into_iter().flatten();
    list.map(|m| m["message"].as_str().unwrap()).collect()
}

#[test]
fn a_leased_message_comes_again_until_it_is_let_go_of() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "#");
    caller.publish("/t", "1");
    let first = pick_up(&caller, &[("lease", "0.2")]);
    assert_eq!(messages(&first.json()), ["1"]);
    assert!(first.json()["#"][0].get("redelivered").is_none());
    // Held back until the lease ends, not for a minute.
    let second = pick_up(&caller, &[("lease", HOUR), ("wait", "60")]);
    assert_eq!(second.json()["#"][0]["redelivered"], 1);
    let ack = |token: &str| caller.post("ACK", &[("client", "c"), ("ack", token)]);
    let ended = ack(&lease(&first));
    assert_eq!(ended.status, 404);
    assert!(ended.body.contains("it has ended"), "{ended:?}");
    assert_eq!(ack(&lease(&second)).status, 200);
    assert_eq!(ack(&lease(&second)).status, 200, "it may come twice");
    caller.publish("/t", "2");
    let third = pick_up(&caller, &[("lease", HOUR)]);
    caller.publish("/t", "3");
    let fourth = pick_up(&caller, &[("ack", &lease(&third))]);
    assert_eq!(messages(&fourth.json()), ["3"]);
    assert_eq!(fourth.header("moustique-lease"), None);
    assert_eq!(pick_up(&caller, &[]).json(), json!({}));
    let stranger = caller.post("ACK", &[("client", "x"), ("ack", &lease(&third))]);
    assert_eq!(stranger.status, 404);
    assert!(stranger.body.contains("not known"), "{stranger:?}");
}

#[test]
fn leased_messages_survive_the_death_of_the_broker() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "#");
    for message in ["1", "2", "3"] {
        caller.publish("/t", message);
    }
    let leased = pick_up(&caller, &[("lease", HOUR), ("max", "2")]);
    assert_eq!(messages(&leased.json()), ["1", "2"]);
    assert_eq!(messages(&pick_up(&caller, &[]).json()), ["3"]);
    drop(broker);
    let broker = Broker::start(folder.path());
    let again = pick_up(&broker.caller(), &[]).json();
    assert_eq!(messages(&again)[..2], ["1", "2"]);
}

#[test]
fn a_repeated_publish_is_delivered_once_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let publish = |broker: &Broker, id: &str, message: &str| {
        let fields = [("topic", "/t"), ("message", message), ("msg_id", id)];
        let reply = broker.caller().post("POST", &fields);
        assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    };
    let broker = Broker::start(folder.path());
    broker.caller().subscribe("c", "#");
    publish(&broker, "7", "once");
    publish(&broker, "7", "once");
    drop(broker);
    let broker = Broker::start(folder.path());
    publish(&broker, "7", "once");
    publish(&broker, "8", "another");
    let picked = pick_up(&broker.caller(), &[]).json();
    assert_eq!(messages(&picked), ["once", "another"]);
}

#[test]
fn an_ended_subscription_gets_nothing_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("c", "#");
    caller.subscribe("c", "/other");
    caller.publish("/t", "waits");
    let unsubscribe = || caller.post("UNSUBSCRIBE", &[("client", "c"), ("topic", "#")]);
    assert_eq!(unsubscribe().status, 200);
    assert_eq!(unsubscribe().status, 200, "it may come twice");
    caller.publish("/t", "later");
    assert_eq!(pick_up(&caller, &[]).json(), json!({}));
    caller.publish("/other", "still wanted");
    let picked = pick_up(&caller, &[]).json();
    assert_eq!(picked["/other"][0]["message"], "still wanted");
}

#[test]
fn a_full_queue_drops_the_oldest_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "limits:\n  queue_messages: 10\n".into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let caller = broker.caller();
    caller.subscribe("c", "#");
    for number in 0..100 {
        caller.publish("/t", &number.to_string());
    }
    let picked = pick_up(&caller, &[]).json();
    let word = &picked["/server/notification/dropped"][0];
    assert_eq!(
        (&word["from"], &word["message"]),
        (&json!("SERVER"), &json!("90"))
    );
    let last: Vec<String> = (90..100).map(|number| number.to_string()).collect();
    assert_eq!(messages(&picked), last);
    caller.publish("/t", "news");
    let picked = pick_up(&caller, &[]).json();
    assert!(picked.get("/server/notification/dropped").is_none());
}
