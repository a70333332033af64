//! What the tests of this crate start from: a broker over a real store, and an
//! app over the broker.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use moustique_broker::{Broker, Options, Pickup, PickupOrder};
use moustique_core::{ClientName, Draft, Filter, Limits, MessageKind, Topic};
use moustique_monitor::{BrokerState, BrokerStatus, Source};
use moustique_protocol::{Encoding, RequestLimits};
use moustique_store::Store;
use tokio::sync::{mpsc, watch};

use crate::app::{App, AppOptions};
use crate::caller::Caller;
use crate::guard::SiteRules;
use crate::limits::HttpLimits;
use crate::peers::PeerRules;
use crate::recent_log::RecentLog;
use crate::settings::Settings;

/// Where every request of a test comes from.
pub(crate) const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Who makes it.
pub(crate) const CALLER: Caller = Caller {
    address: LOCAL,
    local: LOCAL,
    is_local: true,
    is_encrypted: false,
};

/// An app over a broker whose data is in the folder.
pub(crate) fn app(folder: &Path, http: HttpLimits) -> App {
    let store = Store::open(&folder.join("moustique.db"), Default::default()).unwrap();
    let broker = Broker::start(store, Options::default()).unwrap();
    let status = BrokerStatus {
        state: BrokerState::Running,
        addresses: Vec::new(),
        tls: None,
        problem: None,
        retries_at: None,
        configuration: None,
        version: "0".into(),
    };
    let (news, source) = watch::channel(Source {
        status,
        broker: Some(broker.clone()),
    });
    // There is no more news, but there might be.
    tokio::spawn(async move { news.closed().await });
    App::new(AppOptions {
        broker,
        settings: Settings {
            requests: RequestLimits::default(),
            http,
            peers: PeerRules::default(),
            sites: SiteRules {
                hosts: vec!["h".parse().unwrap()],
                ..SiteRules::default()
            },
            encoding: Encoding::Plain,
            password: None,
            tls: None,
        },
        version: "0".into(),
        source,
        log: RecentLog::default(),
        reload: mpsc::channel(1).0,
    })
}

/// Subscribes a client to everything.
pub(crate) async fn subscribe(broker: &Broker, client: &str) {
    let limits = Limits::default();
    let client = ClientName::parse(client, &limits).unwrap();
    let filter = Filter::parse("#", &limits).unwrap();
    broker.subscribe(client, filter, LOCAL).await.unwrap();
}

/// Publishes a message.
pub(crate) async fn publish(broker: &Broker, payload: &str) {
    let draft = Draft {
        topic: Topic::parse("/t", &Limits::default()).unwrap(),
        payload: payload.into(),
        from: None,
        address: LOCAL,
        updated_time: None,
        kind: MessageKind::Published,
        repeat_id: None,
    };
    broker.publish(draft).await.unwrap();
}

/// The next messages for a client, at most so many.
pub(crate) async fn pickup(broker: &Broker, client: &str, max: usize) -> Pickup {
    let order = PickupOrder {
        lease: None,
        ack: None,
        client,
        max,
        wait: Duration::ZERO,
        address: LOCAL,
    };
    broker.pickup(order).await.unwrap().unwrap()
}

/// What waits for a client, which is thereby taken.
pub(crate) async fn waiting(broker: &Broker, client: &str) -> Vec<String> {
    let pickup = pickup(broker, client, usize::MAX).await;
    let payload = |delivery: &moustique_core::Delivery| delivery.message.payload.to_string();
    let payloads = pickup.deliveries().iter().map(payload).collect();
    pickup.arrived();
    payloads
}
