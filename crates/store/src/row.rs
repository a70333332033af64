//! A message as a row, and back.

use std::net::IpAddr;

use moustique_core::{
    InvalidText, Limits, Message, MessageId, MessageKind, PublisherName, Timestamp, Topic,
};
use rusqlite::types::Type;
use rusqlite::{Error, Row};

/// The columns of a message in `messages` and `last_values`, in the order in
/// which [`message`] reads and the statements of the store write them.
pub(crate) const COLUMNS: &str = "id, time, topic, payload, publisher, address, updated_time, kind";

pub(crate) fn message(row: &Row<'_>, limits: &Limits) -> rusqlite::Result<Message> {
    let topic: String = row.get(2)?;
    let publisher: Option<String> = row.get(4)?;
    Ok(Message {
        id: MessageId(id(row, 0)?),
        time: Timestamp(row.get(1)?),
        topic: Topic::parse(&topic, limits).map_err(|error| invalid(2, error))?,
        payload: row.get::<_, String>(3)?.into(),
        from: publisher
            .map(|name| PublisherName::parse(&name, limits))
            .transpose()
            .map_err(|error| invalid(4, error))?,
        address: address(row, 5)?,
        updated_time: row.get(6)?,
        kind: match row.get::<_, i64>(7)? {
            0 => MessageKind::Published,
            1 => MessageKind::Put,
            other => return Err(Error::IntegralValueOutOfRange(7, other)),
        },
    })
}

pub(crate) fn kind(kind: MessageKind) -> i64 {
    match kind {
        MessageKind::Published => 0,
        MessageKind::Put => 1,
    }
}

pub(crate) fn address(row: &Row<'_>, column: usize) -> rusqlite::Result<IpAddr> {
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// SQLite's integers are signed; ids never reach the sign.
pub(crate) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
}

pub(crate) fn invalid(column: usize, error: InvalidText) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
