//! Moving the write-ahead log into the database, beside the writer.
//!
//! SQLite's own automatic checkpoint runs inside a commit and stalls it for
//! tens of milliseconds. A second connection on its own thread does the same
//! work while the writer goes on, and by its syncs bounds what a power cut can
//! take to the time between two rounds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::location::Location;

/// The pause between two rounds while there is something to move.
const PAUSE: Duration = Duration::from_millis(100);

/// How a round went, in pages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Pages in the write-ahead log.
    pub(crate) pages: u64,
    /// Pages of it that the database does not have yet.
    pub(crate) behind: u64,
}

#[derive(Debug, Default)]
struct Shared {
    signal: Mutex<Signal>,
    changed: Condvar,
    pages: AtomicU64,
    behind: AtomicU64,
}

#[derive(Debug, Default)]
struct Signal {
    dirty: bool,
    stop: bool,
}

/// The thread that moves pages. Dropping it waits for its last round.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(crate) fn start(location: &Location) -> rusqlite::Result<Self> {
        let connection = location.connect()?;
        connection.busy_timeout(Duration::ZERO)?;
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new()
            .name("checkpoint".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || run(&connection, &shared)
            })
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Says that something was committed.
    pub(crate) fn notify(&self) {
        let mut signal = lock(&self.shared);
        if !signal.dirty {
            signal.dirty = true;
            self.shared.changed.notify_one();
        }
    }

    /// How the last round went.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            pages: self.shared.pages.load(Ordering::Relaxed),
            behind: self.shared.behind.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        lock(&self.shared).stop = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Signal> {
    shared.signal.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(connection: &Connection, shared: &Shared) {
    loop {
        let signal = lock(shared);
        let mut signal = shared
            .changed
            .wait_while(signal, |signal| !signal.dirty && !signal.stop)
            .unwrap_or_else(PoisonError::into_inner);
        if signal.stop {
            return;
        }
        signal.dirty = false;
        drop(signal);
        match checkpoint(connection, "PASSIVE") {
            Ok(progress) => {
                shared.pages.store(progress.pages, Ordering::Relaxed);
                shared.behind.store(progress.behind, Ordering::Relaxed);
            }
            // The writer is at it: the next round comes soon enough.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                lock(shared).dirty = true;
            }
            Err(error) => tracing::warn!(%error, "the write-ahead log cannot be moved"),
        }
        let signal = lock(shared);
        let (signal, _) = shared
            .changed
            .wait_timeout_while(signal, PAUSE, |signal| !signal.stop)
            .unwrap_or_else(PoisonError::into_inner);
        drop(signal);
    }
}

/// Runs `PRAGMA wal_checkpoint` in the given mode.
pub(crate) fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Progress> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        // -1 where there is no write-ahead log.
        let pages = row.get::<_, i64>(1)?.try_into().unwrap_or(0_u64);
        let moved = row.get::<_, i64>(2)?.try_into().unwrap_or(0_u64);
        Ok(Progress {
            pages,
            behind: pages.saturating_sub(moved),
        })
    })
}
