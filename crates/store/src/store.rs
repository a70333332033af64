//! The one writer of the log.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use moustique_core::{Change, Limits, Loaded, Message, MessageId, Timestamp};
use rusqlite::{Connection, Transaction, params};

use crate::checkpoint::{self, Checkpointer};
use crate::error::{CommitError, OpenError};
use crate::{files, load, row, schema};

/// The write-ahead log is restarted when it is longer than this. 64 MiB.
const WAL_PAGES: u64 = 64 * 1024 * 1024 / 4096;

/// ... and no more than this is left to move, so that it takes a moment only.
const WAL_PAGES_BEHIND: u64 = 1024;

/// Statements kept prepared.
const STATEMENTS: usize = 32;

/// Rows taken off the log in one step of [`Store::prune`].
const PRUNE_ROWS: u32 = 500;

/// What stays in the log.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Only messages after this one.
    pub after: MessageId,
    /// Only messages that are not older than this.
    pub since: Timestamp,
}

/// The log and its views in one SQLite file, open for this process alone.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    limits: Limits,
    /// `None` after a failed write: it is opened anew by the next one.
    open: Option<Open>,
    _lock: File,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    checkpointer: Checkpointer,
}

impl Store {
    /// Opens the database, or makes it, and brings it to the newest schema.
    ///
    /// # Errors
    /// When the file is in use, belongs to another program, was written by a
    /// newer version, or cannot be opened. It is unchanged then.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, OpenError> {
        let lock = files::claim(path)?;
        let mut open = Open::new(path).map_err(|source| OpenError::Sqlite {
            path: path.to_owned(),
            source,
        })?;
        schema::migrate(&mut open.connection, path)?;
        Ok(Self {
            path: path.to_owned(),
            limits: limits.clone(),
            open: Some(open),
            _lock: lock,
        })
    }

    /// Reads everything a start needs but the messages of the log.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn load(&mut self) -> Result<Loaded, OpenError> {
        let limits = self.limits.clone();
        self.read(|connection| load::load(connection, &limits))
    }

    /// Calls `each` with the messages after `after`, oldest first.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn replay(&mut self, after: MessageId, each: impl FnMut(Message)) -> Result<(), OpenError> {
        let limits = self.limits.clone();
        self.read(|connection| load::replay(connection, &limits, after, each))
    }

    /// Writes the changes as one transaction.
    ///
    /// # Errors
    /// When they cannot be written: then nothing of them is stored, and the
    /// next call opens the database anew, because a connection that met an
    /// error of the disk may report damage where there is none.
    pub fn commit(&mut self, changes: &[Change]) -> Result<(), CommitError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.write(|transaction| write_changes(transaction, changes))
    }

    /// Takes the oldest messages that are not to be kept off the log, at most
    /// a few hundred. True when there may be more.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn prune(&mut self, keep: Keep) -> Result<bool, CommitError> {
        let pruned = self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "DELETE FROM messages
                 WHERE id IN (SELECT id FROM messages ORDER BY id LIMIT ?1)
                   AND (id <= ?2 OR time < ?3)",
            )?;
            statement.execute(params![
                PRUNE_ROWS,
                keep.after.0.cast_signed(),
                keep.since.0
            ])
        })?;
        Ok(pruned == PRUNE_ROWS as usize)
    }

    /// Moves everything into the database file and closes it.
    ///
    /// # Errors
    /// When that cannot be done; what was committed is safe in the write-ahead
    /// log all the same.
    pub fn close(mut self) -> Result<(), CommitError> {
        let Some(Open {
            connection,
            checkpointer,
        }) = self.open.take()
        else {
            return Ok(());
        };
        drop(checkpointer);
        checkpoint::checkpoint(&connection, "TRUNCATE")?;
        connection.close().map_err(|(_, error)| error.into())
    }

    fn read<T>(
        &mut self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, OpenError> {
        let path = self.path.clone();
        let open = match self.opened() {
            Ok(open) => open,
            Err(source) => return Err(OpenError::Sqlite { path, source }),
        };
        query(&open.connection).map_err(|error| match error {
            rusqlite::Error::SqliteFailure(..) => OpenError::Sqlite {
                path,
                source: error,
            },
            other => OpenError::Damaged {
                path,
                what: other.to_string(),
            },
        })
    }

    fn write<T>(
        &mut self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CommitError> {
        let result = self.opened().and_then(|open| {
            let transaction = open.connection.transaction()?;
            let result = write(&transaction)?;
            transaction.commit()?;
            open.after_commit();
            Ok(result)
        });
        if result.is_err() {
            self.open = None;
        }
        Ok(result?)
    }

    fn opened(&mut self) -> rusqlite::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::new(&self.path)?,
        };
        Ok(self.open.insert(open))
    }
}

impl Open {
    fn new(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let checkpointer = Checkpointer::start(path)?;
        // What an earlier run left in the write-ahead log.
        checkpointer.notify();
        Ok(Self {
            connection,
            checkpointer,
        })
    }

    /// Keeps the write-ahead log short. The batch is stored by now, so what
    /// fails here is only reported.
    fn after_commit(&self) {
        self.checkpointer.notify();
        let progress = self.checkpointer.progress();
        if progress.pages > WAL_PAGES
            && progress.behind < WAL_PAGES_BEHIND
            && let Err(error) = checkpoint::checkpoint(&self.connection, "RESTART")
        {
            tracing::warn!(%error, "the write-ahead log cannot be restarted");
        }
    }
}

fn write_changes(transaction: &Transaction<'_>, changes: &[Change]) -> rusqlite::Result<()> {
    // Of several messages of a topic only the last one is its value.
    let mut values: HashMap<&str, &Message> = HashMap::new();
    for change in changes {
        match change {
            Change::Logged(message) => {
                insert_message(transaction, message)?;
                values.insert(message.topic.as_str(), message);
            }
            Change::Subscribed {
                client,
                filter,
                since,
                address,
                time,
            } => {
                transaction
                    .prepare_cached(
                        "INSERT INTO clients (name, address, since, picked_up_to)
                         VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO NOTHING",
                    )?
                    .execute(params![
                        client.as_str(),
                        address.to_string(),
                        time.0,
                        since.0.cast_signed()
                    ])?;
                transaction
                    .prepare_cached(
                        "INSERT INTO subscriptions (client, filter, since_id)
                         VALUES (?1, ?2, ?3) ON CONFLICT (client, filter) DO NOTHING",
                    )?
                    .execute(params![
                        client.as_str(),
                        filter.as_str(),
                        since.0.cast_signed()
                    ])?;
            }
            Change::PickedUp { client, up_to } => {
                transaction
                    .prepare_cached("UPDATE clients SET picked_up_to = ?2 WHERE name = ?1")?
                    .execute(params![client.as_str(), up_to.0.cast_signed()])?;
            }
            Change::Forgotten { client } => {
                transaction
                    .prepare_cached("DELETE FROM subscriptions WHERE client = ?1")?
                    .execute([client.as_str()])?;
                transaction
                    .prepare_cached("DELETE FROM clients WHERE name = ?1")?
                    .execute([client.as_str()])?;
            }
        }
    }
    for message in values.into_values() {
        upsert_value(transaction, message)?;
    }
    Ok(())
}

fn insert_message(transaction: &Transaction<'_>, message: &Message) -> rusqlite::Result<()> {
    write_message(
        transaction,
        "INSERT INTO messages
             (id, time, topic, payload, publisher, address, updated_time, kind)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        message,
    )
}

fn upsert_value(transaction: &Transaction<'_>, message: &Message) -> rusqlite::Result<()> {
    write_message(
        transaction,
        "INSERT INTO last_values
             (id, time, topic, payload, publisher, address, updated_time, kind)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (topic) DO UPDATE SET
             id = excluded.id, time = excluded.time, payload = excluded.payload,
             publisher = excluded.publisher, address = excluded.address,
             updated_time = excluded.updated_time, kind = excluded.kind",
        message,
    )
}

fn write_message(
    transaction: &Transaction<'_>,
    sql: &str,
    message: &Message,
) -> rusqlite::Result<()> {
    transaction.prepare_cached(sql)?.execute(params![
        message.id.0.cast_signed(),
        message.time.0,
        message.topic.as_str(),
        message.payload.as_ref(),
        message.from.as_ref().map(|name| name.as_str()),
        message.address.to_string(),
        message.updated_time,
        row::kind(message.kind),
    ])?;
    Ok(())
}
