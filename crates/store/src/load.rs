//! What a start needs from the log.

use std::collections::HashMap;
use std::time::Duration;

use moustique_core::{
    ClientName, Filter, Loaded, LoadedClient, Message, MessageId, PublisherMessageId, RepeatKey,
    RunTime, Timestamp,
};
use rusqlite::Connection;

use crate::row;

/// Publishes with an id of their own are loaded as far back as this: longer
/// than any window in which they may be repeated.
pub(crate) const REPEATS: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Loaded> {
    let run = run(connection)?;
    Ok(Loaded {
        last_id: last_id(connection)?,
        run,
        values: values(connection)?,
        clients: clients(connection)?,
        repeats: repeats(connection, run)?,
    })
}

/// Calls `each` with the messages after `after`, oldest first.
pub(crate) fn replay(
    connection: &Connection,
    after: MessageId,
    mut each: impl FnMut(Message),
) -> rusqlite::Result<()> {
    let limits = row::written();
    let sql = format!(
        "SELECT {} FROM messages WHERE id > ?1 ORDER BY id",
        row::MESSAGE
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([after.0.cast_signed()])?;
    while let Some(row) = rows.next()? {
        each(row::message(row, &limits)?);
    }
    Ok(())
}

/// The highest id ever given. The newest message is never pruned; the others
/// are asked for the sake of a log that was cut by damage.
pub(crate) fn last_id(connection: &Connection) -> rusqlite::Result<MessageId> {
    connection.query_row(
        "SELECT max(
            ifnull((SELECT max(id) FROM messages), 0),
            ifnull((SELECT max(id) FROM last_values), 0),
            ifnull((SELECT max(settled) FROM clients), 0),
            ifnull((SELECT max(since_id) FROM subscriptions), 0))",
        [],
        |row| row::unsigned(row, 0).map(MessageId),
    )
}

/// How long the broker had run when it last said so.
fn run(connection: &Connection) -> rusqlite::Result<RunTime> {
    connection.query_row(
        "SELECT max(
            ifnull((SELECT taken FROM messages ORDER BY id DESC LIMIT 1), 0),
            ifnull((SELECT run FROM clock), 0))",
        [],
        |row| row::unsigned(row, 0).map(RunTime),
    )
}

fn values(connection: &Connection) -> rusqlite::Result<Vec<Message>> {
    let limits = row::written();
    let sql = format!("SELECT {} FROM last_values", row::MESSAGE);
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| row::message(row, &limits))?;
    rows.collect()
}

fn clients(connection: &Connection) -> rusqlite::Result<Vec<LoadedClient>> {
    let mut subscriptions = subscriptions(connection)?;
    let limits = row::written();
    let mut statement = connection
        .prepare("SELECT name, address, since, settled, exceptions, checksum FROM clients")?;
    let clients = statement.query_map([], |row| {
        let (name, address): (String, String) = (row.get(0)?, row.get(1)?);
        let settled = row::settled(row, 3)?;
        let checksum = row::client_checksum(&name, &address, row.get(2)?, &settled);
        row::verify(row, 5, checksum)?;
        Ok(LoadedClient {
            address: row::address(row, 1)?,
            since: Timestamp(row.get(2)?),
            settled,
            subscriptions: subscriptions.remove(&name).unwrap_or_default(),
            name: ClientName::parse(&name, &limits).map_err(|error| row::invalid(0, error))?,
        })
    })?;
    clients.collect()
}

/// Each client's filters, with the last message before the subscription.
type Subscriptions = HashMap<String, Vec<(Filter, MessageId)>>;

fn subscriptions(connection: &Connection) -> rusqlite::Result<Subscriptions> {
    let limits = row::written();
    let mut subscriptions = Subscriptions::new();
    let mut statement =
        connection.prepare("SELECT client, filter, since_id, checksum FROM subscriptions")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (client, filter): (String, String) = (row.get(0)?, row.get(1)?);
        row::verify(
            row,
            3,
            row::subscription_checksum(&client, &filter, row.get(2)?),
        )?;
        let filter = Filter::parse(&filter, &limits).map_err(|error| row::invalid(1, error))?;
        let since = MessageId(row::unsigned(row, 2)?);
        subscriptions
            .entry(client)
            .or_default()
            .push((filter, since));
    }
    Ok(subscriptions)
}

/// The publishes of the last day that have an id of their own, oldest first.
fn repeats(connection: &Connection, run: RunTime) -> rusqlite::Result<Vec<(RunTime, RepeatKey)>> {
    let limits = row::written();
    let oldest = run.since(RunTime::default()).saturating_sub(REPEATS);
    let sql = format!(
        "SELECT {}, repeat_id FROM messages
         WHERE repeat_id IS NOT NULL AND taken >= ?1 ORDER BY id",
        row::MESSAGE
    );
    let mut statement = connection.prepare(&sql)?;
    let oldest = i64::try_from(oldest.as_millis()).unwrap_or(i64::MAX);
    let rows = statement.query_map([oldest], |row| {
        let message = row::message(row, &limits)?;
        let id: String = row.get(10)?;
        let key = RepeatKey {
            topic: message.topic,
            from: message.from,
            id: PublisherMessageId::parse(&id, &limits).map_err(|error| row::invalid(10, error))?,
        };
        Ok((message.taken, key))
    })?;
    rows.collect()
}
