//! Which addresses may connect at all.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

/// The carrier-grade NAT range, which Tailscale gives its machines.
const TAILSCALE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);

/// Who may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerRules {
    /// Networks that may; `None` for every address that is not public.
    pub allowed: Option<Vec<IpNet>>,
    /// Networks that may not, whatever else says they may.
    pub blocked: Vec<IpNet>,
    /// Whether a Tailscale address may connect to our own one.
    pub tailscale: bool,
    /// Networks of proxies that say truly for whom they speak.
    pub proxies: Vec<IpNet>,
}

impl PeerRules {
    /// Whether that address is a proxy that says truly for whom it speaks.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        contains(&self.proxies, address)
    }

    /// Why the peer may not connect to the local address, if it may not. Both
    /// addresses are canonical: no IPv4 address is written as IPv6.
    ///
    /// # Errors
    /// When the peer may not connect.
    pub fn admit(&self, peer: IpAddr, local: IpAddr) -> Result<(), String> {
        if contains(&self.blocked, peer) {
            return Err(format!("{peer} is in blocked_peers"));
        }
        if self.tailscale && is_tailscale(peer) && is_tailscale(local) {
            return Ok(());
        }
        match &self.allowed {
            Some(allowed) if contains(allowed, peer) => Ok(()),
            Some(_) => Err(format!("{peer} is not in allowed_ips")),
            None if is_local(peer) => Ok(()),
            None => Err(format!(
                "{peer} is not an address of a private network, and allowed_ips does not name it"
            )),
        }
    }
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

fn is_tailscale(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if TAILSCALE.contains(&address))
}

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(rules: &PeerRules, peer: &str, local: &str) -> bool {
        rules
            .admit(peer.parse().unwrap(), local.parse().unwrap())
            .is_ok()
    }

    #[test]
    fn without_a_list_private_addresses_are_admitted_and_public_ones_are_not() {
        let rules = PeerRules::default();
        for peer in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.9",
            "169.254.1.1",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(admits(&rules, peer, "127.0.0.1"), "{peer}");
        }
        for peer in [
            "8.8.8.8",
            "172.32.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "2001:db8::1",
            "::",
        ] {
            assert!(!admits(&rules, peer, "127.0.0.1"), "{peer}");
        }
    }

    #[test]
    fn a_list_is_all_there_is_and_a_block_wins() {
        let rules = PeerRules {
            allowed: Some(vec!["203.0.113.0/24".parse().unwrap()]),
            blocked: vec!["203.0.113.7/32".parse().unwrap()],
            ..PeerRules::default()
        };
        assert!(admits(&rules, "203.0.113.6", "10.0.0.1"));
        assert!(!admits(&rules, "203.0.113.7", "10.0.0.1"));
        assert!(!admits(&rules, "127.0.0.1", "127.0.0.1"));
    }

    #[test]
    fn tailscale_addresses_reach_our_tailscale_address_only() {
        let rules = PeerRules {
            tailscale: true,
            ..PeerRules::default()
        };
        assert!(admits(&rules, "100.100.1.1", "100.64.0.9"));
        assert!(!admits(&rules, "100.100.1.1", "192.168.0.9"));
        assert!(!admits(&PeerRules::default(), "100.100.1.1", "100.64.0.9"));
    }
}
