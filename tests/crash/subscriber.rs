//! What subscribers read, as events of a history.

use moustique_tests::Reply;
use moustique_tests::history::Event;
use serde_json::Value;

use crate::load::FILTER;

/// The messages of a pickup's reply, in their order.
pub(crate) fn messages(reply: &Reply) -> Vec<Event> {
    assert_eq!(reply.status, 200, "{reply:?}");
    let json = reply.json();
    let filters = json.as_object().unwrap();
    // Among others the request to subscribe again: the broker has forgotten.
    assert!(filters.keys().all(|filter| filter == FILTER), "{json}");
    let messages = filters.get(FILTER).and_then(Value::as_array);
    messages.into_iter().flatten().map(event).collect()
}

fn event(message: &Value) -> Event {
    Event::Saw {
        id: message["id"].as_u64().unwrap(),
        topic: message["topic"].as_str().unwrap().to_owned(),
        number: message["message"].as_str().unwrap().parse().unwrap(),
    }
}
