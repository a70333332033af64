//! Reading the log beside the writer.

use std::path::PathBuf;

use moustique_core::{Message, MessageId, Topic};
use rusqlite::{Connection, Statement, params};

use crate::error::ReadError;
use crate::location::Location;
use crate::row;

/// Messages read at a time at most.
pub const MAX_HISTORY: usize = 1_000;

/// Bytes of them at which no further one is read.
pub const MAX_HISTORY_BYTES: usize = 4 * 1024 * 1024;

/// The index of the log has the messages of a topic together only within so many
/// ids that have all but their lowest bits in common: an era. An index by topic
/// alone would be changed in as many pages as there are topics that are published
/// to, and a publish would cost twice as much; with eras the newest messages of
/// all topics are in a handful of pages. The price is a look into each era, a few
/// microseconds for 1,024 messages. The number stands in the schema, too.
const ERA_BITS: u32 = 10;

/// The lowest bits of an era's last id.
const LAST_OF_ERA: i64 = (1 << ERA_BITS) - 1;

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
    /// [`MAX_HISTORY`] and, with the last one, [`MAX_HISTORY_BYTES`]. Reads the
    /// disk.
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
        let mut connection = self.connect()?;
        // One state of the log for all eras.
        let log = connection.transaction()?;
        let (comparison, order) = match span {
            Span::After(_) => (">", "ASC"),
            Span::Before(_) => ("<", "DESC"),
        };
        let mut statement = log.prepare(&format!(
            "SELECT {} FROM messages INDEXED BY messages_by_era
             WHERE id >> {ERA_BITS} = ?1 AND topic = ?2 AND id {comparison} ?3
             ORDER BY id {order} LIMIT ?4",
            row::MESSAGE
        ))?;
        let mut eras = Eras::new(&log, span)?;
        let (limit, limits) = (limit.min(MAX_HISTORY), row::written());
        let (mut found, mut bytes) = (Vec::new(), 0);
        let mut next = eras.beyond(eras.id)?;
        while found.len() < limit
            && bytes < MAX_HISTORY_BYTES
            && let Some(era) = next
        {
            let before = found.len();
            let left = (limit - before).cast_signed();
            let mut rows = statement.query(params![era, topic.as_str(), eras.id, left])?;
            while bytes < MAX_HISTORY_BYTES
                && let Some(row) = rows.next()?
            {
                let message = row::message(row, &limits)?;
                bytes += message.bytes();
                found.push(message);
            }
            next = eras.after(era, found.len() == before)?;
        }
        Ok(found)
    }

    pub(crate) fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = self.location.connect()?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.location.shown()
    }
}

/// The eras of the log that a span reaches into, in its order.
struct Eras<'a> {
    is_ascending: bool,
    /// Where the span begins. An id beyond every other one stays positive.
    id: i64,
    /// The last one.
    end: i64,
    first_beyond: Statement<'a>,
}

impl<'a> Eras<'a> {
    fn new(log: &'a Connection, span: Span) -> rusqlite::Result<Self> {
        let (Span::After(id) | Span::Before(id)) = span;
        let is_ascending = matches!(span, Span::After(_));
        let (end, first_beyond) = if is_ascending {
            ("max(id)", "SELECT min(id) FROM messages WHERE id > ?1")
        } else {
            ("min(id)", "SELECT max(id) FROM messages WHERE id < ?1")
        };
        let end: Option<i64> =
            log.query_row(&format!("SELECT {end} FROM messages"), [], |row| row.get(0))?;
        Ok(Self {
            is_ascending,
            id: i64::try_from(id.0).unwrap_or(i64::MAX),
            end: end.unwrap_or_default() >> ERA_BITS,
            first_beyond: log.prepare(first_beyond)?,
        })
    }

    /// The era of the first message beyond an id.
    fn beyond(&mut self, id: i64) -> rusqlite::Result<Option<i64>> {
        let id: Option<i64> = self.first_beyond.query_row([id], |row| row.get(0))?;
        Ok(id.map(|id| id >> ERA_BITS))
    }

    /// The era to look into after this one. When nothing was found there, a gap
    /// may begin, which is left out: a rescued log has gaps.
    fn after(&mut self, era: i64, was_empty: bool) -> rusqlite::Result<Option<i64>> {
        if was_empty {
            return self.beyond(if self.is_ascending {
                era << ERA_BITS | LAST_OF_ERA
            } else {
                era << ERA_BITS
            });
        }
        Ok(if self.is_ascending {
            (era < self.end).then_some(era + 1)
        } else {
            (era > self.end).then(|| era - 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use moustique_core::{
        Change, Limits, Logged, MessageKind, PolicyId, RunTime, Timestamp, Topic,
    };

    use super::*;
    use crate::{Options, Store};

    fn logged(id: u64, topic: &Topic) -> Change {
        Change::Logged(Logged {
            message: Arc::new(Message {
                id: MessageId(id),
                time: Timestamp(0),
                taken: RunTime(0),
                topic: topic.clone(),
                payload: "m".into(),
                from: None,
                address: [127, 0, 0, 1].into(),
                updated_time: 0,
                kind: MessageKind::Published,
            }),
            repeat_id: None,
            policy: PolicyId::default(),
        })
    }

    #[test]
    fn history_goes_on_over_eras_and_gaps() {
        let topic = |text| Topic::parse(text, &Limits::default()).unwrap();
        let (often, rare) = (topic("often"), topic("rare"));
        // A rescued log has gaps; its last id is the last there can be.
        let end = i64::MAX as u64 - 1;
        let log: Vec<u64> = (1..=2_600)
            .chain(9_000..9_100)
            .chain([1 << 40, end - 1, end])
            .collect();
        let is_rare = |id: u64| id.is_multiple_of(1_023) || id == end;
        let changes: Vec<_> = log
            .iter()
            .map(|id| logged(*id, if is_rare(*id) { &rare } else { &often }))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("db"), Options::default()).unwrap();
        store.commit(&changes).unwrap();
        let reader = store.reader();

        let starts = [
            0,
            1,
            1_023,
            1_024,
            1_025,
            2_046,
            2_599,
            9_000,
            1 << 40,
            end,
            u64::MAX,
        ];
        for (topic, wanted) in [(&often, false), (&rare, true)] {
            for start in starts {
                for limit in [1, 3, 600, MAX_HISTORY] {
                    let ids = |span| -> Vec<u64> {
                        let found = reader.history(topic, span, limit).unwrap();
                        found.iter().map(|message| message.id.0).collect()
                    };
                    let of_topic = |id: &&u64| is_rare(**id) == wanted;
                    let after: Vec<u64> = (log.iter().filter(of_topic).copied())
                        .filter(|id| *id > start)
                        .take(limit)
                        .collect();
                    assert_eq!(
                        ids(Span::After(MessageId(start))),
                        after,
                        "{topic} > {start}"
                    );
                    let before: Vec<u64> = (log.iter().rev().filter(of_topic).copied())
                        .filter(|id| *id < start)
                        .take(limit)
                        .collect();
                    assert_eq!(
                        ids(Span::Before(MessageId(start))),
                        before,
                        "{topic} < {start}"
                    );
                }
            }
        }
    }
}
