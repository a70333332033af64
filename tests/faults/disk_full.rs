//! A disk that becomes full, and room that comes back.

use std::time::{Duration, Instant};

use moustique_tests::{Broker, Caller, integrity};

use crate::ledger::Ledger;
use crate::small_disk::SmallDisk;

/// Bytes of a message: some hundreds fill the disk.
const MESSAGE: usize = 4096;

/// More publishes than the disk has room for.
const TOO_MANY: usize = 2_000;

/// The longest until writes succeed again once there is room.
const RECOVERY: Duration = Duration::from_secs(5);

/// The longest a stop may take.
const STOP: Duration = Duration::from_secs(6);

/// Publishes until the disk is full, and on: each is stored or refused.
fn fill(disk: &SmallDisk, caller: &Caller, ledger: &mut Ledger) {
    while ledger.refusals() == 0 {
        assert!(ledger.acknowledgements() < TOO_MANY, "it is never full");
        ledger.publish(caller);
    }
    for _ in 0..50 {
        let reply = ledger.publish(caller);
        if reply.status != 200 {
            disk.assert_says_full(&reply);
        }
    }
}

#[test]
fn nothing_is_acknowledged_without_room_and_writes_recover_with_it() {
    let disk = SmallDisk::new();
    let broker = Broker::start_with(disk.folder(), &disk.setup());
    let caller = broker.caller();
    caller.subscribe("reader", Ledger::FILTER);
    let mut ledger = Ledger::with_padding(MESSAGE);
    fill(&disk, &caller, &mut ledger);

    // Reads go on, and show nothing of what was refused.
    ledger.check(&caller);

    disk.make_room(Some(broker.pid()));
    let begun = Instant::now();
    while ledger.publish(&caller).status != 200 {
        assert!(begun.elapsed() < RECOVERY, "no recovery in {RECOVERY:?}");
    }
    for _ in 0..20 {
        assert_eq!(ledger.publish(&caller).status, 200);
    }
    ledger.check(&caller);
    let counts = (ledger.acknowledgements(), ledger.refusals());
    println!(
        "{counts:?} stored and refused, recovered in {:?}",
        begun.elapsed()
    );

    broker.kill();
    assert_eq!(integrity(&disk.database()), "ok");
    let broker = Broker::start_with(disk.folder(), &disk.roomy_setup());
    ledger.check(&broker.caller());
    ledger.check_pickups(&broker.caller(), "reader");
}

/// Whoever watches the broker is told what to do, and when it is done.
#[test]
fn it_is_not_ready_while_the_disk_is_full_and_ready_again_with_room() {
    let disk = SmallDisk::new();
    let broker = Broker::start_with(disk.folder(), &disk.setup());
    let caller = broker.caller();
    assert_eq!(caller.get("/readyz", &[]).status, 200);
    let mut ledger = Ledger::with_padding(MESSAGE);
    fill(&disk, &caller, &mut ledger);
    // What was found out before holds for a second.
    let begun = Instant::now();
    let refused = loop {
        let reply = caller.get("/readyz", &[]);
        if reply.status != 200 {
            break reply;
        }
        assert!(begun.elapsed() < RECOVERY, "it is ready without room");
        ledger.publish(&caller);
    };
    assert_eq!(refused.status, 503);
    let kind = refused.header("content-type");
    assert_eq!(kind, Some("application/problem+json"));
    disk.assert_says_what_to_do(&refused);
    // It lives all the same.
    assert_eq!(caller.get("/healthz", &[]).status, 200);

    disk.make_room(Some(broker.pid()));
    let begun = Instant::now();
    while caller.get("/readyz", &[]).status != 200 {
        assert!(begun.elapsed() < 2 * RECOVERY, "not ready in {RECOVERY:?}");
    }
    println!("ready again after {:?}", begun.elapsed());
    assert_eq!(ledger.publish(&caller).status, 200);
}

/// What waits can be picked up although it cannot be noted.
#[test]
fn pickups_go_on_while_the_disk_is_full() {
    let disk = SmallDisk::new();
    let broker = Broker::start_with(disk.folder(), &disk.setup());
    let caller = broker.caller();
    caller.subscribe("reader", Ledger::FILTER);
    let mut ledger = Ledger::with_padding(MESSAGE);
    fill(&disk, &caller, &mut ledger);
    ledger.check_pickups(&caller, "reader");
}

#[test]
fn a_stop_and_a_start_on_a_full_disk_end_in_time_and_lose_nothing() {
    let disk = SmallDisk::new();
    let mut broker = Broker::start_with(disk.folder(), &disk.setup());
    let mut ledger = Ledger::with_padding(MESSAGE);
    fill(&disk, &broker.caller(), &mut ledger);
    broker.signal("TERM");
    let ended = broker.wait_at_most(STOP);
    assert_eq!(ended.status.code(), Some(0), "{ended:#?}");

    match Broker::try_start(disk.folder(), &disk.setup()) {
        Ok(broker) => ledger.check(&broker.caller()),
        Err(ended) => {
            assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
            assert_eq!(ended.log.len(), 1, "{ended:#?}");
        }
    }

    disk.make_room(None);
    let broker = Broker::start_with(disk.folder(), &disk.roomy_setup());
    ledger.check(&broker.caller());
}
