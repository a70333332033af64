//! Which encoding each peer used last.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};

use moustique_protocol::Encoding;

/// Peers that are remembered at most. One more, and all are forgotten: what is
/// lost is a hint for requests of a few characters.
const PEERS: usize = 10_000;

/// The last encoding of each peer that showed one.
#[derive(Debug, Default)]
pub(crate) struct Dialects {
    by_peer: RwLock<HashMap<IpAddr, Encoding>>,
}

impl Dialects {
    pub(crate) fn last_used(&self, peer: IpAddr) -> Option<Encoding> {
        let by_peer = self.by_peer.read().unwrap_or_else(PoisonError::into_inner);
        by_peer.get(&peer).copied()
    }

    /// Notes what a peer uses. Almost always it is what it used before, which
    /// takes no exclusive lock.
    pub(crate) fn remember(&self, peer: IpAddr, encoding: Encoding) {
        if self.last_used(peer) == Some(encoding) {
            return;
        }
        let mut by_peer = self.by_peer.write().unwrap_or_else(PoisonError::into_inner);
        if by_peer.len() >= PEERS && !by_peer.contains_key(&peer) {
            by_peer.clear();
        }
        by_peer.insert(peer, encoding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_last_one_holds_and_the_memory_is_bounded() {
        let dialects = Dialects::default();
        let peer = |n: usize| IpAddr::from(Ipv4Addr::from(u32::try_from(n).unwrap()));
        dialects.remember(peer(0), Encoding::Classic);
        dialects.remember(peer(0), Encoding::Inner);
        assert_eq!(dialects.last_used(peer(0)), Some(Encoding::Inner));
        for n in 0..=PEERS {
            dialects.remember(peer(n), Encoding::Classic);
        }
        assert_eq!(dialects.last_used(peer(0)), None);
        assert_eq!(dialects.last_used(peer(PEERS)), Some(Encoding::Classic));
    }
}
