//! What a start needs from the log.

use std::collections::HashMap;

use moustique_core::{
    ClientName, Filter, Limits, Loaded, LoadedClient, Message, MessageId, Timestamp,
};
use rusqlite::Connection;

use crate::row;

pub(crate) fn load(connection: &Connection, limits: &Limits) -> rusqlite::Result<Loaded> {
    Ok(Loaded {
        last_id: last_id(connection)?,
        values: values(connection, limits)?,
        clients: clients(connection, limits)?,
    })
}

/// Calls `each` with the messages after `after`, oldest first.
pub(crate) fn replay(
    connection: &Connection,
    limits: &Limits,
    after: MessageId,
    mut each: impl FnMut(Message),
) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT {} FROM messages WHERE id > ?1 ORDER BY id",
        row::COLUMNS
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([after.0.cast_signed()])?;
    while let Some(row) = rows.next()? {
        each(row::message(row, limits)?);
    }
    Ok(())
}

/// The highest id ever given: the log may have been pruned to nothing, but a
/// value or a cursor remembers.
fn last_id(connection: &Connection) -> rusqlite::Result<MessageId> {
    connection.query_row(
        "SELECT max(
            ifnull((SELECT max(id) FROM messages), 0),
            ifnull((SELECT max(id) FROM last_values), 0),
            ifnull((SELECT max(picked_up_to) FROM clients), 0))",
        [],
        |row| row::id(row, 0).map(MessageId),
    )
}

fn values(connection: &Connection, limits: &Limits) -> rusqlite::Result<Vec<Message>> {
    let sql = format!("SELECT {} FROM last_values", row::COLUMNS);
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| row::message(row, limits))?;
    rows.collect()
}

fn clients(connection: &Connection, limits: &Limits) -> rusqlite::Result<Vec<LoadedClient>> {
    let mut subscriptions: HashMap<String, Vec<(Filter, MessageId)>> = HashMap::new();
    let mut statement = connection.prepare("SELECT client, filter, since_id FROM subscriptions")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let filter: String = row.get(1)?;
        let filter = Filter::parse(&filter, limits).map_err(|error| row::invalid(1, error))?;
        let since = MessageId(row::id(row, 2)?);
        subscriptions
            .entry(row.get(0)?)
            .or_default()
            .push((filter, since));
    }
    let mut statement =
        connection.prepare("SELECT name, address, since, picked_up_to FROM clients")?;
    let clients = statement.query_map([], |row| {
        let name: String = row.get(0)?;
        Ok(LoadedClient {
            address: row::address(row, 1)?,
            since: Timestamp(row.get(2)?),
            picked_up_to: MessageId(row::id(row, 3)?),
            subscriptions: subscriptions.remove(&name).unwrap_or_default(),
            name: ClientName::parse(&name, limits).map_err(|error| row::invalid(0, error))?,
        })
    })?;
    clients.collect()
}
