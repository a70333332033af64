//! The answers that only the broker can give.

use std::net::IpAddr;

use moustique_broker::{Broker, Refused};
use moustique_core::{Draft, InvalidText, Limits, MessageKind, PublisherName, Topic};

use crate::request::{Publish, Refusal};

/// Publishes a message for the user interface. An empty `from` is none.
///
/// # Errors
/// When the topic or the name breaks a rule, the message is too long, or the
/// broker refuses.
pub async fn publish(
    broker: &Broker,
    limits: &Limits,
    publish: Publish,
    address: IpAddr,
) -> Result<(), Refusal> {
    let topic = Topic::parse(&publish.topic, limits).map_err(|error| invalid("topic", &error))?;
    let from = match publish.from.as_str() {
        "" => None,
        name => Some(PublisherName::parse(name, limits).map_err(|error| invalid("name", &error))?),
    };
    if publish.message.len() > limits.message_bytes {
        return Err(Refusal::new(
            "invalid",
            format!(
                "The message has {} bytes; at most {} are allowed.",
                publish.message.len(),
                limits.message_bytes
            ),
        ));
    }
    let draft = Draft {
        topic,
        payload: publish.message.into(),
        from,
        address,
        updated_time: None,
        kind: MessageKind::Published,
        repeat_id: None,
    };
    broker.publish(draft).await?;
    Ok(())
}

fn invalid(what: &str, error: &InvalidText) -> Refusal {
    Refusal::new("invalid", format!("The {what} is not valid: {error}."))
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let code = match &refused {
            Refused::Rejected(_) => "full",
            Refused::DiskFull
            | Refused::NotStored(_)
            | Refused::Damaged(_)
            | Refused::NotRead(_) => "storage",
            Refused::Busy { .. } => "busy",
            Refused::Stopping => "not_running",
        };
        Self::new(code, sentence(&refused.to_string()))
    }
}

/// The user interface shows whole sentences; errors are clauses.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        None => String::new(),
    }
}
