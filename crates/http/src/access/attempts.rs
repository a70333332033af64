//! How often each peer has failed to name the password.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

/// Failures that a peer has free.
const FREE: u32 = 5;

/// Time between two tries from then on.
const PAUSE: Duration = Duration::from_secs(10);

/// Time without a try after which a peer's failures are forgotten.
const FORGOTTEN: Duration = Duration::from_secs(10 * 60);

/// Peers whose failures are remembered. More: the one that has not tried for
/// longest is forgotten.
const PEERS: usize = 10_000;

/// The failures of all peers. Nobody is banned for good.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failed: HashMap<IpAddr, Failed>,
}

#[derive(Clone, Copy, Debug)]
struct Failed {
    times: u32,
    last: Instant,
}

impl Attempts {
    /// How long the peer has to wait before it may try.
    pub(crate) fn wait(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let failed = self.failed.get(&household(peer))?;
        let next = failed.last + PAUSE;
        (failed.times >= FREE && now < next).then(|| next - now)
    }

    /// A try begins, and counts as a failure until it turns out to be none: of
    /// those that come at once none slips through.
    pub(crate) fn begin(&mut self, peer: IpAddr, now: Instant) {
        let household = household(peer);
        if !self.failed.contains_key(&household) {
            self.make_room(now);
        }
        let failed = self.failed.entry(household).or_insert(Failed {
            times: 0,
            last: now,
        });
        if now - failed.last > FORGOTTEN {
            failed.times = 0;
        }
        failed.times = failed.times.saturating_add(1);
        failed.last = now;
    }

    /// The peer knows the password.
    pub(crate) fn succeeded(&mut self, peer: IpAddr) {
        self.failed.remove(&household(peer));
    }

    fn make_room(&mut self, now: Instant) {
        if self.failed.len() < PEERS {
            return;
        }
        self.failed
            .retain(|_, failed| now - failed.last <= FORGOTTEN);
        if self.failed.len() < PEERS {
            return;
        }
        let idlest = self.failed.iter().min_by_key(|(_, failed)| failed.last);
        if let Some(idlest) = idlest.map(|(peer, _)| *peer) {
            self.failed.remove(&idlest);
        }
    }
}

/// Who counts as one: whoever has one IPv6 address has the 2^64 beside it, too.
fn household(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => {
            let prefix = u128::from(address) >> 64 << 64;
            Ipv6Addr::from(prefix).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn five_are_free_and_then_there_is_one_every_ten_seconds() {
        let mut attempts = Attempts::default();
        let begun = Instant::now();
        let guesser = peer("10.0.0.1");
        for _ in 0..5 {
            assert_eq!(attempts.wait(guesser, begun), None);
            attempts.begin(guesser, begun);
        }
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(attempts.wait(guesser, at(0)), Some(PAUSE));
        assert_eq!(attempts.wait(guesser, at(9)), Some(Duration::from_secs(1)));
        assert_eq!(attempts.wait(guesser, at(10)), None);
        attempts.begin(guesser, at(10));
        assert_eq!(attempts.wait(guesser, at(15)), Some(Duration::from_secs(5)));
        assert_eq!(attempts.wait(peer("10.0.0.2"), at(15)), None);
        // Who knows it begins anew, and so does who has left it.
        attempts.succeeded(guesser);
        assert_eq!(attempts.wait(guesser, at(15)), None);
        for _ in 0..5 {
            attempts.begin(guesser, at(20));
        }
        attempts.begin(guesser, at(20 + 601));
        assert_eq!(attempts.wait(guesser, at(20 + 601)), None);
    }

    #[test]
    fn the_neighbours_of_an_ipv6_address_are_its_own() {
        let mut attempts = Attempts::default();
        let now = Instant::now();
        for last in 1..=5 {
            attempts.begin(peer(&format!("fd00::{last}")), now);
        }
        assert!(attempts.wait(peer("fd00::99"), now).is_some());
        assert!(attempts.wait(peer("fd00:0:0:1::1"), now).is_none());
    }

    #[test]
    fn there_is_a_bound_and_the_idlest_goes() {
        let mut attempts = Attempts::default();
        let begun = Instant::now();
        for number in 0..=u32::try_from(PEERS).unwrap() {
            let at = begun + Duration::from_millis(number.into());
            for _ in 0..FREE {
                attempts.begin(std::net::Ipv4Addr::from(number).into(), at);
            }
        }
        assert_eq!(attempts.failed.len(), PEERS);
        let now = begun + Duration::from_secs(10);
        assert!(attempts.wait(peer("0.0.0.0"), now).is_none());
        assert!(attempts.wait(peer("0.0.0.2"), now).is_some());
        attempts.begin(peer("1.0.0.0"), now + FORGOTTEN * 2);
        assert_eq!(attempts.failed.len(), 1, "all others are forgotten");
    }
}
