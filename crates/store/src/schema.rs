//! The tables, and how an older file becomes a current one.

use std::path::Path;

use rusqlite::Connection;

use crate::error::OpenError;

/// "Mstq": marks the file as ours, so that a wrong path never harms another
/// program's data.
const APPLICATION_ID: i32 = 0x4d73_7471;

/// Step n takes a file from version n to n + 1. A step that has been released
/// is never changed.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE messages (
        id           INTEGER PRIMARY KEY,
        time         INTEGER NOT NULL, -- milliseconds since 1970-01-01 UTC
        topic        TEXT    NOT NULL,
        payload      TEXT    NOT NULL,
        publisher    TEXT,
        address      TEXT    NOT NULL,
        updated_time INTEGER NOT NULL, -- seconds since 1970-01-01 UTC
        kind         INTEGER NOT NULL  -- 0 published, 1 put
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
"];

/// The version that all steps together lead to.
const NEWEST: u32 = MIGRATIONS.len() as u32;

/// Brings the file to the newest version, all steps or none.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let sqlite = |source| OpenError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let version: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sqlite)?;
    let application: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(sqlite)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(sqlite)?;
    let is_new = application == 0 && version == 0 && tables == 0;
    if !is_new && application != APPLICATION_ID {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
            found: application,
        });
    }
    if version > NEWEST {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found: version,
            known: NEWEST,
        });
    }
    if version == NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction().map_err(sqlite)?;
    for step in MIGRATIONS.iter().skip(version as usize) {
        transaction.execute_batch(step).map_err(sqlite)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(sqlite)?;
    transaction
        .pragma_update(None, "user_version", NEWEST)
        .map_err(sqlite)?;
    transaction.commit().map_err(sqlite)
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
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        let error = migrate(&mut connection, Path::new("theirs.db")).unwrap_err();
        assert!(
            matches!(error, OpenError::Foreign { found: 0, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("ours.db")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection, Path::new("ours.db")).unwrap_err();
        assert!(
            matches!(error, OpenError::Newer { found: 99, .. }),
            "{error}"
        );
    }
}
