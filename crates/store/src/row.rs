//! Rows, to and from what they mean, each with a checksum of its own: SQLite
//! notices a torn page, but not a bit that the disk has turned.

use std::net::IpAddr;

use crc32fast::Hasher;
use moustique_core::{
    InvalidText, Limits, Message, MessageId, MessageKind, PublisherName, RunTime, Settled,
    Timestamp, Topic,
};
use rusqlite::types::Type;
use rusqlite::{Error, Row};

/// The columns of a message in `messages` and `last_values`, in the order in
/// which [`message`] reads them.
pub(crate) const MESSAGE: &str =
    "id, time, taken, topic, payload, publisher, address, updated_time, kind, checksum";

/// The bounds of what is read back: none, for they held when it was written,
/// and may have been narrowed since.
pub(crate) fn written() -> Limits {
    Limits {
        topic_bytes: usize::MAX,
        topic_levels: usize::MAX,
        name_bytes: usize::MAX,
        ..Limits::default()
    }
}

/// Reads a message.
///
/// # Errors
/// When the row does not hold one, or not the one that was written.
pub(crate) fn message(row: &Row<'_>, limits: &Limits) -> rusqlite::Result<Message> {
    let message = unverified_message(row, limits)?;
    let checksum = message_checksum(&message, &message.address.to_string());
    verify(row, 9, checksum)?;
    Ok(message)
}

/// Reads a message whose checksum says nothing yet.
///
/// # Errors
/// When the row does not hold one.
pub(crate) fn unverified_message(row: &Row<'_>, limits: &Limits) -> rusqlite::Result<Message> {
    let topic: String = row.get(3)?;
    let publisher: Option<String> = row.get(5)?;
    Ok(Message {
        id: MessageId(unsigned(row, 0)?),
        time: Timestamp(row.get(1)?),
        taken: RunTime(unsigned(row, 2)?),
        topic: Topic::parse(&topic, limits).map_err(|error| invalid(3, error))?,
        payload: row.get::<_, String>(4)?.into(),
        from: publisher
            .map(|name| PublisherName::parse(&name, limits))
            .transpose()
            .map_err(|error| invalid(5, error))?,
        address: address(row, 6)?,
        updated_time: row.get(7)?,
        kind: read_kind(row, 8)?,
    })
}

/// The number that a message's row carries beside it; `address` is the text that
/// stands there for the message's.
pub(crate) fn message_checksum(message: &Message, address: &str) -> u32 {
    let mut checksum = Checksum::default();
    checksum.number(message.id.0.cast_signed());
    checksum.number(message.time.0);
    checksum.number(message.taken.0.cast_signed());
    checksum.text(message.topic.as_str());
    checksum.text(&message.payload);
    checksum.text(message.from.as_ref().map_or("", |name| name.as_str()));
    checksum.text(address);
    checksum.number(message.updated_time);
    checksum.number(kind(message.kind));
    checksum.finish()
}

/// The number that a client's row carries beside it.
pub(crate) fn client_checksum(name: &str, address: &str, since: i64, settled: &Settled) -> u32 {
    let mut checksum = Checksum::default();
    checksum.text(name);
    checksum.text(address);
    checksum.number(since);
    checksum.number(settled.last().0.cast_signed());
    let exceptions = settled.exceptions();
    // A row that was written before there were any has the number that it had.
    if !exceptions.is_empty() {
        checksum.text(&exceptions);
    }
    checksum.finish()
}

/// What a client's row says is settled: the last message in one column, the
/// exceptions in the next.
pub(crate) fn settled(row: &Row<'_>, column: usize) -> rusqlite::Result<Settled> {
    let up_to = MessageId(unsigned(row, column)?);
    let exceptions: String = row.get(column + 1)?;
    Settled::parse(up_to, &exceptions)
        .map_err(|error| Error::FromSqlConversionFailure(column + 1, Type::Text, Box::new(error)))
}

/// The number that a subscription's row carries beside it.
pub(crate) fn subscription_checksum(client: &str, filter: &str, since: i64) -> u32 {
    let mut checksum = Checksum::default();
    checksum.text(client);
    checksum.text(filter);
    checksum.number(since);
    checksum.finish()
}

pub(crate) fn verify(row: &Row<'_>, column: usize, expected: u32) -> rusqlite::Result<()> {
    let found: u32 = row.get(column)?;
    if found == expected {
        return Ok(());
    }
    let problem = format!("the row has the checksum {found:08x}, its content {expected:08x}");
    Err(Error::FromSqlConversionFailure(
        column,
        Type::Integer,
        problem.into(),
    ))
}

pub(crate) fn kind(kind: MessageKind) -> i64 {
    match kind {
        MessageKind::Published => 0,
        MessageKind::Put => 1,
        MessageKind::Notified => 2,
        MessageKind::Deleted => 3,
    }
}

fn read_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<MessageKind> {
    match row.get(column)? {
        0 => Ok(MessageKind::Published),
        1 => Ok(MessageKind::Put),
        2 => Ok(MessageKind::Notified),
        3 => Ok(MessageKind::Deleted),
        other => Err(Error::IntegralValueOutOfRange(column, other)),
    }
}

pub(crate) fn address(row: &Row<'_>, column: usize) -> rusqlite::Result<IpAddr> {
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// SQLite's integers are signed; ours never reach the sign.
pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
}

pub(crate) fn invalid(column: usize, error: InvalidText) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// A CRC-32 over fields, each with its length, so that none can pass into the
/// next one.
#[derive(Default)]
struct Checksum(Hasher);

impl Checksum {
    fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn finish(self) -> u32 {
        self.0.finalize()
    }
}
