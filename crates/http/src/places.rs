//! How many connections may be open, in all and for each peer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moustique_broker::Bound;

use crate::limits::HttpLimits;

/// The places for connections.
#[derive(Debug, Default)]
pub(crate) struct Places {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Peers that have a connection open: not more than there are connections.
    by_peer: HashMap<IpAddr, usize>,
}

impl Places {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A place for a connection of the peer, whose address is canonical; else
    /// the bound that stands in the way.
    pub(crate) fn take(
        self: &Arc<Self>,
        peer: IpAddr,
        limits: &HttpLimits,
    ) -> Result<Place, Bound> {
        let mut taken = self.lock();
        let of_peer = taken.by_peer.get(&peer).copied().unwrap_or_default();
        if of_peer >= limits.peer_connections {
            return Err(Bound::PeerConnections);
        }
        if taken.all >= limits.connections {
            return Err(Bound::Connections);
        }
        taken.all += 1;
        taken.by_peer.insert(peer, of_peer + 1);
        drop(taken);
        Ok(Place {
            places: Arc::clone(self),
            peer,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place of a connection. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    peer: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Entry::Occupied(mut of_peer) = taken.by_peer.entry(self.peer) {
            *of_peer.get_mut() -= 1;
            if *of_peer.get() == 0 {
                of_peer.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_fills_its_own_places_and_all_together_the_rest() {
        let places = Places::new();
        let limits = HttpLimits {
            connections: 3,
            peer_connections: 2,
            ..HttpLimits::default()
        };
        let peer = |last: u8| IpAddr::from([192, 168, 0, last]);
        let mut open: Vec<_> = [1, 1, 2]
            .map(|last| places.take(peer(last), &limits).unwrap())
            .into();
        assert_eq!(
            places.take(peer(1), &limits).unwrap_err(),
            Bound::PeerConnections
        );
        assert_eq!(
            places.take(peer(3), &limits).unwrap_err(),
            Bound::Connections
        );
        // Of the first peer.
        drop(open.remove(0));
        let again = places.take(peer(1), &limits).unwrap();
        assert_eq!(
            places.take(peer(2), &limits).unwrap_err(),
            Bound::Connections
        );
        drop((again, open));
        assert!(places.lock().by_peer.is_empty(), "no peer is remembered");
        assert_eq!(places.lock().all, 0);
    }
}
