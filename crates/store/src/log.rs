//! Reading the log message by message, whatever their topics.

use moustique_core::{Message, MessageId};
use rusqlite::params;

use crate::error::ReadError;
use crate::history::Reader;
use crate::row;

/// Messages of the log read at a time at most.
const PAGE_MESSAGES: usize = 1_000;

/// Bytes of them, but at least one message.
const PAGE_BYTES: usize = 2 * 1024 * 1024;

/// A part of the log.
#[derive(Debug)]
pub struct LogPage {
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are more in what was asked for.
    pub more: bool,
}

impl Reader {
    /// The first messages after `after` and up to `up_to`. Reads the disk.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read.
    pub fn log(&self, after: MessageId, up_to: MessageId) -> Result<LogPage, ReadError> {
        self.read_log(after, up_to)
            .map_err(|error| ReadError::new(self.path(), error))
    }

    fn read_log(&self, after: MessageId, up_to: MessageId) -> rusqlite::Result<LogPage> {
        let connection = self.connect()?;
        let mut statement = connection.prepare(&format!(
            "SELECT {} FROM messages WHERE id > ?1 AND id <= ?2 ORDER BY id",
            row::MESSAGE
        ))?;
        // An id beyond every other one stays positive.
        let sql_id = |id: MessageId| i64::try_from(id.0).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![sql_id(after), sql_id(up_to)])?;
        let limits = row::written();
        let mut page = LogPage {
            messages: Vec::new(),
            more: false,
        };
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            if page.messages.len() == PAGE_MESSAGES || bytes >= PAGE_BYTES {
                page.more = true;
                break;
            }
            let message = row::message(row, &limits)?;
            bytes += message.bytes();
            page.messages.push(message);
        }
        Ok(page)
    }
}
