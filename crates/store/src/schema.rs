//! The tables, and how an older file becomes a current one.

use std::path::Path;

use moustique_core::{MessageId, Settled};
use rusqlite::{Connection, Transaction, params};

use crate::error::OpenError;
use crate::row;

/// "Mstq": marks the file as ours, so that a wrong path never harms another
/// program's data.
const APPLICATION_ID: i32 = 0x4d73_7471;

/// Step n takes a file from version n to n + 1. A step that has been released
/// is never changed.
const MIGRATIONS: &[Step] = &[
    Step::Sql(
        "
    CREATE TABLE messages (
        id           INTEGER PRIMARY KEY,
        time         INTEGER NOT NULL, -- milliseconds since 1970-01-01 UTC
        topic        TEXT    NOT NULL,
        payload      TEXT    NOT NULL,
        publisher    TEXT,
        address      TEXT    NOT NULL,
        updated_time INTEGER NOT NULL, -- seconds since 1970-01-01 UTC
        kind         INTEGER NOT NULL  -- 0 published, 1 put, 2 notified, 3 deleted
    ) STRICT;

    -- The last message of each topic, a copy of its own: the log is pruned.
    CREATE TABLE last_values (
        topic        TEXT    PRIMARY KEY,
        id           INTEGER NOT NULL,
        time         INTEGER NOT NULL,
        payload      TEXT    NOT NULL,
        publisher    TEXT,
        address      TEXT    NOT NULL,
        updated_time INTEGER NOT NULL,
        kind         INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE clients (
        name         TEXT    PRIMARY KEY,
        address      TEXT    NOT NULL,
        since        INTEGER NOT NULL, -- milliseconds since 1970-01-01 UTC
        picked_up_to INTEGER NOT NULL  -- a message id, or 0
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE subscriptions (
        client       TEXT    NOT NULL,
        filter       TEXT    NOT NULL,
        since_id     INTEGER NOT NULL, -- a message id, or 0
        PRIMARY KEY (client, filter)
    ) STRICT, WITHOUT ROWID;
",
    ),
    // Retention by policy, history by topic, repeats, checksums.
    Step::Sql(
        "
    -- Milliseconds that the broker had run: what a message ages by.
    ALTER TABLE messages ADD COLUMN taken     INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE messages ADD COLUMN repeat_id TEXT;
    ALTER TABLE messages ADD COLUMN policy    INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE messages ADD COLUMN bytes     INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE messages ADD COLUMN checksum  INTEGER NOT NULL DEFAULT 0;
    UPDATE messages SET bytes = octet_length(topic) + octet_length(payload)
        + ifnull(octet_length(publisher), 0);
    -- By topic within each 1,024 messages: see history.rs.
    CREATE INDEX messages_by_era ON messages (id >> 10, topic);
    CREATE INDEX messages_by_policy ON messages (policy, id, bytes);

    ALTER TABLE last_values ADD COLUMN taken    INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE last_values ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;

    ALTER TABLE clients RENAME COLUMN picked_up_to TO settled;
    ALTER TABLE clients       ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE subscriptions ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;

    -- The filters of the policies that `messages.policy` counts from 1.
    CREATE TABLE policies (
        id     INTEGER PRIMARY KEY,
        filter TEXT    NOT NULL
    ) STRICT;

    -- One row: how long the broker has run, where no message says so.
    CREATE TABLE clock (
        id  INTEGER PRIMARY KEY CHECK (id = 0),
        run INTEGER NOT NULL
    ) STRICT;
    INSERT INTO clock (id, run) VALUES (0, 0);
",
    ),
    Step::Code(stamp_checksums),
    // What a client has let go of behind an open lease.
    Step::Sql(
        "
    -- Messages up to `settled` that are not settled, such as '12-15 40-40'.
    ALTER TABLE clients ADD COLUMN exceptions TEXT NOT NULL DEFAULT '';
",
    ),
];

enum Step {
    Sql(&'static str),
    Code(fn(&Transaction<'_>) -> rusqlite::Result<()>),
}

/// The version that all steps together lead to.
const NEWEST: u32 = MIGRATIONS.len() as u32;

/// What kind of file this is.
struct Identity {
    version: u32,
    application: i32,
    is_empty: bool,
}

impl Identity {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok(Self {
            version: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
            application: connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
            is_empty: tables == 0,
        })
    }

    fn is_new(&self) -> bool {
        self.is_empty && self.version == 0 && self.application == 0
    }
}

/// Makes sure that the file is ours, and not from the future. It is only read.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let identity = Identity::read(connection)
        .map_err(|error| OpenError::from_sqlite(path.to_owned(), error))?;
    if !identity.is_new() && identity.application != APPLICATION_ID {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
            found: identity.application,
        });
    }
    if identity.version > NEWEST {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found: identity.version,
            known: NEWEST,
        });
    }
    Ok(())
}

/// Brings the file to the newest version, all steps or none. The file is ours:
/// see [`check`].
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let identity = Identity::read(connection)?;
    if identity.version == NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for step in MIGRATIONS.iter().skip(identity.version as usize) {
        match step {
            Step::Sql(sql) => transaction.execute_batch(sql)?,
            Step::Code(code) => code(&transaction)?,
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", NEWEST)?;
    transaction.commit()?;
    if !identity.is_new() {
        // An older file becomes one that gives space back.
        connection.execute_batch("VACUUM")?;
    }
    Ok(())
}

/// Gives rows that were written without a checksum the one of their content.
fn stamp_checksums(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    for table in ["messages", "last_values"] {
        let sql = format!("SELECT {}, rowid FROM {table}", row::MESSAGE);
        let update = format!("UPDATE {table} SET checksum = ?2 WHERE rowid = ?1");
        let (mut select, mut update) = (transaction.prepare(&sql)?, transaction.prepare(&update)?);
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let message = row::unverified_message(row, &row::written())?;
            update.execute(params![
                row.get::<_, i64>(10)?,
                row::message_checksum(&message, &row.get::<_, String>(6)?)
            ])?;
        }
    }
    let mut select = transaction.prepare("SELECT name, address, since, settled FROM clients")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (name, address) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let settled = Settled::up_to(MessageId(row::unsigned(row, 3)?));
        let checksum = row::client_checksum(&name, &address, row.get(2)?, &settled);
        transaction.execute(
            "UPDATE clients SET checksum = ?2 WHERE name = ?1",
            params![name, checksum],
        )?;
    }
    let mut select = transaction.prepare("SELECT client, filter, since_id FROM subscriptions")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (client, filter) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let checksum = row::subscription_checksum(&client, &filter, row.get(2)?);
        transaction.execute(
            "UPDATE subscriptions SET checksum = ?3 WHERE client = ?1 AND filter = ?2",
            params![client, filter, checksum],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linked_sqlite_has_the_fix_of_the_wal_reset_fault() {
        assert!(
            rusqlite::version_number() >= 3_051_003,
            "linked SQLite is {}, at least 3.51.3 is needed",
            rusqlite::version()
        );
    }

    #[test]
    fn a_foreign_database_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        let error = check(&connection, Path::new("theirs.db")).unwrap_err();
        assert!(
            matches!(error, OpenError::Foreign { found: 0, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = check(&connection, Path::new("ours.db")).unwrap_err();
        assert!(
            matches!(error, OpenError::Newer { found: 99, .. }),
            "{error}"
        );
    }
}
