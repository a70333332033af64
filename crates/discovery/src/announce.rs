//! Being found.

use std::net::IpAddr;
use std::time::Duration;

use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};

use crate::{DiscoveryError, SERVICE_TYPE, TLS_PORT, VERSION};

/// How long a goodbye may take to be sent.
const GOODBYE: Duration = Duration::from_millis(500);

/// The longest label of a name in DNS (RFC 1035, section 2.3.4).
const LABEL_BYTES: usize = 63;

/// What a broker says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Announcement<'a> {
    /// What people call it: the name of its machine. Where the network has one of
    /// that name already, a number is added.
    pub name: &'a str,
    /// The address that it listens on; an unspecified one is all of the machine's,
    /// as they come and go.
    pub address: IpAddr,
    /// The port that it listens on.
    pub port: u16,
    /// The port for TLS, if there is one.
    pub tls_port: Option<u16>,
    /// Its version.
    pub version: &'a str,
}

/// A broker that can be found, until this is dropped.
pub struct Presence {
    daemon: ServiceDaemon,
    full_name: String,
}

impl Presence {
    /// Announces a broker, on a thread of its own.
    ///
    /// # Errors
    /// When the system has no socket for it.
    pub fn announce(announcement: &Announcement<'_>) -> Result<Self, DiscoveryError> {
        let daemon = ServiceDaemon::new()?;
        // Who is on this machine needs no network to find the broker.
        daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
        Self::with_daemon(daemon, announcement)
    }

    pub(crate) fn with_daemon(
        daemon: ServiceDaemon,
        announcement: &Announcement<'_>,
    ) -> Result<Self, DiscoveryError> {
        let service = service(announcement)?;
        let full_name = service.get_fullname().to_owned();
        daemon.register(service)?;
        Ok(Self { daemon, full_name })
    }

    /// Says goodbye, and returns when that is sent or has taken too long: it may
    /// block for half a second.
    pub fn withdraw(self) {
        if let Ok(sent) = self.daemon.unregister(&self.full_name) {
            let _ = sent.recv_timeout(GOODBYE);
        }
    }
}

impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Presence").field(&self.full_name).finish()
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // It says goodbye itself, if there is still time for it.
        let _ = self.daemon.shutdown();
    }
}

fn service(announcement: &Announcement<'_>) -> Result<ServiceInfo, mdns_sd::Error> {
    let mut properties = vec![(VERSION, announcement.version.to_owned())];
    if let Some(port) = announcement.tls_port {
        properties.push((TLS_PORT, port.to_string()));
    }
    let name = label(announcement.name, |_| true);
    let host = host_name(announcement.name) + ".";
    let create = |addresses: &[IpAddr]| {
        let port = announcement.port;
        ServiceInfo::new(SERVICE_TYPE, &name, &host, addresses, port, &properties[..])
    };
    if announcement.address.is_unspecified() {
        let mut service = create(&[])?.enable_addr_auto();
        if announcement.address.is_ipv4() {
            service.set_interfaces(vec![IfKind::IPv4]);
        }
        return Ok(service);
    }
    let mut service = create(&[announcement.address])?;
    service.set_interfaces(vec![IfKind::Addr(announcement.address)]);
    Ok(service)
}

/// The name by which a machine is announced with its addresses. It is not the
/// machine's own: that one the system may announce already, and two who say
/// different things of one name would both have to take another.
#[must_use]
pub fn host_name(machine: &str) -> String {
    let may_be = |character: char| character.is_ascii_alphanumeric() || character == '-';
    label(&format!("moustique-{machine}"), may_be) + ".local"
}

/// As much of the text as a name in DNS may have, with `-` for what it may not.
fn label(text: &str, may_be: impl Fn(char) -> bool) -> String {
    let mut label = String::new();
    for character in text.chars() {
        let character = if may_be(character) { character } else { '-' };
        if label.len() + character.len_utf8() > LABEL_BYTES {
            break;
        }
        label.push(character);
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_to_what_dns_takes() {
        for (machine, host) in [
            ("kitchen-pi", "moustique-kitchen-pi.local"),
            ("Köket 2.lan", "moustique-K-ket-2-lan.local"),
            ("", "moustique-.local"),
        ] {
            assert_eq!(host_name(machine), host);
        }
        let long = "å".repeat(100);
        assert_eq!(host_name(&long).len(), 63 + ".local".len());
        assert_eq!(label(&long, |_| true), "å".repeat(31));
    }
}
