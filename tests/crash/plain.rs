//! A subscriber with plain pickups.

use moustique_tests::Broker;
use moustique_tests::history::{Delivery, assert_kept};
use moustique_tests::load::{FILTER, check_values, collect, observe};

use crate::kills;

#[test]
fn nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    Broker::start(folder.path())
        .caller()
        .subscribe("plain", FILTER);

    let (written, mut history) =
        kills::run(folder.path(), |caller, gone| observe(caller, gone, "plain"));

    let broker = Broker::start(folder.path());
    check_values(&broker.caller(), &written);
    history.extend(collect(&broker.caller(), "plain"));
    assert_kept(&written, &history, Delivery::Once);
    kills::report("plain pickups", &written);
}
