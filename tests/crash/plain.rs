//! A subscriber with plain pickups.

use std::sync::atomic::Ordering;

use moustique_tests::history::{Delivery, Event, faults};
use moustique_tests::{Broker, Caller};

use crate::load::{self, FILTER, Gone};
use crate::subscriber::messages;

/// Picks up until the broker is gone, and confirms each reply by a write that
/// is acknowledged after it (`moustique_tests::history` says what for).
fn observe(caller: &Caller, gone: &Gone) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        let picked = caller.try_post("PICKUP", &[("client", "plain"), ("wait", "1")]);
        let Ok(reply) = picked else { break };
        seen.extend(messages(&reply));
        let confirmed = caller.try_post("PUTVAL", &[("valname", "/observer"), ("val", "read")]);
        let Ok(reply) = confirmed else { break };
        assert_eq!(reply.status, 200, "{reply:?}");
        seen.push(Event::Confirmed);
    }
    assert!(gone.load(Ordering::SeqCst), "an error before the kill");
    seen
}

#[test]
fn nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    Broker::start(folder.path())
        .caller()
        .subscribe("plain", FILTER);

    let (written, mut history) = load::run(folder.path(), observe);

    let broker = Broker::start(folder.path());
    loop {
        let reply = broker.caller().post("PICKUP", &[("client", "plain")]);
        let rest = messages(&reply);
        if rest.is_empty() {
            break;
        }
        history.extend(rest);
    }
    assert_eq!(faults(&written, &history, Delivery::Once), []);
}
