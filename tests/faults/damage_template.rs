//! What is to be damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use moustique_tests::{Broker, Caller};

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
    /// The most part lies in the database alone, the last part in the
    /// write-ahead log, too.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut published = Vec::new();
        let mut publish = |caller: &Caller, round: u64| {
            // The last values of the others are in the database alone.
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
        let broker = Broker::start(folder.path());
        publish(&broker.caller(), ROUNDS - 1);
        broker.kill();
        Self { folder, published }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("moustique.db")
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
