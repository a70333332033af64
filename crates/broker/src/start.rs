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

/// What was done about a damaged database.
#[derive(Clone, Debug)]
pub struct Repair {
    /// What was wrong with it.
    pub damage: String,
    /// Where it is kept now.
    pub aside: PathBuf,
    /// What could be brought over into a new one.
    pub rescued: Rescued,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; it is kept as {}, and {} could be brought over from it into a new one",
            self.damage,
            self.aside.display(),
            self.rescued
        )
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
            let opened = Store::open(path, store.clone());
            opened.and_then(|store| Self::start(store, options.clone()))
        };
        let started = match start() {
            // A read that the disk refused once looks like damage, too.
            Err(OpenError::Damaged { .. }) => start(),
            started => started,
        };
        let damage = match started {
            Ok(broker) => return Ok((broker, None)),
            Err(damage @ OpenError::Damaged { .. }) => damage.to_string(),
            Err(other) => return Err(other),
        };
        let aside = set_aside(path)?;
        let mut store = Store::open(path, store.clone())?;
        let rescued = rescue(&aside, &mut store).unwrap_or_else(|error| {
            tracing::error!(%error, "nothing could be brought over from the damaged database");
            Rescued::default()
        });
        let repair = Repair {
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
        let unsettled = loaded.clients.iter().map(|client| client.settled).min();
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
        let shared = Arc::new(Shared::new(clock, state, store.reader(), space));
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
            options.maintenance_interval,
        ));
        Ok(Self::from_parts(shared, orders))
    }
}

fn replay(store: &mut Store, state: &mut State, after: MessageId) -> Result<(), OpenError> {
    store.replay(after, |message| state.replay(&Arc::new(message)))
}
