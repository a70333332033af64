//! How many requests an address may make.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::refusal::Refusal;

/// Addresses that are followed one by one. Those that make no requests are
/// forgotten first; when none can be, all others share one allowance.
const PEERS: usize = 32_768;

const SECOND: u64 = 1_000_000_000;

/// What each address may still ask for.
#[derive(Debug)]
pub(crate) struct Rates {
    begun: Instant,
    by_peer: Mutex<HashMap<IpAddr, Arc<Allowance>>>,
    /// Of all who are not followed.
    shared: Arc<Allowance>,
}

/// The requests that an address may make now: a bucket that fills at the
/// configured rate and holds what one second brings.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    /// When the bucket is full again, in nanoseconds since the begin; before
    /// now when it is full. It is all there is to know of a bucket, so that one
    /// exchange takes from it.
    full_at: AtomicU64,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            by_peer: Mutex::default(),
            shared: Arc::default(),
        }
    }
}

impl Rates {
    /// The allowance of an address, for a connection to keep.
    pub(crate) fn of(&self, peer: IpAddr) -> Arc<Allowance> {
        let mut by_peer = self.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(allowance) = by_peer.get(&peer) {
            return Arc::clone(allowance);
        }
        if by_peer.len() >= PEERS {
            // A full bucket that nobody holds is like one that is new.
            let now = self.now();
            by_peer.retain(|_, allowance| {
                Arc::strong_count(allowance) > 1 || allowance.full_at.load(Ordering::Relaxed) > now
            });
            if by_peer.len() >= PEERS {
                return Arc::clone(&self.shared);
            }
        }
        Arc::clone(by_peer.entry(peer).or_default())
    }

    /// Takes one request from an allowance.
    ///
    /// # Errors
    /// When it is used up.
    pub(crate) fn check(&self, allowance: &Allowance, limit: usize) -> Result<(), Refusal> {
        if self.take(allowance, limit) {
            Ok(())
        } else {
            Err(Refusal::TooManyRequests { limit })
        }
    }

    /// Takes one request from an allowance. Whether it was there.
    fn take(&self, allowance: &Allowance, per_second: usize) -> bool {
        let now = self.now();
        let each = SECOND / u64::try_from(per_second.max(1)).unwrap_or(SECOND);
        let taken =
            allowance
                .full_at
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                    let full_at = full_at.max(now).saturating_add(each);
                    (full_at <= now.saturating_add(SECOND)).then_some(full_at)
                });
        taken.is_ok()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use tokio::time;

    fn peer(number: usize) -> IpAddr {
        Ipv4Addr::from(u32::try_from(number).unwrap()).into()
    }

    fn taken(rates: &Rates, allowance: &Allowance, per_second: usize) -> usize {
        (0..1_000)
            .take_while(|_| rates.take(allowance, per_second))
            .count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_may_be_had_at_once_and_then_what_comes() {
        let rates = Rates::default();
        let one = rates.of(peer(1));
        assert_eq!(taken(&rates, &one, 100), 100);
        time::advance(Duration::from_millis(100)).await;
        assert_eq!(taken(&rates, &one, 100), 10);
        // It holds no more than that, however long it is left alone.
        time::advance(Duration::from_secs(3_600)).await;
        assert_eq!(taken(&rates, &one, 100), 100);
        // Another address has its own, and another connection the same.
        assert_eq!(taken(&rates, &rates.of(peer(2)), 100), 100);
        assert_eq!(taken(&rates, &rates.of(peer(1)), 100), 0);
        // A rate that is changed holds at once.
        time::advance(Duration::from_millis(500)).await;
        assert_eq!(taken(&rates, &one, 10), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn idle_addresses_are_forgotten_and_the_rest_share_one() {
        let rates = Rates::default();
        let busy: Vec<_> = (0..PEERS).map(|number| rates.of(peer(number))).collect();
        for allowance in &busy {
            assert!(rates.take(allowance, 1));
        }
        let others = [rates.of(peer(PEERS)), rates.of(peer(PEERS + 1))];
        assert!(rates.take(&others[0], 1));
        assert!(!rates.take(&others[1], 1), "they share one");
        // Held no longer, but not full again yet.
        drop(busy);
        rates.of(peer(PEERS));
        assert_eq!(rates.by_peer.lock().unwrap().len(), PEERS);
        time::advance(Duration::from_secs(1)).await;
        let own = rates.of(peer(PEERS));
        assert!(!Arc::ptr_eq(&own, &rates.shared));
        assert_eq!(rates.by_peer.lock().unwrap().len(), 1);
    }
}
