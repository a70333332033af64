//! A subscriber that uses leases: at least once, whoever is killed.

use std::time::{Duration, Instant};

use moustique_tests::history::{Delivery, Event, Fault, assert_kept, faults};
use moustique_tests::load::{FILTER, Gone, messages};
use moustique_tests::{Broker, Caller, Reply};

use crate::kills;

/// Seconds of a lease: far more than a pickup takes, little to wait for.
const LEASE: &str = "5";

/// The longest to wait for what is out under the lease of a broker that was
/// killed.
const LEASES_ENDED: Duration = Duration::from_secs(20);

/// One pickup with a lease, which lets go of the one before.
fn pick_up(caller: &Caller, ack: Option<&str>) -> Result<Reply, ureq::Error> {
    let mut fields = vec![("client", "leased"), ("wait", "1"), ("lease", LEASE)];
    fields.extend(ack.map(|token| ("ack", token)));
    caller.try_post("PICKUP", &fields)
}

/// The token of a reply that brought messages.
fn token(reply: &Reply) -> Option<String> {
    let token = reply.header("moustique-lease").map(str::to_owned);
    assert!(
        token.is_some() || messages(reply).is_empty(),
        "messages without a lease: {:?}",
        reply.headers
    );
    token
}

/// Picks up until the broker is gone, and forgets then what it had, as a
/// client does that is killed with it.
fn observe(caller: &Caller, gone: &Gone) -> Vec<Event> {
    let mut seen = Vec::new();
    let mut ack = None;
    loop {
        match pick_up(caller, ack.as_deref()) {
            Ok(reply) => {
                seen.extend(messages(&reply));
                ack = token(&reply);
            }
            Err(error) => {
                gone.expect(&error);
                return seen;
            }
        }
    }
}

#[test]
fn a_lease_brings_everything_acknowledged_at_least_once() {
    let folder = tempfile::tempdir().unwrap();
    Broker::start(folder.path())
        .caller()
        .subscribe("leased", FILTER);

    let (written, mut history) = kills::run(folder.path(), observe);

    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    let deadline = Instant::now() + LEASES_ENDED;
    let mut ack = None;
    let is_lost = |fault: &Fault| matches!(fault, Fault::Lost { .. });
    let all_seen = |history: &[Event]| {
        let found = faults(&written, history, Delivery::AtLeastOnce);
        !found.iter().any(is_lost)
    };
    while !all_seen(&history) && Instant::now() < deadline {
        let reply = pick_up(&caller, ack.as_deref()).unwrap();
        history.extend(messages(&reply));
        ack = token(&reply);
    }
    assert_kept(&written, &history, Delivery::AtLeastOnce);
    kills::report("leases", &written);
}

/// `ACK` lets go without picking up: what it named does not come again, not
/// even after a kill.
#[test]
fn what_was_let_go_does_not_come_again_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    caller.subscribe("leased", FILTER);
    caller.publish("/writer/1", "1");
    let first = pick_up(&caller, None).unwrap();
    let released = token(&first).expect("a lease");
    let reply = caller.post("ACK", &[("client", "leased"), ("ack", &released)]);
    assert_eq!(reply.status, 200, "{reply:?}");
    caller.publish("/writer/1", "2");
    broker.kill();

    let broker = Broker::start(folder.path());
    let second = messages(&pick_up(&broker.caller(), None).unwrap());
    assert_eq!(second.len(), 1, "{second:?}");
    assert!(
        matches!(&second[0], Event::Saw { number: 2, .. }),
        "{second:?}"
    );
}
