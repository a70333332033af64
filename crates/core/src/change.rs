//! What callers ask for, and what becomes of it.

use std::net::IpAddr;
use std::sync::Arc;

use thiserror::Error;

use crate::clock::Timestamp;
use crate::filter::Filter;
use crate::message::{Message, MessageId, MessageKind};
use crate::name::{ClientName, PublisherMessageId, PublisherName};
use crate::retention::PolicyId;
use crate::settled::Settled;
use crate::topic::Topic;

/// An order that changes the broker.
#[derive(Clone, Debug)]
pub enum Command {
    /// Publish or put a message, or delete a value.
    Publish(Draft),
    /// Subscribe a client to a filter, and make the client known.
    Subscribe {
        /// Who subscribes.
        client: ClientName,
        /// To what.
        filter: Filter,
        /// From where.
        address: IpAddr,
    },
    /// End a client's subscription to a filter.
    Unsubscribe {
        /// Whose.
        client: ClientName,
        /// To what.
        filter: Filter,
    },
    /// Forget a client with its filters and its queue, if it is silent still.
    ForgetSilent {
        /// Who is forgotten.
        client: ClientName,
    },
}

/// A message that has no place in the log yet.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where it is published.
    pub topic: Topic,
    /// What it says.
    pub payload: Arc<str>,
    /// Who publishes it, when that is said.
    pub from: Option<PublisherName>,
    /// The address it comes from.
    pub address: IpAddr,
    /// The time the publisher gives, in seconds since 1970-01-01 UTC.
    pub updated_time: Option<i64>,
    /// What it does to the topic's value, and who learns of it.
    pub kind: MessageKind,
    /// What the publisher calls it: with it, a repeat within
    /// [`crate::Limits::repeat_window`] is accepted and changes nothing.
    pub repeat_id: Option<PublisherMessageId>,
}

/// What became of an order that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A message takes its place in the log.
    Logged(MessageId),
    /// Something else changes.
    Changed,
    /// Everything is as ordered already.
    Unchanged,
    /// The publish repeats an earlier one.
    Repeated,
}

/// A checked order: what is written to the log and then applied.
#[derive(Clone, Debug)]
pub enum Change {
    /// A message took its place in the log.
    Logged(Logged),
    /// A client subscribed to a filter.
    Subscribed {
        /// Who.
        client: ClientName,
        /// To what.
        filter: Filter,
        /// Only messages after this one are for the client under this filter.
        since: MessageId,
        /// From where.
        address: IpAddr,
        /// When.
        time: Timestamp,
    },
    /// A client's subscription to a filter ended.
    Unsubscribed {
        /// Whose.
        client: ClientName,
        /// To what.
        filter: Filter,
    },
    /// A client has let go of messages.
    Settled {
        /// Which client.
        client: ClientName,
        /// Everything that it need not get again.
        settled: Settled,
    },
    /// A client is forgotten with its filters and its queue.
    Forgotten {
        /// Who.
        client: ClientName,
    },
}

/// A message with what the log needs to know of it besides.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The message.
    pub message: Arc<Message>,
    /// What the publisher calls it.
    pub repeat_id: Option<PublisherMessageId>,
    /// The policy that decides how long it stays.
    pub policy: PolicyId,
}

/// Why an order is not carried out: a bound is reached.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// No new topic fits.
    #[error(
        "there are {limit} topics already, and {topic} would be one more; at most {limit} are kept"
    )]
    TooManyTopics {
        /// The topic that was given.
        topic: Topic,
        /// Topics that are kept at most.
        limit: usize,
    },
    /// No more bytes of values fit.
    #[error("the last values would take {bytes} bytes; at most {limit} are kept")]
    ValuesTooLarge {
        /// Bytes that all values would take.
        bytes: usize,
        /// Bytes that are kept at most.
        limit: usize,
    },
    /// No new client fits.
    #[error(
        "there are {limit} clients already, and {client} would be one more; at most {limit} are known at a time"
    )]
    TooManyClients {
        /// The client that was given.
        client: ClientName,
        /// Clients that are known at most.
        limit: usize,
    },
    /// No new filter of this client fits.
    #[error("{client} has {limit} filters already; at most {limit} are kept for one client")]
    TooManyFiltersOfClient {
        /// The client that was given.
        client: ClientName,
        /// Filters that are kept for one client at most.
        limit: usize,
    },
    /// No new filter of anybody fits.
    #[error("there are {limit} filters already; at most {limit} are kept for all clients")]
    TooManyFilters {
        /// Filters that are kept at most.
        limit: usize,
    },
}
