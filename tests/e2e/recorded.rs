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
    for version in ["r039", "r040"] {
        let (reply, recorded) = call(version);
        assert!(reply.json().is_string() && recorded.is_string());
    }
    // It was put in between by a request that is not recorded.
    caller.post("PUTVAL", &[("valname", "/v/1"), ("val", "new")]);
    let (reply, recorded) = call("r027");
    let (ours, theirs) = (reply.json(), recorded);
    for topic in ["/v/1", "/v/2"] {
        assert_eq!(
            shape(&ours[topic]),
            shape(&expected(&theirs[topic])),
            "{topic}"
        );
    }
    assert_eq!(call("r028").0.json(), json!({}));
    // Somebody to be told of: a web page of another host.
    let headers = [("Origin", "http://elsewhere.example")];
    assert_eq!(
        caller.send("/POST", &headers, "topic=/a&message=1").status,
        403
    );
    for report in ["r032", "r034", "r035", "r036", "r037", "r038"] {
        let (reply, recorded) = call(report);
        assert_alike(&reply.json(), &recorded, report);
    }
    assert!(call("r033").0.body.starts_with("<!doctype html>"));
}

/// Whether all that clients know is there, each of its kind. What is a list, or
/// is called by what it holds, is looked at in its first entry.
fn assert_alike(ours: &Value, recorded: &Value, at: &str) {
    match recorded {
        Value::Object(fields) if at.ends_with("latest_posts_by_topic") => {
            let (_, theirs) = fields.iter().next().unwrap();
            let (_, ours) = ours.as_object().unwrap().iter().next().unwrap();
            assert_alike(ours, theirs, &format!("{at}.*"));
        }
        Value::Object(_) if at.ends_with("subscribers") => assert!(ours.is_object(), "{at}"),
        Value::Object(fields) => {
            for (name, theirs) in fields {
                let ours = ours.get(name);
                let ours = ours.unwrap_or_else(|| panic!("{at} has no {name}"));
                assert_alike(ours, theirs, &format!("{at}.{name}"));
            }
        }
        Value::Array(theirs) => {
            let ours = ours.as_array().unwrap_or_else(|| panic!("{at} is no list"));
            assert!(!ours.is_empty(), "{at} is empty");
            assert_alike(&ours[0], &theirs[0], &format!("{at}[0]"));
        }
        // It did not know; we do.
        Value::String(text) if text == "N/A" => assert!(ours.is_u64(), "{at}: {ours}"),
        theirs => {
            let kind = |value: &Value| (value.is_number(), value.is_string(), value.is_boolean());
            assert_eq!(kind(ours), kind(theirs), "{at}: {ours}");
        }
    }
}
