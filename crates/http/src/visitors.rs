//! The addresses that connected.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

/// Addresses that are remembered. One more, and the one that has not connected
/// for the longest is forgotten.
const VISITORS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// The addresses that connected since the start.
#[derive(Debug)]
pub(crate) struct Visitors {
    seen: Mutex<LruCache<IpAddr, ()>>,
}

impl Default for Visitors {
    fn default() -> Self {
        let mut seen = LruCache::unbounded();
        seen.resize(VISITORS);
        Self {
            seen: Mutex::new(seen),
        }
    }
}

impl Visitors {
    /// Notes that an address connected.
    pub(crate) fn note(&self, address: IpAddr) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.put(address, ());
    }

    /// The addresses, sorted.
    pub(crate) fn read(&self) -> Vec<IpAddr> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut addresses: Vec<_> = seen.iter().map(|(address, ())| *address).collect();
        drop(seen);
        addresses.sort_unstable();
        addresses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn each_stands_once_and_the_longest_gone_is_forgotten() {
        let visitors = Visitors::default();
        let address = |n: usize| IpAddr::from(Ipv4Addr::from(u32::try_from(n).unwrap()));
        for n in 0..VISITORS.get() {
            visitors.note(address(n));
        }
        visitors.note(address(0));
        visitors.note(address(VISITORS.get()));
        let read = visitors.read();
        assert_eq!(read.len(), VISITORS.get());
        assert_eq!(read[..2], [address(0), address(2)]);
    }
}
