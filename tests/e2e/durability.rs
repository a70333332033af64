//! What survives, by the configuration.

use moustique_tests::{Broker, Setup, integrity};

fn setup(durability: &str) -> Setup {
    Setup {
        more: format!("database:\n  durability: {durability}\n"),
        ..Setup::default()
    }
}

#[test]
fn what_is_acknowledged_survives_a_kill_unless_it_is_in_memory_alone() {
    for (durability, expected) in [
        ("memory", None),
        ("process", Some("kept")),
        ("power", Some("kept")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let broker = Broker::start_with(folder.path(), &setup(durability));
        broker.caller().publish("/t", "kept");
        broker.kill();
        let database = folder.path().join("moustique.db");
        assert_eq!(database.exists(), expected.is_some(), "{durability}");
        if expected.is_some() {
            assert_eq!(integrity(&database), "ok");
        }
        let broker = Broker::start_with(folder.path(), &setup(durability));
        let value = broker.caller().value("/t");
        assert_eq!(value.as_deref(), expected, "{durability}");
    }
}

#[test]
fn the_log_is_pruned_by_its_policies_and_what_waits_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: "retention:\n  default:\n    messages: 100\n  policies:\n    \
               - filter: /few/#\n      messages: 10\n"
            .into(),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    for number in 0..300 {
        broker.caller().publish("/many", &number.to_string());
        broker.caller().publish("/few/a", &number.to_string());
    }
    broker.caller().subscribe("slow", "/few/#");
    for number in 300..400 {
        broker.caller().publish("/few/a", &number.to_string());
    }
    broker.kill();
    let rows = rusqlite::Connection::open(folder.path().join("moustique.db")).unwrap();
    let count = |topic: &str| -> i64 {
        let sql = "SELECT count(*) FROM messages WHERE topic = ?1";
        rows.query_row(sql, [topic], |row| row.get(0)).unwrap()
    };
    // A quarter more may stay until there is a quiet moment.
    assert!(count("/many") <= 125, "{} are kept", count("/many"));
    let few = count("/few/a");
    assert!((100..=113).contains(&few), "{few} are kept");
    drop(rows);
    let broker = Broker::start_with(folder.path(), &setup);
    let picked = broker.caller().pickup("slow", "0");
    assert_eq!(picked["/few/#"].as_array().unwrap().len(), 100);
}
