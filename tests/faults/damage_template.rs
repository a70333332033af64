//! What is to be damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use moustique_tests::{Broker, Caller, copy_files};
use rusqlite::Connection;

const DATABASE: &str = "moustique.db";

pub(crate) const TOPICS: u64 = 60;

/// What matches each topic.
pub(crate) const FILTER: &str = "/damage/#";

/// Publishes under each topic.
const ROUNDS: u64 = 4;

/// A data folder that a killed broker left behind.
pub(crate) struct Template {
    pub(crate) folder: tempfile::TempDir,
    /// What was acknowledged, in its order: topic and message.
    pub(crate) published: Vec<(String, String)>,
}

impl Template {
    /// The most part lies in the database, the last part in the write-ahead log
    /// alone.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut published = Vec::new();
        let mut publish = |caller: &Caller, round: u64| {
            // The last values of the others lie in the database.
            let step = if round == ROUNDS - 1 { 3 } else { 1 };
            for n in (0..TOPICS).step_by(step) {
                let topic = format!("/damage/{n}");
                let message = format!("message {round} of the topic {n}, {}", "#".repeat(150));
                caller.publish(&topic, &message);
                published.push((topic, message));
            }
        };
        let broker = Broker::start(folder.path());
        for client in ["one", "two", "three"] {
            broker.caller().subscribe(client, FILTER);
        }
        (0..ROUNDS - 1).for_each(|round| publish(&broker.caller(), round));
        broker.stop();
        let database = folder.path().join(DATABASE);
        let reader = hold_still(&database);
        let broker = Broker::start(folder.path());
        publish(&broker.caller(), ROUNDS - 1);
        broker.kill();
        // Before the reader goes: the last one to close a database moves its
        // write-ahead log.
        let folder = tempfile::tempdir().unwrap();
        let database = copy_files(&database, folder.path());
        drop(reader);
        let log = fs::metadata(database.with_extension("db-wal")).unwrap();
        assert!(log.len() > 0, "the last round is in the write-ahead log");
        Self { folder, published }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join(DATABASE)
    }

    pub(crate) fn topics(&self) -> BTreeSet<&str> {
        let topics = self.published.iter().map(|(topic, _)| topic.as_str());
        topics.collect()
    }

    /// Each topic's value as it was after the first publishes.
    pub(crate) fn values_after(&self, publishes: usize) -> BTreeMap<&str, &str> {
        let first = self.published.iter().take(publishes);
        first.map(|(t, m)| (t.as_str(), m.as_str())).collect()
    }
}

/// Reads, so that nothing of the write-ahead log can be moved into the database
/// while the reader is there. A log of which the database has a part already
/// would, when its end is missing, bring back pages that are older than others:
/// no harm that a broker could notice, and none that a kill can do.
fn hold_still(database: &Path) -> Connection {
    let reader = Connection::open(database).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let count = "SELECT count(*) FROM messages";
    let _: i64 = reader.query_row(count, [], |row| row.get(0)).unwrap();
    reader
}
