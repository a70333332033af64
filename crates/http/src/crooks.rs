//! Who was refused entry, and why. Nobody is banned for it.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use moustique_core::Timestamp;

use crate::classic::now;

/// Addresses that are remembered. One more, and the one that has not been
/// refused for the longest is forgotten.
const CROOKS: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// Why entry was refused. It travels with the refusal, so that it is noted where
/// the address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The address may not connect.
    Address,
    /// It was meant for another host, as it says.
    WrongHost,
    /// A web page of another origin asked.
    CrossSite,
    /// It was asked for from elsewhere what is for this machine alone.
    NotLocal,
    /// What needs leave was asked for without it, or with a wrong password.
    NotAllowed,
    /// The password was named wrongly too often.
    TooManyTries,
}

impl Denied {
    /// The same in words.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Address => "the address may not connect",
            Self::WrongHost => "the request was for another host",
            Self::CrossSite => "a web page of another origin asked",
            Self::NotLocal => "what was asked for answers the broker's own machine alone",
            Self::NotAllowed => "no leave to see what was asked for, or a wrong password",
            Self::TooManyTries => "the password was named wrongly too often",
        }
    }
}

/// Somebody who was refused entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crook {
    /// From where.
    pub(crate) address: IpAddr,
    /// Why the last time.
    pub(crate) denied: Denied,
    /// How often.
    pub(crate) attempts: u64,
    /// When first.
    pub(crate) first_seen: Timestamp,
    /// When last.
    pub(crate) last_seen: Timestamp,
}

/// Those who were refused entry since the start.
#[derive(Debug)]
pub(crate) struct Crooks {
    by_address: Mutex<LruCache<IpAddr, Crook>>,
}

impl Default for Crooks {
    fn default() -> Self {
        let mut by_address = LruCache::unbounded();
        by_address.resize(CROOKS);
        Self {
            by_address: Mutex::new(by_address),
        }
    }
}

impl Crooks {
    /// Notes that an address was refused.
    pub(crate) fn note(&self, address: IpAddr, denied: Denied) {
        let now = now();
        let by_address = &self.by_address;
        let mut by_address = by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let crook = by_address.get_or_insert_mut(address, || Crook {
            address,
            denied,
            attempts: 0,
            first_seen: now,
            last_seen: now,
        });
        crook.denied = denied;
        crook.attempts += 1;
        crook.last_seen = now;
    }

    /// All of them, the latest first.
    pub(crate) fn read(&self) -> Vec<Crook> {
        let by_address = &self.by_address;
        let by_address = by_address.lock().unwrap_or_else(PoisonError::into_inner);
        by_address.iter().map(|(_, crook)| *crook).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn each_is_counted_and_the_list_is_bounded() {
        let crooks = Crooks::default();
        let address = |n: usize| IpAddr::from(Ipv4Addr::from(u32::try_from(n).unwrap()));
        crooks.note(address(0), Denied::Address);
        crooks.note(address(1), Denied::NotLocal);
        crooks.note(address(0), Denied::CrossSite);
        let read = crooks.read();
        assert_eq!(read.len(), 2);
        assert_eq!(
            (read[0].address, read[0].attempts, read[0].denied),
            (address(0), 2, Denied::CrossSite)
        );
        assert!(read[0].first_seen <= read[0].last_seen);
        for n in 2..=CROOKS.get() {
            crooks.note(address(n), Denied::Address);
        }
        let read = crooks.read();
        assert_eq!(read.len(), CROOKS.get());
        assert!(read.iter().all(|crook| crook.address != address(1)));
    }
}
