//! Whole conversations, as `spec/vectors/exchanges.json` has them, with the real
//! program.

use std::collections::HashMap;

use moustique_tests::{Broker, Raw, Reply, root};
use serde_json::{Map, Value};

/// What the names in a case stand for, as text.
#[derive(Default)]
struct Known(HashMap<String, String>);

impl Known {
    /// Whether a value is the one that a name stands for, or takes it for that
    /// from now on.
    fn is(&mut self, name: &str, value: &Value) -> bool {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        *self.0.entry(name.into()).or_insert_with(|| text.clone()) == text
    }

    /// Whether a reply says at least what is expected.
    fn matches(&mut self, expected: &Value, given: &Value) -> bool {
        match (expected, given) {
            (Value::String(name), _) if name.starts_with('$') => self.is(name, given),
            (Value::Object(expected), Value::Object(given)) => {
                let mut members = expected.iter();
                members.all(|(key, value)| given.get(key).is_some_and(|g| self.matches(value, g)))
            }
            (Value::Array(expected), Value::Array(given)) => {
                expected.len() == given.len()
                    && expected.iter().zip(given).all(|(e, g)| self.matches(e, g))
            }
            _ => expected == given,
        }
    }

    /// The text with what its names stand for.
    fn filled(&self, text: &str) -> String {
        let mut names: Vec<_> = self.0.iter().collect();
        // `$id` is also the beginning of `$id2`.
        names.sort_unstable_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        names
            .into_iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(name, value)
            })
    }
}

fn send(raw: &mut Raw, exchange: &Value, known: &Known) {
    let request = known.filled(exchange["request"].as_str().unwrap());
    let (method, target) = request.split_once(' ').unwrap();
    let none = Map::new();
    let headers = exchange["headers"].as_object().unwrap_or(&none);
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), known.filled(value.as_str().unwrap())))
        .collect();
    let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let body = known.filled(exchange["body"].as_str().unwrap_or_default());
    raw.request(method, target, &headers, &body);
}

type Checked = Result<(), String>;

fn check_head(reply: &Reply, exchange: &Value, known: &mut Known) -> Checked {
    if u64::from(reply.status) != exchange["status"] {
        return Err(format!("another status: {reply:?}"));
    }
    let none = Map::new();
    for (name, expected) in exchange["reply_headers"].as_object().unwrap_or(&none) {
        let given = reply.header(name).map_or(Value::Null, Value::from);
        if !known.matches(expected, &given) {
            return Err(format!("another {name}: {reply:?}"));
        }
    }
    Ok(())
}

fn check_body(reply: &Reply, exchange: &Value, known: &mut Known) -> Checked {
    let given = match &exchange["reply"] {
        Value::Null => return Ok(()),
        Value::String(text) if !text.starts_with('$') => reply.body.as_str().into(),
        _ => reply.json(),
    };
    match known.matches(&exchange["reply"], &given) {
        true => Ok(()),
        false => Err(format!("another body: {reply:?}")),
    }
}

/// The first messages of a stream, which is left then.
fn check_stream(raw: &mut Raw, exchange: &Value, known: &mut Known) -> Checked {
    let none = Vec::new();
    let lines = exchange["lines"].as_array().unwrap_or(&none);
    let events = exchange["events"].as_array().unwrap_or(&none);
    for (expected, next) in lines
        .iter()
        .map(|line| (line, next_line as fn(&mut Raw) -> Value))
        .chain(events.iter().map(|event| (event, next_event as _)))
    {
        let given = next(raw);
        if !known.matches(expected, &given) {
            return Err(format!("another message: {given}"));
        }
    }
    Ok(())
}

fn next_line(raw: &mut Raw) -> Value {
    loop {
        // Between them are the sizes of chunks.
        let line = raw.line();
        if line.starts_with('{') {
            return serde_json::from_str(&line).unwrap();
        }
    }
}

fn next_event(raw: &mut Raw) -> Value {
    let mut id = String::new();
    loop {
        let line = raw.line();
        if let Some(text) = line.strip_prefix("id:") {
            id = text.trim().into();
        }
        if let Some(data) = line.strip_prefix("data:") {
            let data: Value = serde_json::from_str(data).unwrap();
            return serde_json::json!({ "id": id, "data": data });
        }
    }
}

/// Holds a conversation with a broker of its own.
fn hold(case: &Value) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let mut raw = Raw::connect(broker.port());
    let mut known = Known::default();
    for exchange in case["exchanges"].as_array().unwrap() {
        let context = |fault| format!("{} ({}): {fault}", exchange["request"], case["name"]);
        send(&mut raw, exchange, &known);
        let is_stream = exchange.get("lines").or(exchange.get("events")).is_some();
        let reply = if is_stream {
            raw.reply_head()
        } else {
            raw.reply()
        };
        check_head(&reply, exchange, &mut known).map_err(context)?;
        if is_stream {
            check_stream(&mut raw, exchange, &mut known).map_err(context)?;
        } else {
            check_body(&reply, exchange, &mut known).map_err(context)?;
        }
        if is_stream || reply.header("connection") == Some("close") {
            raw = Raw::connect(broker.port());
        }
    }
    Ok(())
}

#[test]
fn conversations_are_held_as_written() {
    let text = std::fs::read_to_string(root().join("spec/vectors/exchanges.json")).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 35, "{} cases", cases.len());
    let faults: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            hold(case)
                .err()
                .map(|fault| format!("{}: {fault}", case["id"]))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
