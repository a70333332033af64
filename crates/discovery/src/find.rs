//! Finding.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use mdns_sd::{ResolvedService, ServiceDaemon, ServiceEvent};
use moustique_core::safe;
use serde::Serialize;

use crate::{DiscoveryError, SERVICE_TYPE, TLS_PORT, VERSION};

/// Brokers that are found at most; more are passed over.
pub const MAX_FOUND: usize = 256;

/// Addresses of one of them; more are passed over.
const MAX_ADDRESSES: usize = 16;

/// Characters of a text that it says of itself.
const MAX_CHARACTERS: usize = 63;

/// A broker that was found. Its texts are safe to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What it calls itself.
    pub name: String,
    /// Its addresses; those of IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// The port that it listens on.
    pub port: u16,
    /// The port for TLS, if there is one.
    pub tls_port: Option<u16>,
    /// Its version, if it says it.
    pub version: Option<String>,
}

impl Found {
    /// Where it is reached: a URL for each address, those with TLS last.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        let url = |scheme: &'static str, port| {
            let addresses = self.addresses.iter();
            addresses.map(move |ip| format!("{scheme}://{}", SocketAddr::new(*ip, port)))
        };
        let plain = url("http", self.port);
        let tls = self.tls_port.into_iter();
        plain
            .chain(tls.flat_map(|port| url("https", port)))
            .collect()
    }
}

/// Asks the network for brokers and collects the answers for that long. Blocks
/// meanwhile.
///
/// # Errors
/// When the system has no socket for it.
pub fn find(patience: Duration) -> Result<Vec<Found>, DiscoveryError> {
    with_daemon(&ServiceDaemon::new()?, patience)
}

pub(crate) fn with_daemon(
    daemon: &ServiceDaemon,
    patience: Duration,
) -> Result<Vec<Found>, DiscoveryError> {
    let end = Instant::now() + patience;
    let events = daemon.browse(SERVICE_TYPE)?;
    let mut found = BTreeMap::new();
    while let Ok(event) = events.recv_deadline(end) {
        match event {
            // What has more to say of itself says it again.
            ServiceEvent::ServiceResolved(service)
                if found.len() < MAX_FOUND || found.contains_key(&service.fullname) =>
            {
                found.insert(service.fullname.clone(), read(&service));
            }
            ServiceEvent::ServiceRemoved(_, name) => {
                found.remove(&name);
            }
            _ => {}
        }
    }
    let _ = daemon.shutdown();
    Ok(found.into_values().collect())
}

fn read(service: &ResolvedService) -> Found {
    let property = |key: &str| service.get_property_val_str(key);
    let name = service.fullname.strip_suffix(SERVICE_TYPE);
    let name = name.and_then(|name| name.strip_suffix('.'));
    let mut addresses: Vec<_> = service
        .get_addresses()
        .iter()
        .map(|address| address.to_ip_addr())
        .collect();
    // IPv4 sorts before IPv6.
    addresses.sort_unstable();
    addresses.dedup();
    addresses.truncate(MAX_ADDRESSES);
    Found {
        name: shown(&unescaped(name.unwrap_or(&service.fullname))),
        addresses,
        port: service.get_port(),
        tls_port: property(TLS_PORT).and_then(|port| port.parse().ok()),
        version: property(VERSION).map(shown),
    }
}

fn shown(text: &str) -> String {
    let cut: String = text.chars().take(MAX_CHARACTERS).collect();
    safe(&cut).into_owned()
}

/// The name without the backslashes that stand before dots and backslashes in
/// the name of a service (RFC 6763, section 4.3).
fn unescaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_written_as_browsers_take_them() {
        let found = Found {
            name: "kitchen".into(),
            addresses: vec![[192, 168, 0, 7].into(), "2001:db8::1".parse().unwrap()],
            port: 1,
            tls_port: Some(2),
            version: None,
        };
        let expected = [
            "http://192.168.0.7:1",
            "http://[2001:db8::1]:1",
            "https://192.168.0.7:2",
            "https://[2001:db8::1]:2",
        ];
        assert_eq!(found.urls(), expected);
    }

    #[test]
    fn names_are_read_as_they_were_given() {
        for (escaped, name) in [("a", "a"), (r"a\.b\\c", r"a.b\c"), (r"a\", "a")] {
            assert_eq!(unescaped(escaped), name);
        }
    }
}
