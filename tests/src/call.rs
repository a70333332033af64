//! Calls to a broker.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

/// The longest a call may take; above every wait that the broker allows.
const PATIENCE: Duration = Duration::from_secs(90);

/// The longest body that is read; above every pickup.
const MAX_BODY: u64 = 64 * 1024 * 1024;

/// Calls one broker over connections that are kept.
#[derive(Clone, Debug)]
pub struct Caller {
    agent: Agent,
    base: String,
}

/// What a broker answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The header of that name, in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|header| header.0 == name)
            .map(|h| h.1.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Writes fields as a form.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

impl Caller {
    /// Calls the broker on that port of this machine.
    #[must_use]
    pub fn new(port: u16) -> Self {
        Self::with_patience(port, PATIENCE)
    }

    /// The same; a call that takes longer than that has failed.
    #[must_use]
    pub fn with_patience(port: u16, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(patience))
            .build();
        Self {
            agent: config.into(),
            base: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Calls a verb with plain fields.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn try_post(&self, verb: &str, fields: &[(&str, &str)]) -> Result<Reply, ureq::Error> {
        let request = self
            .agent
            .post(format!("{}/{verb}", self.base))
            .header("Moustique-Encoding", "plain")
            .content_type("application/x-www-form-urlencoded");
        request.send(form(fields)).and_then(reply)
    }

    /// Calls a verb with plain fields.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn post(&self, verb: &str, fields: &[(&str, &str)]) -> Reply {
        self.try_post(verb, fields).unwrap()
    }

    /// Calls a path with a body and headers, as they are. The body for a verb is
    /// a form, unless the headers name another type.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn send(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let is_typed = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if !is_typed && !path.starts_with("/v1/") {
            request = request.content_type("application/x-www-form-urlencoded");
        }
        request.send(body).and_then(reply).unwrap()
    }

    /// Gets a path with headers.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.call().and_then(reply).unwrap()
    }

    /// Publishes a message, which must succeed.
    ///
    /// # Panics
    /// When it does not.
    pub fn publish(&self, topic: &str, message: &str) {
        let reply = self.post("POST", &[("topic", topic), ("message", message)]);
        assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    }

    /// Subscribes a client, which must succeed.
    ///
    /// # Panics
    /// When it does not.
    pub fn subscribe(&self, client: &str, filter: &str) {
        let reply = self.post("SUBSCRIBE", &[("topic", filter), ("client", client)]);
        assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    }

    /// What waits for a client, as the JSON of the reply.
    ///
    /// # Panics
    /// When the call does not succeed.
    pub fn pickup(&self, client: &str, wait: &str) -> Value {
        let reply = self.post("PICKUP", &[("client", client), ("wait", wait)]);
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// The message that is a topic's value, or `None`.
    ///
    /// # Panics
    /// When the call fails otherwise.
    pub fn value(&self, topic: &str) -> Option<String> {
        let reply = self.post("GETVAL", &[("topic", topic)]);
        match reply.status {
            200 => Some(reply.json()["message"].as_str().unwrap().to_owned()),
            404 => None,
            _ => panic!("{reply:?}"),
        }
    }
}

fn reply(mut response: Response<ureq::Body>) -> Result<Reply, ureq::Error> {
    let headers = response.headers().iter();
    Ok(Reply {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: response
            .body_mut()
            .with_config()
            .limit(MAX_BODY)
            .read_to_string()?,
    })
}
