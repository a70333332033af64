//! The broker on the network: under which addresses it is reached as networks
//! come and go, and whether others can find it.

use std::net::SocketAddr;
use std::time::Duration;

use moustique_discovery::{Announcement, Presence};
use moustique_monitor::Source;
use tokio::sync::watch;
use tokio::task;

use crate::addresses;
use crate::node::VERSION;

/// How often the addresses of this machine are looked at. No system says of all
/// of them when they change.
pub(crate) const LOOKS: Duration = Duration::from_secs(5);

/// What a broker listens on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listening {
    pub(crate) plain: SocketAddr,
    pub(crate) tls: Option<SocketAddr>,
}

/// Whether the broker is announced.
#[derive(Debug)]
pub(crate) enum Announced {
    /// It is not to be.
    No,
    /// It is.
    Yes(Presence),
    /// It is to be, and cannot.
    Failed,
}

impl Listening {
    /// Tells of the addresses under which the broker is reached now, where they
    /// are others than before.
    pub(crate) fn tell(&self, source: &watch::Sender<Source>) {
        if !self.plain.ip().is_unspecified() {
            return;
        }
        let plain = addresses::reachable("http", self.plain);
        let tls = self.tls.map(|tls| addresses::reachable("https", tls));
        source.send_if_modified(|source| {
            let status = &mut source.status;
            // Otherwise the broker has ended meanwhile.
            let is_another = !status.addresses.is_empty() && status.addresses != plain;
            if is_another {
                tracing::info!("the addresses are now {}", plain.join(" and "));
                status.addresses = plain;
                if let (Some(told), Some(tls)) = (&mut status.tls, tls) {
                    told.addresses = tls;
                }
            }
            is_another
        });
    }

    /// Announces the broker, or no longer.
    pub(crate) async fn announce(&self, announced: Announced, is_wanted: bool) -> Announced {
        // Nobody else reaches it.
        let is_wanted = is_wanted && !self.plain.ip().is_loopback();
        match (announced, is_wanted) {
            (Announced::No, true) => self.begin().await,
            (Announced::Yes(presence), false) => {
                // It waits for the goodbye to be sent.
                let _ = task::spawn_blocking(|| presence.withdraw()).await;
                tracing::info!("the broker is no longer announced on the network");
                Announced::No
            }
            (Announced::Failed, false) => Announced::No,
            (announced, _) => announced,
        }
    }

    async fn begin(self) -> Announced {
        let announcing = task::spawn_blocking(move || {
            let machine = addresses::machine();
            Presence::announce(&Announcement {
                name: &machine,
                address: self.plain.ip(),
                port: self.plain.port(),
                tls_port: self.tls.map(|tls| tls.port()),
                version: VERSION,
            })
        });
        match announcing.await {
            Ok(Ok(presence)) => Announced::Yes(presence),
            Ok(Err(error)) => {
                tracing::warn!("others on the network cannot find the broker: {error}");
                Announced::Failed
            }
            Err(error) => {
                tracing::error!(%error, "announcing the broker failed");
                Announced::Failed
            }
        }
    }
}
