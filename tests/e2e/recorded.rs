//! The shapes of the replies that field clients know, as they were recorded
//! from the original broker (`spec/vectors/original-replies.json`).

use moustique_tests::{Broker, root};
use serde_json::{Value, json};

/// Where our reply differs on purpose: `spec/PROTOCOL.md` stands.
fn expected(recorded: &Value) -> Value {
    let mut message = recorded.clone();
    if message["from"] == "" {
        // A value that nobody signed is from UNKNOWN like any other message.
        message["from"] = json!("UNKNOWN");
    }
    message
}

/// Takes out what depends on when and in which order it was asked.
fn shape(message: &Value) -> Value {
    let mut message = message.clone();
    let fields = message.as_object_mut().unwrap();
    fields.remove("id");
    for field in ["updated_time", "updated_nicedatetime"] {
        let value = fields.get_mut(field).unwrap();
        *value = json!(if value.is_i64() { "a number" } else { "a text" });
    }
    message
}

#[test]
fn replies_have_the_recorded_shapes() {
    let text = std::fs::read_to_string(root().join("spec/vectors/original-replies.json")).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let case = |id: &str| {
        let cases = vectors["cases"].as_array().unwrap().iter();
        cases.clone().find(|case| case["id"] == id).unwrap().clone()
    };
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let call = |id: &str| {
        let case = case(id);
        let (_, path) = case["request"].as_str().unwrap().split_once(" /").unwrap();
        let fields: Vec<(&str, &str)> = case["fields"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let reply = caller.post(path, &fields);
        let status = case["status"].as_str().unwrap().split(' ').nth(1).unwrap();
        assert_eq!(reply.status.to_string(), status, "{case} {reply:?}");
        (reply, case["reply"].clone())
    };

    // An unknown client is asked to subscribe, in every pickup.
    for _ in 0..2 {
        let (reply, recorded) = call("r001");
        let topic = "/server/action/resubscribe";
        assert_eq!(shape(&reply.json()[topic][0]), shape(&recorded[topic][0]));
    }
    call("r002");
    assert_eq!(call("r003").0.json(), json!({}));
    call("r004");
    call("r005");
    let (reply, recorded) = call("r006");
    let (ours, theirs) = (reply.json(), recorded);
    for n in 0..2 {
        assert_eq!(shape(&ours["/a/b"][n]), shape(&theirs["/a/b"][n]));
    }
    assert_eq!(ours["/a/b"][0]["updated_time"], 1_700_000_000);
    let keys: Vec<&String> = ours["/a/b"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 8, "{keys:?}");
    for (post, pickup) in [("r007", "r008"), ("r009", "r010")] {
        call(post);
        let (reply, recorded) = call(pickup);
        assert_eq!(shape(&reply.json()["/a/b"][0]), shape(&recorded["/a/b"][0]));
    }
    for refused in ["r011", "r012", "r023", "r024", "r030", "r031", "r041"] {
        call(refused);
    }
    call("r013");
    for (put, get) in [("r017", "r018"), ("r019", "r020"), ("r021", "r022")] {
        call(put);
        let (reply, recorded) = call(get);
        assert_eq!(shape(&reply.json()), shape(&expected(&recorded)));
    }
    let (reply, recorded) = call("r039");
    assert!(reply.json().is_string() && recorded.is_string());
}
