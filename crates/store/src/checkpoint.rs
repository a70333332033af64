//! Moving the write-ahead log into the database, beside the writer.
//!
//! SQLite's own automatic checkpoint runs inside a commit and stalls it for
//! tens of milliseconds. A second connection on its own thread does the same
//! work while the writer goes on, and by its syncs bounds what a power cut can
//! take to the time between two rounds.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};

use crate::location::BUSY;

/// The pause between two rounds while there is something to move.
const PAUSE: Duration = Duration::from_millis(100);

/// The time that the writer has to begin a long one anew: it cannot while a
/// round is under way.
const WRITERS_TURN: Duration = Duration::from_millis(10);

/// The write-ahead log is long when it has more pages than this. 64 MiB.
const LONG_PAGES: u64 = 64 * 1024 * 1024 / 4096;

/// A long one is begun anew when no more pages than this are left to move ...
const LITTLE_PAGES: u64 = 128;

/// ... and one for each so many pages that it is longer: nothing can be stored
/// meanwhile, which takes some milliseconds for a hundred scattered pages, but a
/// log that never gets there must not grow for ever, either.
const PAGES_PER_PAGE: u64 = 16;

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
        let too_long = self.pages.saturating_sub(LONG_PAGES);
        self.is_long() && behind <= LITTLE_PAGES + too_long / PAGES_PER_PAGE
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
    restarted: bool,
    stop: bool,
}

/// The thread that moves pages. Dropping it waits for its last round.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Begins to move what `writer` writes, on a connection of its own to the
    /// database in `file`.
    pub(crate) fn start(
        connection: Connection,
        file: Arc<File>,
        writer: &mut Connection,
    ) -> rusqlite::Result<Self> {
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
                move || run(&connection, &file, &shared)
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
    /// write-ahead log anew. Does nothing while a round is under way or somebody
    /// reads from the log: nobody who publishes waits for a reader.
    pub(crate) fn restart(&self, writer: &Connection) -> rusqlite::Result<()> {
        writer.busy_timeout(Duration::ZERO)?;
        let progress = checkpoint(writer, "RESTART");
        writer.busy_timeout(BUSY)?;
        if !progress?.is_busy {
            self.shared.pages.store(0, Ordering::Relaxed);
            lock(&self.shared).restarted = true;
            self.shared.changed.notify_one();
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

fn run(connection: &Connection, file: &File, shared: &Shared) {
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
        signal.restarted = false;
        drop(signal);
        let has_moved = match round(connection, file, shared) {
            Ok(has_moved) => has_moved,
            // The writer is at it: the next round comes soon enough.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                lock(shared).dirty = true;
                false
            }
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log cannot be moved");
                false
            }
        };
        let progress = shared.progress();
        let pause = match (progress.is_to_be_restarted(), progress.is_long()) {
            (true, _) => WRITERS_TURN,
            // The shorter a round, the less is left to move after it.
            (false, true) if has_moved => continue,
            (false, _) => PAUSE,
        };
        let signal = lock(shared);
        let (signal, _) = shared
            .changed
            .wait_timeout_while(signal, pause, |signal| !signal.stop && !signal.restarted)
            .unwrap_or_else(PoisonError::into_inner);
        drop(signal);
    }
}

/// Moves what is there, and says whether that was anything.
///
/// SQLite syncs the database only when all of the write-ahead log is moved, which
/// under load is when the writer begins it anew: then the writer would wait for
/// the disk to write all of it. So a long one is synced here, round by round.
fn round(connection: &Connection, file: &File, shared: &Shared) -> rusqlite::Result<bool> {
    let progress = checkpoint(connection, "PASSIVE")?;
    let has_moved = progress.moved != shared.moved.load(Ordering::Relaxed);
    if progress.is_long()
        && has_moved
        && let Err(error) = file.sync_data()
    {
        // Nothing is believed to be on the disk for it: SQLite syncs, too.
        tracing::warn!(%error, "the database cannot be synced");
    }
    shared.moved.store(progress.moved, Ordering::Relaxed);
    Ok(has_moved)
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

/// Moves all of the write-ahead log and leaves an empty file.
pub(crate) fn begin_anew(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::durability::Durability;
    use crate::location::Location;

    #[test]
    fn the_writer_does_not_wait_for_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let file = File::create(&path).unwrap();
        let location = Location::file(&path, file.try_clone().unwrap());
        let mut writer = location.connect().unwrap();
        Durability::Process.prepare(&writer).unwrap();
        writer.execute_batch("CREATE TABLE t (x)").unwrap();
        let other = location.connect().unwrap();
        let checkpointer = Checkpointer::start(other, Arc::new(file), &mut writer).unwrap();
        let reader = location.connect().unwrap();
        reader
            .execute_batch("BEGIN; SELECT count(*) FROM t;")
            .unwrap();
        writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        let long = checkpointer.progress().pages;
        assert!(long > 0);

        let begun = Instant::now();
        checkpointer.restart(&writer).unwrap();
        assert!(begun.elapsed() < BUSY);
        assert_eq!(checkpointer.progress().pages, long);

        reader.execute_batch("COMMIT").unwrap();
        checkpointer.restart(&writer).unwrap();
        assert_eq!(checkpointer.progress().pages, 0);
    }

    #[test]
    fn the_longer_the_log_the_more_is_left_to_the_writer() {
        let is_due = |pages, behind| {
            let progress = Progress {
                pages,
                moved: pages - behind,
                is_busy: false,
            };
            progress.is_to_be_restarted()
        };
        assert!(!is_due(LONG_PAGES, 0), "it is not long yet");
        assert!(is_due(LONG_PAGES + 1, LITTLE_PAGES));
        assert!(!is_due(LONG_PAGES + 1, LITTLE_PAGES + 1));
        assert!(is_due(2 * LONG_PAGES, LONG_PAGES / PAGES_PER_PAGE));
    }
}
