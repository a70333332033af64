//! Under which addresses this machine is reached.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use gethostname::gethostname;
use if_addrs::Interface;
use moustique_http::HostName;

/// Base URLs under which a listener is reached, the best one for a device on
/// the network first and loopback last.
pub(crate) fn reachable(scheme: &str, listening: SocketAddr) -> Vec<String> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    urls(scheme, listening, &interfaces)
}

/// The names that this machine has for others: its own, and that one in the
/// network that it is in, where machines announce themselves without a server, and
/// the one by which the broker announces it.
/// None where the system has one that no browser could ask for.
pub(crate) fn names() -> impl Iterator<Item = HostName> {
    names_of(&own_name())
        .into_iter()
        .filter_map(|name| name.parse().ok())
}

/// The name of this machine, without a domain: some systems count that to it.
pub(crate) fn machine() -> String {
    machine_of(&own_name()).to_owned()
}

fn own_name() -> String {
    gethostname().into_string().unwrap_or_default()
}

fn machine_of(own: &str) -> &str {
    own.split('.').next().unwrap_or(own)
}

fn names_of(own: &str) -> [String; 3] {
    let machine = machine_of(own);
    [
        own.to_owned(),
        format!("{machine}.local"),
        moustique_discovery::host_name(machine),
    ]
}

fn urls(scheme: &str, listening: SocketAddr, interfaces: &[Interface]) -> Vec<String> {
    let ip = listening.ip();
    let mut addresses: Vec<IpAddr> = if ip.is_unspecified() {
        interfaces
            .iter()
            .map(Interface::ip)
            .filter(|address| address.is_ipv4() || ip.is_ipv6())
            // Of no use without the name of an interface.
            .filter(|address| !is_link_local(*address))
            .collect()
    } else {
        vec![ip]
    };
    if ip.is_unspecified() && !addresses.iter().any(IpAddr::is_loopback) {
        addresses.push(Ipv4Addr::LOCALHOST.into());
    }
    addresses.sort_by_key(|address| (address.is_loopback(), address.is_ipv6()));
    addresses.dedup();
    addresses
        .into_iter()
        .map(|address| format!("{scheme}://{}", SocketAddr::new(address, listening.port())))
        .collect()
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_single_address_is_itself() {
        assert_eq!(
            urls("http", listening("192.168.1.5:80"), &[]),
            ["http://192.168.1.5:80"]
        );
        assert_eq!(
            urls("https", listening("[::1]:80"), &[]),
            ["https://[::1]:80"]
        );
    }

    #[test]
    fn a_machine_has_its_name_in_the_network_too() {
        for own in ["pi", "pi.home.example", "pi.local"] {
            let expected = [own, "pi.local", "moustique-pi.local"];
            assert_eq!(names_of(own), expected);
        }
    }

    #[test]
    fn every_address_ends_with_loopback() {
        let urls = reachable("http", listening("0.0.0.0:33334"));
        assert_eq!(
            urls.last().map(String::as_str),
            Some("http://127.0.0.1:33334")
        );
        assert_eq!(urls.iter().filter(|url| url.contains("127.")).count(), 1);
    }
}
