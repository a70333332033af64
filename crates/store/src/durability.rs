//! What an acknowledgement is worth.

use rusqlite::Connection;

/// SQLite's number for a database whose unused pages are given back step by
/// step.
const INCREMENTAL: i64 = 2;

/// What survives what. A publish is answered when it is as safe as this says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Nothing is written to the disk: a stop forgets everything.
    Memory,
    /// What is acknowledged survives the death of the process at any moment.
    /// When the power fails, the last second may be lost.
    #[default]
    Process,
    /// What is acknowledged survives the failure of the power, too: the disk is
    /// asked to have it before the answer goes out.
    Power,
}

impl Durability {
    /// Sets up a connection that writes.
    pub(crate) fn prepare(self, connection: &Connection) -> rusqlite::Result<()> {
        // Has an effect before the first table, or with the next VACUUM. To set
        // it where it is set already would write to the file.
        let auto_vacuum: i64 =
            connection.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
        if auto_vacuum != INCREMENTAL {
            connection.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
        }
        match self {
            Self::Memory => {
                connection.pragma_update(None, "journal_mode", "MEMORY")?;
                return connection.pragma_update(None, "synchronous", "OFF");
            }
            Self::Process => {
                connection.pragma_update(None, "journal_mode", "WAL")?;
                connection.pragma_update(None, "synchronous", "NORMAL")?;
            }
            Self::Power => {
                connection.pragma_update(None, "journal_mode", "WAL")?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                // On macOS a plain sync only reaches the disk's own memory.
                connection.pragma_update(None, "fullfsync", true)?;
                connection.pragma_update(None, "checkpoint_fullfsync", true)?;
            }
        }
        connection.pragma_update(None, "wal_autocheckpoint", 0)
    }
}
