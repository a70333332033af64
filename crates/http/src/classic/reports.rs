//! What the broker tells of itself, to those who were let in.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Response;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use moustique_broker::{ClientRecord, Flow, PublisherView};
use moustique_protocol::{
    ClientRow, CrookRow, Encoding, PosterRow, Report, Stats, StatusPage, clients_reply,
    crooks_reply, log_reply, posters_reply, stats_reply, texts_reply,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::task;

use super::{cut_reply, reply};
use crate::app::Inner;
use crate::body::ReplyBody;
use crate::crooks::Crook;
use crate::refusal::Refusal;

/// Bytes of topics and messages in one answer. What is beyond is left out, and
/// the answer says so.
const REPLY_BYTES: usize = 16 * 1024 * 1024;

/// What a message takes in an answer besides its own bytes.
const MESSAGE_BYTES: usize = 256;

/// Rows of each list on the page for people.
const PAGE_ROWS: usize = 100;

/// Nothing from anywhere, no script, in no frame, and the one style of the page,
/// by its digest.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(StatusPage::STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).ok()
});

/// Makes a report, off the async threads: it may be long.
pub(super) async fn answer(
    app: &Arc<Inner>,
    report: Report,
    encoding: Encoding,
) -> Result<Response<ReplyBody>, Refusal> {
    let (app, tasks) = (
        Arc::clone(app),
        Handle::current().metrics().num_alive_tasks(),
    );
    task::spawn_blocking(move || make(&app, report, tasks, encoding))
        .await
        .map_err(|error| Refusal::Failed(format!("the report was not made: {error}")))
}

fn make(app: &Inner, report: Report, tasks: usize, encoding: Encoding) -> Response<ReplyBody> {
    match report {
        Report::Status => status(app, tasks, encoding),
        Report::Stats => reply(stats_reply(&stats(app, tasks), &app.zone, encoding)),
        Report::Clients => {
            let records = app.broker.client_records();
            let rows: Vec<_> = records.iter().map(client_row).collect();
            reply(clients_reply(&rows, &app.zone, encoding))
        }
        Report::Posters => posters(app, encoding),
        Report::Topics => {
            let (topics, is_all) = app.broker.topic_names(REPLY_BYTES);
            let names: Vec<_> = topics.iter().map(|topic| topic.as_str()).collect();
            cut_reply(texts_reply(&names, encoding), !is_all)
        }
        Report::Crooks => {
            let crooks = app.crooks.read();
            let rows: Vec<_> = crooks.iter().map(crook_row).collect();
            reply(crooks_reply(&rows, &app.zone, encoding))
        }
        Report::PeerHosts => {
            let addresses = app.visitors.read();
            let addresses: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
            reply(texts_reply(&addresses, encoding))
        }
        Report::Log => {
            let (lines, total) = app.log.read();
            reply(log_reply(&lines, total, encoding))
        }
    }
}

fn posters(app: &Inner, encoding: Encoding) -> Response<ReplyBody> {
    let mut publishers = app.broker.publishers(usize::MAX).rows;
    let mut bytes = 0;
    let fitting = publishers.iter().take_while(|publisher| {
        let messages = publisher.by_topic.iter().chain([&publisher.latest]);
        bytes += messages
            .map(|message| message.bytes() + MESSAGE_BYTES)
            .sum::<usize>();
        bytes <= REPLY_BYTES
    });
    // The latest one is shown whatever it takes.
    let fitting = fitting.count().max(1);
    let is_cut = fitting < publishers.len();
    publishers.truncate(fitting);
    let rows: Vec<_> = publishers.iter().map(poster_row).collect();
    cut_reply(posters_reply(&rows, &app.zone, encoding), is_cut)
}

fn status(app: &Inner, tasks: usize, encoding: Encoding) -> Response<ReplyBody> {
    let stats = stats(app, tasks);
    let mut records = app.broker.client_records();
    records.truncate(PAGE_ROWS);
    let publishers = app.broker.publishers(PAGE_ROWS).rows;
    let values = app.broker.topics(PAGE_ROWS).rows;
    let crooks = app.crooks.read();
    let (log, _) = app.log.read();
    let page = StatusPage {
        version: &app.version,
        stats: &stats,
        clients: &records.iter().map(client_row).collect::<Vec<_>>(),
        posters: &publishers.iter().map(poster_row).collect::<Vec<_>>(),
        values: &values,
        crooks: &crooks
            .iter()
            .take(PAGE_ROWS)
            .map(crook_row)
            .collect::<Vec<_>>(),
        crooks_total: crooks.len(),
        log: &log,
    };
    let mut response = reply(page.reply(&app.zone, encoding));
    // Encoded it is no page, but a text like all others.
    if encoding == Encoding::Plain {
        let headers = response.headers_mut();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(CONTENT_TYPE, html);
        if let Some(policy) = &*POLICY {
            headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
        }
    }
    response
}

fn stats(app: &Inner, tasks: usize) -> Stats {
    let statistics = app.broker.statistics();
    let flow = |flow: Flow| {
        let rate = statistics.flows.of(flow);
        moustique_protocol::Flow {
            per_second: rate.per_second,
            per_second_of_minute: rate.per_second_of_minute,
            total: rate.total,
        }
    };
    let space = statistics.space;
    Stats {
        started: statistics.started_at,
        memory: memory_stats::memory_stats().map(|memory| memory.physical_mem),
        filters: statistics.contents.filters,
        tasks,
        average_request: statistics.average_request,
        values: statistics.contents.topics,
        clients: statistics.contents.clients,
        posters: app.broker.publisher_count(),
        requests: flow(Flow::Requests),
        pickups: flow(Flow::Pickups),
        processed: flow(Flow::Messages),
        getvals: flow(Flow::ValueReads),
        dropped: statistics.contents.dropped,
        connections: statistics.connections,
        queued_orders: statistics.queued_orders,
        queued_bytes: statistics.contents.queues_bytes,
        store: statistics.store.name(),
        store_bytes: space.file_bytes + space.write_ahead_bytes,
        bounds: statistics
            .bounds
            .iter()
            .map(|(bound, hits)| (bound.name(), hits))
            .collect(),
    }
}

fn client_row(client: &ClientRecord) -> ClientRow<'_> {
    ClientRow {
        name: client.name.as_str(),
        first_seen: client.first_seen,
        latest_pickup: client.picked_up,
        requests: client.requests,
        address: client.address,
    }
}

fn poster_row(publisher: &PublisherView) -> PosterRow<'_> {
    PosterRow {
        name: publisher.name.as_ref().map(|name| name.as_str()),
        by_topic: &publisher.by_topic,
        latest: &publisher.latest,
        first_seen: publisher.first_seen,
        messages: publisher.messages,
    }
}

fn crook_row(crook: &Crook) -> CrookRow<'static> {
    CrookRow {
        address: crook.address,
        reason: crook.denied.reason(),
        attempts: crook.attempts,
        first_seen: crook.first_seen,
        last_seen: crook.last_seen,
    }
}
