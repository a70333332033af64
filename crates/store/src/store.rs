//! The one writer of the log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use moustique_core::{Change, Loaded, Logged, Message, MessageId, Retention, RunTime};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::checkpoint::{self, Checkpointer};
use crate::durability::Durability;
use crate::error::{CommitError, OpenError};
use crate::history::Reader;
use crate::location::Location;
use crate::pace::Pace;
use crate::prune::{Pages, Protected, Pruned, Round};
use crate::usage::{Space, Usage};
use crate::{files, load, schema, wal, write};

/// Statements kept prepared.
const STATEMENTS: usize = 32;

/// How the store is run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What an acknowledgement is worth.
    pub durability: Durability,
    /// What stays in the log.
    pub retention: Retention,
}

/// The log and its views in one SQLite file, open for this process alone.
#[derive(Debug)]
pub struct Store {
    location: Location,
    options: Options,
    /// `None` after a failed write: it is opened anew by the next one.
    open: Option<Open>,
    /// The last message that is stored as far as its publisher was told.
    last: MessageId,
    usage: Usage,
    round: Round,
    pace: Pace,
    /// Where a write-ahead log is kept that was damaged when the store was opened.
    cut_log: Option<PathBuf>,
    /// Keeps a database in memory alive while it is opened anew.
    _anchor: Option<Connection>,
    _lock: Option<File>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// None for a database in memory.
    checkpointer: Option<Checkpointer>,
}

impl Store {
    /// Opens the database, or makes it, and brings it to the newest schema.
    /// With [`Durability::Memory`] the file is neither read nor made.
    ///
    /// # Errors
    /// When the file is in use, belongs to another program, was written by a
    /// newer version, is damaged or cannot be opened. It is unchanged then.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let (location, lock) = match options.durability {
            Durability::Memory => (Location::memory(), None),
            Durability::Process | Durability::Power => {
                let claim = files::claim(path)?;
                (Location::file(path, claim.database), Some(claim.lock))
            }
        };
        let sqlite = |error| OpenError::from_sqlite(location.shown(), error);
        let anchor = match &location {
            Location::Memory(_) => Some(location.connect().map_err(sqlite)?),
            Location::File { .. } => None,
        };
        // Before SQLite looks at it, and forgets what it cannot read.
        let cut_log = match &lock {
            Some(_) => keep_cut_log(path)?,
            None => None,
        };
        // Looked at before anything is written to it.
        let mut connection = location.connect().map_err(sqlite)?;
        schema::check(&connection, path)?;
        let is_suspect = cut_log.is_some() || files::is_suspect(path);
        if is_suspect && lock.is_some() {
            check_integrity(&connection, path)?;
        }
        options.durability.prepare(&connection).map_err(sqlite)?;
        schema::migrate(&mut connection).map_err(sqlite)?;
        if cut_log.is_some() {
            // What is behind the damage must not stay in the file: the next start
            // would find it behind what is written now.
            checkpoint::begin_anew(&connection).map_err(sqlite)?;
        }
        let usage = Usage::load(&mut connection, &options.retention).map_err(sqlite)?;
        if lock.is_some() {
            files::clear_suspicion(path);
        }
        let last = load::last_id(&connection).map_err(sqlite)?;
        let open = Open::new(connection, &location).map_err(sqlite)?;
        Ok(Self {
            open: Some(open),
            last,
            location,
            options,
            usage,
            round: Round::default(),
            pace: Pace::default(),
            cut_log,
            _anchor: anchor,
            _lock: lock,
        })
    }

    /// Where the write-ahead log is kept that was damaged when the store was opened,
    /// if it was: what had been written behind the damage is lost.
    #[must_use]
    pub fn cut_log(&self) -> Option<&Path> {
        self.cut_log.as_deref()
    }

    /// Reads everything a start needs but the messages of the log.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn load(&mut self) -> Result<Loaded, OpenError> {
        self.read(load::load)
    }

    /// Calls `each` with the messages after `after`, oldest first.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn replay(&mut self, after: MessageId, each: impl FnMut(Message)) -> Result<(), OpenError> {
        self.read(|connection| load::replay(connection, after, each))
    }

    /// A reader of the log that works beside this writer.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.location.clone())
    }

    /// What stays in the log.
    #[must_use]
    pub fn retention(&self) -> &Retention {
        &self.options.retention
    }

    /// Replaces what stays in the log, from the next step of pruning on, as far
    /// as that can be done while its rows are numbered as they are: see
    /// [`Retention::adopt`].
    pub fn change_retention(&mut self, retention: Retention) {
        self.options.retention = self.options.retention.adopt(retention);
    }

    /// Writes the changes as one transaction.
    ///
    /// # Errors
    /// When they cannot be written: then nothing of them is stored. The database
    /// is opened anew, because a connection that met an error of the disk may
    /// report damage where there is none, and what a sync that failed has left
    /// behind is undone.
    pub fn commit(&mut self, changes: &[Change]) -> Result<(), CommitError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.write(|transaction| write::changes(transaction, changes))?;
        self.usage.add(changes);
        for change in changes {
            if let Change::Logged(logged) = change {
                self.last = logged.message.id;
            }
        }
        Ok(())
    }

    /// Whether there is so much more than is to be kept that [`Store::prune`]
    /// should not wait for a quiet moment.
    #[must_use]
    pub fn is_pressing(&self) -> bool {
        self.usage.is_pressing(&self.options.retention)
    }

    /// Begins a round of pruning, and notes how long the broker has run.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn begin_pruning(&mut self, now: RunTime) -> Result<(), CommitError> {
        self.round.begin();
        self.write(|transaction| note_run(transaction, now))
    }

    /// Writes something small: whether anything can be stored.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn check(&mut self, now: RunTime) -> Result<(), CommitError> {
        self.write(|transaction| note_run(transaction, now))
    }

    /// Does one step of the round that was begun: takes messages that are not
    /// to be kept off the log, at most a few hundred, or gives space back.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn prune(&mut self, now: RunTime, protected: Protected) -> Result<Pruned, CommitError> {
        if self.open.as_ref().is_some_and(Open::is_behind) {
            return Ok(Pruned::WAITS);
        }
        let begun = Instant::now();
        // Taken over only when the step is committed.
        let mut usage = self.usage.clone();
        let mut round = std::mem::take(&mut self.round);
        let retention = self.options.retention.clone();
        let messages = self.pace.messages();
        let pruned = self.write(|transaction| {
            round.step(
                transaction,
                &retention,
                &mut usage,
                now,
                protected,
                messages,
            )
        })?;
        (self.usage, self.round) = (usage, round);
        self.pace.note(begun.elapsed());
        Ok(pruned)
    }

    /// What the database takes.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn space(&mut self) -> Result<Space, CommitError> {
        let pages = self.opened().and_then(|open| Pages::read(&open.connection));
        let write_ahead = match &self.location {
            Location::File { path, .. } => files::write_ahead_bytes(path),
            Location::Memory(_) => 0,
        };
        Ok(self.usage.space(pages?, write_ahead))
    }

    /// Moves everything into the database file and closes it.
    ///
    /// # Errors
    /// When that cannot be done; what was committed is safe in the write-ahead
    /// log all the same.
    pub fn close(mut self, now: RunTime) -> Result<(), CommitError> {
        self.write(|transaction| note_run(transaction, now))?;
        let Some(Open {
            connection,
            checkpointer,
        }) = self.open.take()
        else {
            return Ok(());
        };
        if checkpointer.is_some() {
            drop(checkpointer);
            checkpoint::checkpoint(&connection, "TRUNCATE")?;
        }
        connection.close().map_err(|(_, error)| error.into())
    }

    /// Writes what was rescued of another database to this new one.
    pub(crate) fn rescue(
        &mut self,
        messages: &[Logged],
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), CommitError> {
        self.write(write)?;
        for logged in messages {
            self.usage.add_message(logged);
            self.last = self.last.max(logged.message.id);
        }
        Ok(())
    }

    fn read<T>(
        &mut self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, OpenError> {
        let path = self.location.shown();
        self.opened()
            .and_then(|open| query(&open.connection))
            .map_err(|error| OpenError::from_sqlite(path, error))
    }

    fn write<T>(
        &mut self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CommitError> {
        let result = self.opened().and_then(|open| {
            let transaction = open
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = write(&transaction)?;
            transaction.commit()?;
            open.after_commit();
            Ok(result)
        });
        if result.is_err() {
            self.open = None;
            // At once, because of what it undoes. If it fails, too, the next write
            // tries again.
            let _ = self.opened();
        }
        let result = result.map_err(CommitError::from);
        if let (Err(CommitError::Damaged(_)), Location::File { path, .. }) =
            (&result, &self.location)
        {
            files::suspect(path);
        }
        result
    }

    fn opened(&mut self) -> rusqlite::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let mut connection = self.location.connect()?;
                self.options.durability.prepare(&connection)?;
                write::undo_after(&mut connection, self.last)?;
                Open::new(connection, &self.location)?
            }
        };
        Ok(self.open.insert(open))
    }
}

impl Open {
    fn new(mut connection: Connection, location: &Location) -> rusqlite::Result<Self> {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let checkpointer = match location {
            Location::File { file, .. } => {
                let file = Arc::clone(file);
                let checkpointer = Checkpointer::start(location.connect()?, file, &mut connection)?;
                // What an earlier run left in the write-ahead log.
                checkpointer.notify();
                Some(checkpointer)
            }
            Location::Memory(_) => None,
        };
        Ok(Self {
            connection,
            checkpointer,
        })
    }

    /// Keeps the write-ahead log short. The batch is stored by now, so what
    /// fails here is only reported.
    fn after_commit(&self) {
        let Some(checkpointer) = &self.checkpointer else {
            return;
        };
        checkpointer.notify();
        if checkpointer.progress().is_to_be_restarted()
            && let Err(error) = checkpointer.restart(&self.connection)
        {
            tracing::warn!(%error, "the write-ahead log cannot be restarted");
        }
    }

    /// Whether the write-ahead log is so long that what can wait has to, until
    /// it is short again.
    fn is_behind(&self) -> bool {
        let is_long = || {
            let checkpointer = self.checkpointer.as_ref();
            checkpointer.is_some_and(|checkpointer| checkpointer.progress().is_long())
        };
        if !is_long() {
            return false;
        }
        // It may be that nobody commits anything else.
        self.after_commit();
        is_long()
    }
}

fn note_run(transaction: &Transaction<'_>, now: RunTime) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE clock SET run = ?1 WHERE id = 0 AND run < ?1")?
        .execute([now.0.cast_signed()])?;
    Ok(())
}

/// Reads the whole database. Done where damage was met, since it takes a second
/// for some hundred megabytes.
fn keep_cut_log(path: &Path) -> Result<Option<PathBuf>, OpenError> {
    let log = files::log(path);
    let is_cut = wal::is_cut(&log).map_err(|source| OpenError::Files { path: log, source })?;
    is_cut.then(|| files::keep_log(path)).transpose()
}

fn check_integrity(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| OpenError::from_sqlite(path.to_owned(), error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(OpenError::Damaged {
        path: path.to_owned(),
        what: found,
    })
}
