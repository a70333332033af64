//! Databases to measure on.

use std::error::Error;
use std::fs;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use moustique_core::{
    Change, Keep, Limits, Logged, Message, MessageId, MessageKind, PolicyId, PublisherName,
    Retention, RunTime, Timestamp, Topic,
};
use moustique_store::{Options, Store};
use tempfile::TempDir;

use crate::store::PAYLOAD_BYTES;

/// Messages in one transaction.
const BATCH: u64 = 1_000;

/// How long the broker had run when the database was closed, every message
/// being of its first moment.
pub(crate) const AGE: Duration = Duration::from_secs(60 * 60);

/// A database in a folder that goes with it.
#[derive(Debug)]
pub(crate) struct Seed {
    folder: TempDir,
    pub(crate) messages: u64,
    pub(crate) topics: u64,
}

impl Seed {
    /// A closed database with so many messages, the topics taking turns.
    pub(crate) fn fill(messages: u64, topics: u64) -> Result<Self, Box<dyn Error>> {
        let seed = Self {
            folder: tempfile::tempdir()?,
            messages,
            topics,
        };
        let mut store = Store::open(&seed.path(), keep_all())?;
        for first in (1..=messages).step_by(BATCH as usize) {
            let last = messages.min(first + BATCH - 1);
            store.commit(&self::messages(first..=last, topics)?)?;
        }
        store.close(RunTime::default() + AGE)?;
        Ok(seed)
    }

    /// The same database in another folder.
    pub(crate) fn copy(&self) -> Result<Self, Box<dyn Error>> {
        let copy = Self {
            folder: tempfile::tempdir()?,
            ..*self
        };
        fs::copy(self.path(), copy.path())?;
        Ok(copy)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("moustique.db")
    }

    /// The folder alone: nothing else may use the database any more.
    pub(crate) fn into_folder(self) -> TempDir {
        self.folder
    }
}

/// Messages with these ids, the topics taking turns.
pub(crate) fn messages(
    ids: RangeInclusive<u64>,
    topics: u64,
) -> Result<Vec<Change>, Box<dyn Error>> {
    let from = PublisherName::parse("esp32", &Limits::default())?;
    let payload: Arc<str> = "x".repeat(PAYLOAD_BYTES).into();
    ids.map(|id| Ok(logged(id, topic(id % topics)?, &payload, &from)))
        .collect()
}

/// A topic as a house would have it.
pub(crate) fn topic(number: u64) -> Result<Topic, Box<dyn Error>> {
    let (room, sensor) = (number % 100, number / 100);
    let text = format!("/home/room-{room}/sensor-{sensor}/temperature");
    Ok(Topic::parse(&text, &Limits::default())?)
}

/// Options with which nothing is pruned.
pub(crate) fn keep_all() -> Options {
    keep(Keep {
        age: Duration::MAX,
        messages: u64::MAX,
        bytes: u64::MAX,
        values: None,
    })
}

/// Options with which every seeded message is too old, and nothing else.
pub(crate) fn keep_none_seeded() -> Options {
    keep(Keep {
        age: AGE / 2,
        messages: u64::MAX,
        bytes: u64::MAX,
        values: None,
    })
}

fn keep(default: Keep) -> Options {
    Options {
        retention: Retention {
            default,
            policies: Vec::new(),
            total_bytes: u64::MAX,
        },
        ..Options::default()
    }
}

fn logged(id: u64, topic: Topic, payload: &Arc<str>, from: &PublisherName) -> Change {
    let message = Message {
        id: MessageId(id),
        time: Timestamp(0),
        taken: RunTime::default(),
        topic,
        payload: Arc::clone(payload),
        from: Some(from.clone()),
        address: Ipv4Addr::LOCALHOST.into(),
        updated_time: 0,
        kind: MessageKind::Published,
    };
    Change::Logged(Logged {
        message: Arc::new(message),
        repeat_id: None,
        policy: PolicyId::default(),
    })
}
