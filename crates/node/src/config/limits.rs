//! The bounds of what peers send and of what is kept for them.

use std::time::Duration;

use moustique_http::HttpLimits;
use moustique_protocol::FormLimits;
use serde::Deserialize;

use super::bounded::{Count, GIB, KIB, MIB, Size, Time};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// The longest topic and name that can be configured, and so the longest that
/// can be stored.
const MAX_TOPIC_BYTES: u64 = 8 * KIB;
const MAX_TOPIC_LEVELS: usize = 256;
const MAX_NAME_BYTES: u64 = KIB;

/// hyper refuses to hold less of a head.
const MIN_HEAD_BYTES: u64 = HttpLimits::MIN_HEAD_BYTES as u64;

/// The bounds of what peers send and of what is kept for them. What happens
/// beyond each is said at the field of [`HttpLimits`] or
/// [`moustique_core::Limits`] that it sets, and in the example.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections of one peer.
    pub connections_per_peer: Count<20_000>,
    /// Requests of one peer in a second.
    pub requests_per_second_per_peer: Count<1_000_000>,
    /// Time between two requests of a connection.
    pub idle_timeout: Time<DAY>,
    /// Time in which a reader may take nothing of a reply.
    pub reader_timeout: Time<HOUR>,
    /// Headers of a request.
    pub headers: Count<1_024>,
    /// The head of a request.
    pub head_bytes: Size<MIN_HEAD_BYTES, MIB>,
    /// The body of a request.
    pub body_bytes: Size<1, { 64 * MIB }>,
    /// Time for a body.
    pub body_timeout: Time<HOUR>,
    /// Messages in one request of the plain API.
    pub batch_messages: Count<100_000>,
    /// Streams that are open.
    pub streams: Count<20_000>,
    /// Fields of a form.
    pub form_fields: Count<1_024>,
    /// The name of a field.
    pub field_name_bytes: Size<1, KIB>,
    /// A topic or a filter.
    pub topic_bytes: Size<1, MAX_TOPIC_BYTES>,
    /// Levels of a topic or a filter.
    pub topic_levels: Count<MAX_TOPIC_LEVELS>,
    /// The name of a client or a publisher.
    pub name_bytes: Size<1, MAX_NAME_BYTES>,
    /// A message.
    pub message_bytes: Size<1, { 64 * MIB }>,
    /// Topics that have a value.
    pub topics: Count<10_000_000>,
    /// All values.
    pub values_bytes: Size<1, { 16 * GIB }>,
    /// Clients that are known.
    pub clients: Count<1_000_000>,
    /// Filters of one client.
    pub filters_per_client: Count<100_000>,
    /// Filters of all clients.
    pub filters: Count<10_000_000>,
    /// Messages that wait for one client.
    pub queue_messages: Count<10_000_000>,
    /// What waits for one client.
    pub queue_bytes: Size<1, { 4 * GIB }>,
    /// What waits for all clients.
    pub queues_bytes: Size<1, { 16 * GIB }>,
    /// Messages in one pickup.
    pub pickup_messages: Count<100_000>,
    /// The messages in one pickup.
    pub pickup_bytes: Size<1, { 256 * MIB }>,
    /// Time in which a publish with an id may be repeated.
    pub repeat_window: Time<DAY>,
    /// Publishes with an id that are remembered for that.
    pub repeats: Count<10_000_000>,
    /// Publishers whose latest messages are known.
    pub publishers: Count<1_000_000>,
    /// Topics of one publisher whose latest message is known.
    pub publisher_topics: Count<10_000>,
    /// The latest messages of all publishers.
    pub publishers_bytes: Size<1, { 4 * GIB }>,
    /// A regular expression.
    pub regex_bytes: Size<1, { 4 * KIB }>,
    /// A regular expression that is made ready.
    pub regex_compiled_bytes: Size<1, { 16 * MIB }>,
    /// Time for one search.
    pub regex_time: Time<60>,
    /// Values that one search finds.
    pub regex_results: Count<100_000>,
    /// The values that one search finds.
    pub regex_result_bytes: Size<1, { 256 * MIB }>,
    /// Searches at a time.
    pub regex_searches: Count<64>,
}

impl Default for Limits {
    fn default() -> Self {
        let http = HttpLimits::default();
        let form = FormLimits::default();
        let core = moustique_core::Limits::default();
        Self {
            connections_per_peer: Count::of(http.peer_connections),
            requests_per_second_per_peer: Count::of(http.requests_per_second),
            idle_timeout: Time::of(http.idle),
            reader_timeout: Time::of(http.reader),
            headers: Count::of(http.headers),
            head_bytes: Size::of(http.head_bytes),
            body_bytes: Size::of(http.body_bytes),
            body_timeout: Time::of(http.body),
            batch_messages: Count::of(http.batch_messages),
            streams: Count::of(http.streams),
            form_fields: Count::of(form.fields),
            field_name_bytes: Size::of(form.name_bytes),
            topic_bytes: Size::of(core.topic_bytes),
            topic_levels: Count::of(core.topic_levels),
            name_bytes: Size::of(core.name_bytes),
            message_bytes: Size::of(core.message_bytes),
            topics: Count::of(core.topics),
            values_bytes: Size::of(core.values_bytes),
            clients: Count::of(core.clients),
            filters_per_client: Count::of(core.filters_per_client),
            filters: Count::of(core.filters),
            queue_messages: Count::of(core.queue_messages),
            queue_bytes: Size::of(core.queue_bytes),
            queues_bytes: Size::of(core.queues_bytes),
            pickup_messages: Count::of(core.pickup_messages),
            pickup_bytes: Size::of(core.pickup_bytes),
            repeat_window: Time::of(core.repeat_window),
            repeats: Count::of(core.repeats),
            publishers: Count::of(core.publishers),
            publisher_topics: Count::of(core.publisher_topics),
            publishers_bytes: Size::of(core.publishers_bytes),
            regex_bytes: Size::of(core.regex_bytes),
            regex_compiled_bytes: Size::of(core.regex_compiled_bytes),
            regex_time: Time::of(core.regex_time),
            regex_results: Count::of(core.regex_results),
            regex_result_bytes: Size::of(core.regex_result_bytes),
            regex_searches: Count::of(core.regex_searches),
        }
    }
}

impl Limits {
    /// The bounds of connections and requests; two of them are set beside the
    /// port.
    #[must_use]
    pub fn http(&self, connections: usize, first_request: Duration) -> HttpLimits {
        HttpLimits {
            connections,
            peer_connections: self.connections_per_peer.get(),
            requests_per_second: self.requests_per_second_per_peer.get(),
            first_request,
            idle: self.idle_timeout.get(),
            reader: self.reader_timeout.get(),
            head_bytes: self.head_bytes.get(),
            headers: self.headers.get(),
            body_bytes: self.body_bytes.get(),
            body: self.body_timeout.get(),
            batch_messages: self.batch_messages.get(),
            streams: self.streams.get(),
        }
    }

    /// The bounds of a form.
    #[must_use]
    pub fn form(&self) -> FormLimits {
        FormLimits {
            fields: self.form_fields.get(),
            name_bytes: self.field_name_bytes.get(),
        }
    }

    /// The bounds of the broker's memory; what is not in this section has its
    /// default.
    #[must_use]
    pub fn core(&self) -> moustique_core::Limits {
        moustique_core::Limits {
            topic_bytes: self.topic_bytes.get(),
            topic_levels: self.topic_levels.get(),
            name_bytes: self.name_bytes.get(),
            message_bytes: self.message_bytes.get(),
            topics: self.topics.get(),
            values_bytes: self.values_bytes.get(),
            clients: self.clients.get(),
            filters_per_client: self.filters_per_client.get(),
            filters: self.filters.get(),
            queue_messages: self.queue_messages.get(),
            queue_bytes: self.queue_bytes.get(),
            queues_bytes: self.queues_bytes.get(),
            pickup_messages: self.pickup_messages.get(),
            pickup_bytes: self.pickup_bytes.get(),
            repeat_window: self.repeat_window.get(),
            repeats: self.repeats.get(),
            publishers: self.publishers.get(),
            publisher_topics: self.publisher_topics.get(),
            publishers_bytes: self.publishers_bytes.get(),
            regex_bytes: self.regex_bytes.get(),
            regex_compiled_bytes: self.regex_compiled_bytes.get(),
            regex_time: self.regex_time.get(),
            regex_results: self.regex_results.get(),
            regex_result_bytes: self.regex_result_bytes.get(),
            regex_searches: self.regex_searches.get(),
            ..moustique_core::Limits::default()
        }
    }
}
