//! Finding brokers on the local network, and being found.
//!
//! A broker announces itself as a service of the type `_moustique._tcp` (DNS-SD
//! over multicast DNS, RFC 6762 and RFC 6763), so that nobody has to know its
//! address. What comes from the network is what anybody there may have said:
//! it is bounded and made harmless before it is shown.

mod announce;
mod find;

use thiserror::Error;

pub use announce::{Announcement, Presence, host_name};
pub use find::{Found, MAX_FOUND, find};

/// The type of the service, as programs of other makers look for it.
pub const SERVICE_TYPE: &str = "_moustique._tcp.local.";

/// The property that has the port for TLS.
const TLS_PORT: &str = "tls_port";
/// The property that has the version of the broker.
const VERSION: &str = "version";

/// What keeps this machine from finding and being found.
#[derive(Debug, Error)]
#[error("multicast DNS cannot be used: {0}")]
pub struct DiscoveryError(#[from] mdns_sd::Error);

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use mdns_sd::{IfKind, ServiceDaemon};

    use super::*;

    /// A port of this test's own, on which nobody else of the machine listens;
    /// on loopback alone.
    fn daemon(port: u16) -> ServiceDaemon {
        let daemon = ServiceDaemon::new_with_port(port).unwrap();
        daemon.disable_interface(IfKind::All).unwrap();
        daemon.enable_interface(IfKind::LoopbackV4).unwrap();
        daemon
    }

    fn free_port() -> u16 {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    }

    #[test]
    fn what_is_announced_is_found_until_it_is_withdrawn() {
        let port = free_port();
        let announcement = Announcement {
            name: "kitchen\u{1b}[31m",
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 33_334,
            tls_port: Some(33_335),
            version: "1.2.3",
        };
        let presence = Presence::with_daemon(daemon(port), &announcement).unwrap();
        let looking = |patience| find::with_daemon(&daemon(port), patience).unwrap();
        let found = looking(Duration::from_secs(3));
        assert_eq!(
            found,
            [Found {
                name: "kitchen\\u{1b}[31m".into(),
                addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
                port: 33_334,
                tls_port: Some(33_335),
                version: Some("1.2.3".into()),
            }]
        );
        presence.withdraw();
        assert_eq!(looking(Duration::from_millis(500)), []);
    }
}
