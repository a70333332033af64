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

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};

use crate::location::Location;

/// The pause between two rounds while there is something to move.
const PAUSE: Duration = Duration::from_millis(100);

/// The pause while there is much to move.
const SHORT_PAUSE: Duration = Duration::from_millis(10);

/// The write-ahead log is long when it has more pages than this. 64 MiB.
const LONG_PAGES: u64 = 64 * 1024 * 1024 / 4096;

/// A long one is begun anew when no more than this is left to move, so that it
/// takes a moment only ...
const LITTLE_PAGES: u64 = 2048;

/// ... or when it is longer than this all the same. 256 MiB.
const TOO_LONG_PAGES: u64 = 4 * LONG_PAGES;

/// How far the write-ahead log has got, in pages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Pages in the write-ahead log.
    pub(crate) pages: u64,
    /// Pages of it that the database has.
    moved: u64,
    /// Whether another connection kept this from being done.
    is_busy: bool,
}

impl Progress {
    /// Whether there should not be written more than needs to be.
    pub(crate) fn is_long(self) -> bool {
        self.pages > LONG_PAGES
    }

    /// Whether the writer should begin it anew.
    pub(crate) fn is_to_be_restarted(self) -> bool {
        let behind = self.pages.saturating_sub(self.moved);
        self.is_long() && (behind < LITTLE_PAGES || self.pages > TOO_LONG_PAGES)
    }
}

#[derive(Debug, Default)]
struct Shared {
    signal: Mutex<Signal>,
    changed: Condvar,
    /// As of the writer's last commit: a round's own count would be as old as
    /// the round, which is thousands of pages while the log is pruned.
    pages: AtomicU64,
    /// As of the last round.
    moved: AtomicU64,
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
    /// Begins to move what `writer` writes.
    pub(crate) fn start(location: &Location, writer: &mut Connection) -> rusqlite::Result<Self> {
        let connection = location.connect()?;
        connection.busy_timeout(Duration::ZERO)?;
        let shared = Arc::new(Shared::default());
        let counted = Arc::clone(&shared);
        writer.wal_hook(Some(move |_: &mut Wal, pages| {
            let pages = u64::try_from(pages).unwrap_or_default();
            counted.pages.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
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

    /// How far it has got.
    pub(crate) fn progress(&self) -> Progress {
        self.shared.progress()
    }

    /// Moves what is left, on the writer's connection, and begins the
    /// write-ahead log anew. Does nothing while a round is under way.
    pub(crate) fn restart(&self, writer: &Connection) -> rusqlite::Result<()> {
        if !checkpoint(writer, "RESTART")?.is_busy {
            self.shared.pages.store(0, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Shared {
    fn progress(&self) -> Progress {
        Progress {
            pages: self.pages.load(Ordering::Relaxed),
            moved: self.moved.load(Ordering::Relaxed),
            is_busy: false,
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
            Ok(progress) => shared.moved.store(progress.moved, Ordering::Relaxed),
            // The writer is at it: the next round comes soon enough.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                lock(shared).dirty = true;
            }
            Err(error) => tracing::warn!(%error, "the write-ahead log cannot be moved"),
        }
        let is_long = shared.progress().is_long();
        let pause = if is_long { SHORT_PAUSE } else { PAUSE };
        let signal = lock(shared);
        let (signal, _) = shared
            .changed
            .wait_timeout_while(signal, pause, |signal| !signal.stop)
            .unwrap_or_else(PoisonError::into_inner);
        drop(signal);
    }
}

/// Runs `PRAGMA wal_checkpoint` in the given mode.
pub(crate) fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Progress> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        // -1 where there is no write-ahead log.
        Ok(Progress {
            pages: row.get::<_, i64>(1)?.try_into().unwrap_or_default(),
            moved: row.get::<_, i64>(2)?.try_into().unwrap_or_default(),
            is_busy: row.get(0)?,
        })
    })
}
