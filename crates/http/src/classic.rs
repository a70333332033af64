//! The classic API over HTTP (spec/PROTOCOL.md, section 1).

mod reports;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use moustique_broker::{Flow, Pickup as BrokerPickup, PickupOrder};
use moustique_core::{LetGo, Timestamp};
use moustique_protocol::{
    Ack, Command, Encoding, GetVal, GetValsByRegex, Hints, Pickup, PickupReply, Rejection,
    SystemMessage, Verb, read, text_reply,
};

use crate::access::{self, Credentials};
use crate::app::Inner;
use crate::body::{self, ReplyBody};
use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::settings::Settings;

/// The content type of every classic reply.
pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

const ENCODING_HEADER: &str = "moustique-encoding";

/// Names the lease that the messages of a pickup are under.
const LEASE_HEADER: HeaderName = HeaderName::from_static("moustique-lease");

/// Says that there is more than the answer holds.
const TRUNCATED_HEADER: HeaderName = HeaderName::from_static("moustique-truncated");

/// Answers one request that names a verb.
pub(crate) async fn answer<B>(
    app: &Arc<Inner>,
    verb: Verb,
    request: Request<B>,
    caller: Caller,
) -> Result<Response<ReplyBody>, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let credentials = match verb {
        Verb::Report(_) => Credentials::of(request.headers(), &caller),
        _ => Credentials::default(),
    };
    let request = understood(app, verb, request, caller.address).await?;
    let counters = app.broker.counters();
    if let Some(flow) = flow(&request.command) {
        counters.request_understood(flow);
    }
    let waits = matches!(&request.command, Command::Pickup(pickup) if !pickup.wait.is_zero());
    let begun = Instant::now();
    let answered = carry_out(app, request, credentials, caller).await;
    if !waits {
        counters.request_took(begun.elapsed());
    }
    answered
}

/// What is counted of a request.
fn flow(command: &Command) -> Option<Flow> {
    match command {
        Command::Pickup(_) => Some(Flow::Pickups),
        Command::GetVal(_) | Command::GetValsByRegex(_) => Some(Flow::ValueReads),
        _ => None,
    }
}

async fn carry_out(
    app: &Arc<Inner>,
    request: moustique_protocol::Request,
    credentials: Credentials,
    caller: Caller,
) -> Result<Response<ReplyBody>, Refusal> {
    let (peer, encoding) = (caller.address, request.encoding);
    match request.command {
        Command::Post(post) => {
            app.broker.publish(post.into_draft(peer)).await?;
            Ok(done())
        }
        Command::PutVal(put) => {
            app.broker.publish(put.into_draft(peer)).await?;
            Ok(done())
        }
        Command::Subscribe(subscribe) => {
            let (client, filter) = (subscribe.client, subscribe.filter);
            app.broker.subscribe(client, filter, peer).await?;
            Ok(done())
        }
        Command::Unsubscribe(unsubscribe) => {
            let (client, filter) = (unsubscribe.client, unsubscribe.filter);
            app.broker.unsubscribe(client, filter, peer).await?;
            Ok(done())
        }
        Command::Pickup(pickup) => pick_up(app, &pickup, encoding, peer).await,
        Command::Ack(ack) => acknowledge(app, ack, peer),
        Command::GetVal(get) => match app.broker.value(get.topic.as_str()) {
            Some(message) => Ok(reply(GetVal::reply(&message, &app.zone, encoding))),
            None => Err(Rejection::NoValue { topic: get.topic }.into()),
        },
        Command::GetValsByRegex(get) => search(app, &get, encoding).await,
        Command::Report(report, passwords) => {
            let credentials = credentials.with_pwd(passwords.into_readings());
            access::check(app, &caller, credentials).await?;
            reports::answer(app, report, encoding).await
        }
        Command::Version => Ok(reply(text_reply(&app.version, encoding))),
        Command::FileVersion => {
            let digest = app.executable.digest().await?;
            Ok(reply(text_reply(digest, encoding)))
        }
    }
}

/// What a request asks for. Nothing of it is left when this returns: the head
/// and the body are parts of the connection's buffer, which can be used again
/// only when nobody holds them, and an answer may take its time.
async fn understood<B>(
    app: &Inner,
    verb: Verb,
    request: Request<B>,
    peer: IpAddr,
) -> Result<moustique_protocol::Request, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let settings = app.settings();
    verb.check_method(head.method.as_str())?;
    check_content_encoding(&head.headers)?;
    check_content_type(&head.method, &head.headers)?;
    let query = head.uri.query();
    let header = head.headers.get(ENCODING_HEADER).map(HeaderValue::as_bytes);
    if head.method == Method::GET {
        // The query is the form; an `encoding` in it is read with it.
        let declared = Encoding::declared(header, None, &settings.requests.form)?;
        let form = query.unwrap_or_default().as_bytes();
        Ok(decode(app, &settings, verb, form, declared, peer)?)
    } else {
        let declared = Encoding::declared(header, query, &settings.requests.form)?;
        let form = body::read(body, &settings.http)
            .await
            .map_err(|error| Refusal::from_body(error, &settings.http))?;
        Ok(decode(app, &settings, verb, &form, declared, peer)?)
    }
}

fn decode(
    app: &Inner,
    settings: &Settings,
    verb: Verb,
    form: &[u8],
    declared: Option<Encoding>,
    peer: IpAddr,
) -> Result<moustique_protocol::Request, Rejection> {
    let knowledge = Knowledge {
        app,
        peer,
        configured: settings.encoding,
    };
    let request = read(verb, form, declared, &knowledge, &settings.requests)?;
    if request.basis.is_evidence() {
        app.dialects.remember(peer, request.encoding);
    }
    Ok(request)
}

async fn pick_up(
    app: &Inner,
    pickup: &Pickup,
    encoding: Encoding,
    peer: IpAddr,
) -> Result<Response<ReplyBody>, Refusal> {
    let order = PickupOrder {
        client: pickup.client.as_str(),
        max: pickup.max.map_or(usize::MAX, usize::from),
        wait: pickup.wait,
        lease: pickup.lease,
        ack: pickup.ack,
        address: peer,
    };
    let picked = app.broker.pickup(order).await?;
    let dropped = picked.as_ref().map_or(0, BrokerPickup::dropped).to_string();
    let mut json = PickupReply::new(&pickup.client, &app.zone);
    let Some(handover) = picked else {
        json.push_system(&SystemMessage::resubscribe(now(), peer));
        return Ok(reply(json.finish(encoding)));
    };
    if handover.dropped() > 0 {
        json.push_system(&SystemMessage::dropped(&dropped, now(), peer));
    }
    for delivery in handover.deliveries() {
        for filter in &delivery.filters {
            json.push(filter, &delivery.message, delivery.redelivered);
        }
    }
    let lease = handover.lease();
    let bytes = Bytes::from(json.finish(encoding));
    let mut response = with_headers(ReplyBody::Pickup(Some((bytes, handover))));
    if let Some(token) = lease
        && let Ok(token) = HeaderValue::try_from(token.to_string())
    {
        response.headers_mut().insert(LEASE_HEADER, token);
    }
    Ok(response)
}

async fn search(
    app: &Inner,
    get: &GetValsByRegex,
    encoding: Encoding,
) -> Result<Response<ReplyBody>, Refusal> {
    let settings = app.settings();
    let limits = &settings.requests.broker;
    let found = app.broker.search(&get.pattern, limits).await?;
    let json = GetValsByRegex::reply(&found.messages, &app.zone, encoding);
    Ok(cut_reply(json, found.is_cut))
}

fn acknowledge(app: &Inner, ack: Ack, peer: IpAddr) -> Result<Response<ReplyBody>, Refusal> {
    let Ack { client, lease } = ack;
    match app.broker.acknowledge(client.as_str(), lease, peer) {
        Some(LetGo::Done | LetGo::Before) => Ok(done()),
        Some(LetGo::Unknown) => Err(Rejection::NoLease { client, lease }.into()),
        None => Err(Rejection::UnknownClient { client }.into()),
    }
}

/// A compressed body would pass every bound while it is unpacked.
pub(crate) fn check_content_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Refusal::ContentEncoding),
        _ => Ok(()),
    }
}

/// A body is a form, also where it does not say so. Browsers let any page send
/// a form, but that is refused by its origin; what names another type was meant
/// for somebody else. A `GET` has no body that could have a type.
fn check_content_type(method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    if method == Method::GET {
        return Ok(());
    }
    for given in headers.get_all(CONTENT_TYPE) {
        let mut parts = given.as_bytes().split(|byte| *byte == b';');
        let kind = parts.next().unwrap_or_default().trim_ascii();
        if !kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            return Err(Refusal::content_type(given.as_bytes()));
        }
    }
    Ok(())
}

fn done() -> Response<ReplyBody> {
    Response::new(ReplyBody::empty())
}

fn reply(bytes: Vec<u8>) -> Response<ReplyBody> {
    with_headers(ReplyBody::whole(bytes))
}

/// A reply that says whether there is more than it holds.
fn cut_reply(bytes: Vec<u8>, is_cut: bool) -> Response<ReplyBody> {
    let mut response = reply(bytes);
    if is_cut {
        let is_cut = HeaderValue::from_static("true");
        response.headers_mut().insert(TRUNCATED_HEADER, is_cut);
    }
    response
}

fn with_headers(body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

pub(crate) fn now() -> Timestamp {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// What the broker knows that can tell the dialects apart.
struct Knowledge<'a> {
    app: &'a Inner,
    peer: IpAddr,
    configured: Encoding,
}

impl Hints for Knowledge<'_> {
    fn topic_exists(&self, topic: &str) -> bool {
        self.app.broker.knows_topic(topic)
    }

    fn client_known(&self, client: &str) -> bool {
        self.app.broker.knows_client(client)
    }

    fn last_used(&self) -> Option<Encoding> {
        self.app.dialects.last_used(self.peer)
    }

    fn configured(&self) -> Encoding {
        self.configured
    }
}
