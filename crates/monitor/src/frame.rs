//! What the user interface is told, unasked: one union, the same over IPC and
//! server-sent events.

use serde::Serialize;
use ts_rs::TS;

/// One piece of news. A stream begins with `status`, `topics`, `clients` and
/// `traffic`, then sends what changed, at most four times a second.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum Frame {
    /// The broker began, stopped, failed or moved to another address.
    Status(BrokerStatus),
    /// The whole list of topics, sorted by name: replaces what was there.
    Topics(TopicRows),
    /// Topics that changed since the last frame: merged into the list by name.
    Changes(TopicRows),
    /// The clients that are known, sorted by name: replaces what was there.
    Clients(ClientRows),
    /// How busy the broker is.
    Traffic(Traffic),
}

/// Where the broker stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub enum BrokerState {
    /// Not serving; nothing is wrong.
    Stopped,
    /// Opening the store and the port.
    Starting,
    /// Serving.
    Running,
    /// Answering what is under way, refusing what is new.
    Draining,
    /// Not serving because something is wrong: see [`BrokerStatus::problem`].
    Failed,
}

/// The state of the broker and where it is reached.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct BrokerStatus {
    /// Where the broker stands in its life.
    pub state: BrokerState,
    /// Base addresses under which devices reach it, the best one first:
    /// `http://192.168.1.20:33334`. Empty unless running.
    pub addresses: Vec<String>,
    /// The same over TLS; `null` where no port for it is open.
    pub tls: Option<Tls>,
    /// What is wrong, when the state is `failed`.
    pub problem: Option<Problem>,
    /// When it is tried again by itself, milliseconds since 1970-01-01 UTC; `null`
    /// where that would not help, or nobody does it.
    #[ts(type = "number | null")]
    pub retries_at: Option<i64>,
    /// The configuration file, which need not exist; `null` unless running.
    pub configuration: Option<String>,
    /// The version of the program.
    pub version: String,
}

/// How the broker is reached over TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Tls {
    /// Base addresses, the best one first: `https://192.168.1.20:33335`.
    pub addresses: Vec<String>,
    /// What connections are opened with from now on.
    pub certificate: Certificate,
}

/// What tells a certificate from others, and until when it is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Certificate {
    /// Its SHA-256 digest, as browsers and tools write it: `A1:B2:…`.
    pub fingerprint: String,
    /// Whether nobody but itself has signed it: who asks has to be told to trust
    /// it.
    pub self_signed: bool,
    /// The end of its validity, milliseconds since 1970-01-01 UTC.
    #[ts(type = "number")]
    pub ends_at: i64,
    /// From when on its end is warned of, milliseconds since 1970-01-01 UTC.
    #[ts(type = "number")]
    pub warn_from: i64,
}

/// Something that keeps the broker from serving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Problem {
    /// A fixed word to branch on: `port_taken`, `data_in_use`, `storage`, …
    pub code: String,
    /// What happened, in one sentence.
    pub what: String,
    /// What to do about it, in one sentence.
    pub remedy: String,
}

/// Rows of the list of topics.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct TopicRows {
    /// The rows, at most [`crate::MAX_TOPIC_ROWS`].
    pub rows: Vec<TopicRow>,
    /// How many topics there are in all.
    #[ts(type = "number")]
    pub total: usize,
}

/// A topic and its last value.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct TopicRow {
    /// The topic's full name.
    pub topic: String,
    /// The beginning of the last value, at most
    /// [`crate::MAX_PREVIEW_CHARACTERS`].
    pub value: String,
    /// Length of the whole value in bytes.
    #[ts(type = "number")]
    pub bytes: usize,
    /// Whether `value` is only the beginning.
    pub truncated: bool,
    /// Who set it.
    pub from: String,
    /// When the broker took it, milliseconds since 1970-01-01 UTC.
    #[ts(type = "number")]
    pub changed_at: i64,
}

/// Rows of the list of clients.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct ClientRows {
    /// The rows, at most [`crate::MAX_CLIENT_ROWS`].
    pub rows: Vec<ClientRow>,
    /// How many clients there are in all.
    #[ts(type = "number")]
    pub total: usize,
}

/// A client that subscribed.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct ClientRow {
    /// The name it gave itself.
    pub name: String,
    /// The address its last request came from.
    pub address: String,
    /// Its filters, sorted.
    pub filters: Vec<String>,
    /// Messages that wait for it.
    #[ts(type = "number")]
    pub waiting: usize,
    /// When it was heard of last, milliseconds since 1970-01-01 UTC.
    #[ts(type = "number")]
    pub seen_at: i64,
}

/// How busy the broker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, export_to = "monitor.ts")]
pub struct Traffic {
    /// Messages published a second, over the last second.
    pub messages_per_second: f64,
    /// Requests answered a second, over the last second.
    pub requests_per_second: f64,
    /// Messages published since the start.
    #[ts(type = "number")]
    pub messages_total: u64,
    /// Messages dropped from full queues since the start.
    #[ts(type = "number")]
    pub dropped_total: u64,
    /// Clients that are known.
    #[ts(type = "number")]
    pub clients: usize,
    /// Open connections.
    #[ts(type = "number")]
    pub connections: usize,
    /// Messages in the log.
    #[ts(type = "number")]
    pub log_messages: u64,
    /// Bytes that the database takes on the disk.
    #[ts(type = "number")]
    pub disk_bytes: u64,
    /// Milliseconds since the start.
    #[ts(type = "number")]
    pub uptime_ms: u64,
}
