//! The project's test cases, as they stand in `spec/vectors`.

use serde_json::Value;

use crate::dialect::Hints;
use crate::encoding::Encoding;

/// A file of cases.
pub(crate) fn load(file: &str) -> Value {
    let path = format!("{}/../../spec/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The cases under a key; there is at least one.
pub(crate) fn cases<'v>(file: &'v Value, key: &str) -> &'v [Value] {
    let cases = file[key].as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}

/// A text that the case must have.
pub(crate) fn text<'v>(case: &'v Value, key: &str) -> &'v str {
    case[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key}: {case}"))
}

/// The encoding that the case names.
pub(crate) fn encoding(case: &Value, key: &str) -> Encoding {
    Encoding::parse(text(case, key)).unwrap()
}

/// A form of the given values, escaped in every byte that may need it.
pub(crate) fn escape<'v>(fields: impl IntoIterator<Item = (&'v str, &'v str)>) -> String {
    let mut form = String::new();
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() {
                form.push(char::from(byte));
            } else {
                form.push_str(&format!("%{byte:02x}"));
            }
        }
    }
    form
}

/// The same with every value encoded; an empty one stays empty.
pub(crate) fn escape_encoded(fields: &[(&str, &str)], encoding: Encoding) -> String {
    let values: Vec<_> = fields
        .iter()
        .map(|(name, value)| {
            let mut encoded = Vec::new();
            encoding.encode(value.as_bytes(), &mut encoded);
            (*name, String::from_utf8(encoded).unwrap())
        })
        .collect();
    escape(values.iter().map(|(name, value)| (*name, value.as_str())))
}

/// What a broker knows, written down.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) topics: Vec<String>,
    pub(crate) clients: Vec<String>,
    pub(crate) last_used: Option<Encoding>,
    pub(crate) configured: Encoding,
}

impl Known {
    /// An empty broker and a new peer.
    pub(crate) fn nothing() -> Self {
        Self {
            topics: Vec::new(),
            clients: Vec::new(),
            last_used: None,
            configured: Encoding::Classic,
        }
    }

    /// As a case has it.
    pub(crate) fn of_case(hints: &Value) -> Self {
        let texts = |key: &str| serde_json::from_value(hints[key].clone()).unwrap();
        Self {
            topics: texts("topics"),
            clients: texts("clients"),
            last_used: hints["last_used"]
                .as_str()
                .map(|word| Encoding::parse(word).unwrap()),
            configured: encoding(hints, "configured"),
        }
    }
}

impl Hints for Known {
    fn topic_exists(&self, topic: &str) -> bool {
        self.topics.iter().any(|known| known == topic)
    }
    fn client_known(&self, client: &str) -> bool {
        self.clients.iter().any(|known| known == client)
    }
    fn last_used(&self) -> Option<Encoding> {
        self.last_used
    }
    fn configured(&self) -> Encoding {
        self.configured
    }
}
