//! What the broker counts, for Prometheus.

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use moustique_broker::{Latency, Statistics};
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};
use prometheus::{TEXT_FORMAT, TextEncoder};

use crate::access::{self, Credentials};
use crate::caller::Caller;
use crate::plain::problem::Problem;
use crate::refusal::Refusal;
use crate::route::AppState;

/// The metrics, for Prometheus.
///
/// Where a password is set it must be named, by HTTP Basic (`basic_auth` in
/// Prometheus) or a session.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Operation",
    security((), ("password" = []), ("session" = [])),
    responses(
        (status = 200, description = "Prometheus text, version 0.0.4", body = String, content_type = "text/plain"),
        (status = 401, description = "A password is set, and it is wrong or missing", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn metrics(
    State(app): AppState,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // What is counted tells who is there and what they do. Without a password
    // there is nothing that a scraper could name.
    if app.settings().password.is_some() {
        access::check(&app, &caller, Credentials::of(&headers, &caller)).await?;
    }
    let families = families(&app.broker.statistics());
    match TextEncoder::new().encode_to_string(&families) {
        Ok(text) => {
            let headers = [(CONTENT_TYPE, HeaderValue::from_static(TEXT_FORMAT))];
            Ok((headers, text).into_response())
        }
        Err(error) => Err(Refusal::Failed(error.to_string())),
    }
}

fn families(now: &Statistics) -> Vec<MetricFamily> {
    let contents = &now.contents;
    let mut families = vec![
        gauge(
            "uptime_seconds",
            "Time since the start.",
            now.uptime.as_secs_f64(),
        ),
        counter(
            "messages_total",
            "Messages stored since the start.",
            now.messages,
        ),
        counter(
            "requests_total",
            "Requests answered since the start.",
            now.requests,
        ),
        gauge(
            "connections",
            "Connections that are open.",
            now.connections as f64,
        ),
        gauge("streams", "Streams that are open.", now.streams as f64),
        gauge(
            "queued_orders",
            "Orders that wait to be carried out.",
            now.queued_orders as f64,
        ),
        gauge(
            "topics",
            "Topics that have a value.",
            contents.topics as f64,
        ),
        gauge(
            "values_bytes",
            "Bytes of all values.",
            contents.values_bytes as f64,
        ),
        gauge(
            "clients",
            "Clients that are known.",
            contents.clients as f64,
        ),
        gauge(
            "filters",
            "Filters of all clients.",
            contents.filters as f64,
        ),
        gauge(
            "queues_bytes",
            "Bytes that clients have still to get or to let go of.",
            contents.queues_bytes as f64,
        ),
        counter(
            "dropped_total",
            "Messages dropped from full queues since the start.",
            contents.dropped,
        ),
        counter(
            "redelivered_total",
            "Messages that came again because their lease ended, since the start.",
            contents.redelivered,
        ),
        counter(
            "repeats_forgotten_total",
            "Repeatable publishes forgotten before their time, since the start.",
            contents.repeats_forgotten,
        ),
        gauge(
            "log_messages",
            "Messages in the log.",
            now.space.log.messages as f64,
        ),
        gauge(
            "log_bytes",
            "Bytes of the messages in the log.",
            now.space.log.bytes as f64,
        ),
        gauge(
            "file_bytes",
            "Bytes of the database file.",
            now.space.file_bytes as f64,
        ),
        gauge(
            "file_used_bytes",
            "Bytes of the database file that are in use.",
            now.space.used_bytes as f64,
        ),
        gauge(
            "write_ahead_bytes",
            "Bytes of the write-ahead log beside the database file.",
            now.space.write_ahead_bytes as f64,
        ),
        histogram(
            "publish_duration_seconds",
            "From the acceptance of an order to its answer.",
            &now.publish_latency,
        ),
        histogram(
            "delivery_duration_seconds",
            "From when a message was taken until it was handed over, to the millisecond.",
            &now.delivery_latency,
        ),
        bounds(now),
    ];
    if let Some(memory) = memory_stats::memory_stats() {
        let mut resident = gauge(
            "",
            "Bytes of the process in memory.",
            memory.physical_mem as f64,
        );
        // The name that every Prometheus client library gives it.
        resident.set_name("process_resident_memory_bytes".into());
        families.push(resident);
    }
    families
}

fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(format!("moustique_{name}"));
    family.set_help(help.into());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn gauge(name: &str, help: &str, value: f64) -> MetricFamily {
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    family(
        name,
        help,
        MetricType::GAUGE,
        vec![Metric::from_gauge(gauge)],
    )
}

fn counter(name: &str, help: &str, count: u64) -> MetricFamily {
    family(
        name,
        help,
        MetricType::COUNTER,
        vec![counted(count, Vec::new())],
    )
}

fn counted(count: u64, labels: Vec<LabelPair>) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(count as f64);
    let mut metric = Metric::from_label(labels);
    metric.set_counter(counter);
    metric
}

fn bounds(now: &Statistics) -> MetricFamily {
    let metrics = now.bounds.iter().map(|(bound, count)| {
        let mut label = LabelPair::default();
        label.set_name("bound".into());
        label.set_value(bound.name().into());
        counted(count, vec![label])
    });
    let help = "How often peers ran into each bound since the start.";
    family(
        "bounds_hit_total",
        help,
        MetricType::COUNTER,
        metrics.collect(),
    )
}

fn histogram(name: &str, help: &str, latency: &Latency) -> MetricFamily {
    let buckets = latency.cumulative().map(|(end, count)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(end);
        bucket.set_cumulative_count(count);
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(latency.count());
    histogram.set_sample_sum(latency.sum().as_secs_f64());
    let mut metric = Metric::default();
    metric.set_histogram(histogram);
    family(name, help, MetricType::HISTOGRAM, vec![metric])
}
