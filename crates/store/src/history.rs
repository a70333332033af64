//! Reading the log beside the writer.

use std::path::PathBuf;

use moustique_core::{Message, MessageId, Topic};
use rusqlite::{Connection, params};

use crate::error::ReadError;
use crate::location::Location;
use crate::row;

/// Messages read at a time at most.
pub const MAX_HISTORY: usize = 1_000;

/// Which part of a topic's messages is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The first ones after this message, oldest first.
    After(MessageId),
    /// The last ones before this message, newest first.
    Before(MessageId),
}

/// Reads the log on connections of its own, so that the writer never waits for
/// a reader. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct Reader {
    location: Location,
}

impl Reader {
    pub(crate) fn new(location: Location) -> Self {
        Self { location }
    }

    /// Messages of a topic, tombstones included, at most `limit` and at most
    /// [`MAX_HISTORY`]. Reads the disk.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn history(
        &self,
        topic: &Topic,
        span: Span,
        limit: usize,
    ) -> Result<Vec<Message>, ReadError> {
        self.read(topic, span, limit)
            .map_err(|error| ReadError::new(self.path(), error))
    }

    fn read(&self, topic: &Topic, span: Span, limit: usize) -> rusqlite::Result<Vec<Message>> {
        let connection = self.connect()?;
        let (comparison, order, id) = match span {
            Span::After(id) => (">", "ASC", id),
            Span::Before(id) => ("<", "DESC", id),
        };
        let sql = format!(
            "SELECT {} FROM messages INDEXED BY messages_by_topic
             WHERE topic = ?1 AND id {comparison} ?2 ORDER BY id {order} LIMIT ?3",
            row::MESSAGE
        );
        let limits = row::written();
        let mut statement = connection.prepare(&sql)?;
        let limit = limit.min(MAX_HISTORY).cast_signed();
        // An id beyond every other one stays positive.
        let id = i64::try_from(id.0).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![topic.as_str(), id, limit], |row| {
            row::message(row, &limits)
        })?;
        rows.collect()
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = self.location.connect()?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    fn path(&self) -> PathBuf {
        self.location.shown()
    }
}
