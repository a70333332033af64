//! From a file to a running broker.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use moustique_core::{MessageId, State};
use moustique_store::{OpenError, Rescued, Space, Store, rescue, set_aside};
use tokio::sync::mpsc;

use crate::broker::{Broker, Options};
use crate::clock::Clock;
use crate::maintenance;
use crate::publishers;
use crate::sequencer::{QUEUE_ORDERS, Sequencer};
use crate::shared::Shared;

/// What was done about damage.
#[derive(Clone, Debug)]
pub enum Repair {
    /// The database was damaged: a new one was begun.
    Begun {
        /// What was wrong with the old one.
        damage: String,
        /// Where that is kept now.
        aside: PathBuf,
        /// What could be brought over into the new one.
        rescued: Rescued,
    },
    /// The write-ahead log was damaged: what had been written behind the damage is
    /// lost, and the database is as it was before that.
    Cut {
        /// Where a copy of the log is kept.
        aside: PathBuf,
    },
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun {
                damage,
                aside,
                rescued,
            } => write!(
                f,
                "{damage}; it is kept as {}, and {rescued} could be brought over from it into \
                 a new one",
                aside.display(),
            ),
            Self::Cut { aside } => write!(
                f,
                "the write-ahead log was damaged, and what had been written behind the damage \
                 is lost; a copy is kept as {}",
                aside.display()
            ),
        }
    }
}

impl Broker {
    /// Opens the database and starts the broker. A damaged database is set
    /// aside, and what can be read of it is brought over into a new one.
    ///
    /// Reads the disk for up to some seconds: call it off the async threads,
    /// but within a runtime, which the maintenance is spawned on.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub fn open(
        path: &Path,
        store: moustique_store::Options,
        options: Options,
    ) -> Result<(Self, Option<Repair>), OpenError> {
        let start = || {
            let store = Store::open(path, store.clone())?;
            let aside = store.cut_log().map(Path::to_owned);
            let broker = Self::start(store, options.clone())?;
            Ok((broker, aside.map(|aside| Repair::Cut { aside })))
        };
        let started = match start() {
            // A read that the disk refused once looks like damage, too.
            Err(OpenError::Damaged { .. }) => start(),
            started => started,
        };
        let damage = match started {
            Ok(started) => return Ok(started),
            Err(damage @ OpenError::Damaged { .. }) => damage.to_string(),
            Err(other) => return Err(other),
        };
        let aside = set_aside(path)?;
        let mut store = Store::open(path, store.clone())?;
        let rescued = rescue(&aside, &mut store).unwrap_or_else(|error| {
            tracing::error!(%error, "nothing could be brought over from the damaged database");
            Rescued::default()
        });
        let repair = Repair::Begun {
            damage,
            aside,
            rescued,
        };
        Ok((Self::start(store, options)?, Some(repair)))
    }

    /// Loads everything from the store and starts the sequencer. When this
    /// returns, all that was stored before is there. As [`Broker::open`], it
    /// reads the disk.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn start(mut store: Store, options: Options) -> Result<Self, OpenError> {
        let loaded = store.load()?;
        let clock = Clock::start(loaded.run);
        let unsettled = loaded
            .clients
            .iter()
            .map(|client| client.settled.wholly_up_to())
            .min();
        let retention = store.retention().clone();
        let mut state = State::new(options.limits, retention, loaded, clock.now());
        if let Some(after) = unsettled {
            replay(&mut store, &mut state, after)?;
        }
        let space = store.space().unwrap_or_else(|error| {
            tracing::warn!(%error, "the size of the database is not known");
            Space::default()
        });
        let (orders, taken) = mpsc::channel(QUEUE_ORDERS);
        let interval = options.maintenance_interval;
        let shared = Arc::new(Shared::new(clock, state, store.reader(), space, interval));
        let sequencer = Sequencer::new(store, Arc::clone(&shared), taken);
        thread::Builder::new()
            .name("sequencer".into())
            .spawn(move || sequencer.run())
            .map_err(|source| OpenError::Files {
                path: "the sequencer's thread".into(),
                source,
            })?;
        tokio::spawn(publishers::follow(Arc::downgrade(&shared)));
        tokio::spawn(maintenance::run(
            Arc::downgrade(&shared),
            orders.downgrade(),
            shared.maintenance_interval.subscribe(),
        ));
        Ok(Self::from_parts(shared, orders))
    }
}

fn replay(store: &mut Store, state: &mut State, after: MessageId) -> Result<(), OpenError> {
    store.replay(after, |message| state.replay(&Arc::new(message)))
}
