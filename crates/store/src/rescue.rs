//! Bringing what can still be read of a damaged database into a new one.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use moustique_core::{ClientName, Filter, Logged, Message, MessageId, Retention, Settled};
use rusqlite::{Connection, OpenFlags, Row, Transaction};

use crate::error::CommitError;
use crate::row;
use crate::store::Store;
use crate::write::{self, MessageRow};

/// Messages that are brought over at most, the newest ones: the values and what
/// clients wait for count, the rest is history.
const MAX_MESSAGES: usize = 100_000;

/// What was brought over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// Last values of topics.
    pub values: usize,
    /// Messages of the log.
    pub messages: usize,
    /// Clients with their subscriptions.
    pub clients: usize,
}

impl fmt::Display for Rescued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        write!(
            f,
            "{}, {} and {}",
            some(self.values, "value"),
            some(self.messages, "message"),
            some(self.clients, "client")
        )
    }
}

/// Reads what can be read of a database that was set aside, row by row, and
/// writes it to a new one. Rows whose checksum does not fit are left out: no
/// value is better than a wrong one.
///
/// # Errors
/// When the new one cannot be written. What is unreadable in the old one is no
/// error.
pub fn rescue(damaged: &Path, store: &mut Store) -> Result<Rescued, CommitError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(connection) = Connection::open_with_flags(damaged, flags) else {
        return Ok(Rescued::default());
    };
    let messages = logged(&connection, store.retention());
    let values = values(&connection).rows;
    let (mut clients, mut subscriptions) = (clients(&connection), subscriptions(&connection));
    if !clients.is_whole || !subscriptions.is_whole {
        // A client that lost a subscription would wait for ever. One that is not
        // known is told to subscribe again.
        (clients.rows, subscriptions.rows) = (Vec::new(), Vec::new());
    }
    let rescued = Rescued {
        values: values.len(),
        messages: messages.len(),
        clients: clients.rows.len(),
    };
    store.rescue(&messages, |transaction| {
        for message in &messages {
            MessageRow::new(&message.message).append(transaction, message)?;
        }
        for value in &values {
            MessageRow::new(value).make_value(transaction)?;
        }
        write_clients(transaction, &clients.rows, &subscriptions.rows)
    })?;
    Ok(rescued)
}

struct Client {
    name: ClientName,
    address: String,
    since: i64,
    settled: Settled,
}

struct Subscription {
    client: ClientName,
    filter: Filter,
    since: MessageId,
}

fn write_clients(
    transaction: &Transaction<'_>,
    clients: &[Client],
    subscriptions: &[Subscription],
) -> rusqlite::Result<()> {
    for client in clients {
        write::new_client(
            transaction,
            &client.name,
            &client.address,
            client.since,
            &client.settled,
        )?;
    }
    for subscription in subscriptions {
        let Subscription {
            client,
            filter,
            since,
        } = subscription;
        write::subscription(transaction, client, filter, *since)?;
    }
    Ok(())
}

/// The newest messages of the log, oldest first.
fn logged(connection: &Connection, retention: &Retention) -> Vec<Logged> {
    let limits = row::written();
    let sql = format!("SELECT {} FROM messages NOT INDEXED", row::MESSAGE);
    let mut messages = readable(connection, &sql, "id", MAX_MESSAGES, |row| {
        let message = row::message(row, &limits)?;
        Ok((message.id.0, message))
    })
    .rows;
    messages.sort_by_key(|message| message.id);
    messages
        .into_iter()
        .map(|message| Logged {
            policy: retention.policy(&message.topic),
            message: message.into(),
            repeat_id: None,
        })
        .collect()
}

fn values(connection: &Connection) -> Readable<Message> {
    let limits = row::written();
    let sql = format!("SELECT {} FROM last_values NOT INDEXED", row::MESSAGE);
    readable(connection, &sql, "rowid", usize::MAX, |row| {
        let message = row::message(row, &limits)?;
        Ok((message.id.0, message))
    })
}

fn clients(connection: &Connection) -> Readable<Client> {
    let limits = row::written();
    let sql = "SELECT name, address, since, settled, exceptions, checksum FROM clients";
    readable(connection, sql, "name", usize::MAX, |row| {
        let (name, address): (String, String) = (row.get(0)?, row.get(1)?);
        let settled = row::settled(row, 3)?;
        let checksum = row::client_checksum(&name, &address, row.get(2)?, &settled);
        row::verify(row, 5, checksum)?;
        row::address(row, 1)?;
        let client = Client {
            name: ClientName::parse(&name, &limits).map_err(|error| row::invalid(0, error))?,
            address,
            since: row.get(2)?,
            settled,
        };
        Ok((name, client))
    })
}

fn subscriptions(connection: &Connection) -> Readable<Subscription> {
    let limits = row::written();
    let sql = "SELECT client, filter, since_id, checksum FROM subscriptions";
    readable(connection, sql, "client, filter", usize::MAX, |row| {
        let (client, filter): (String, String) = (row.get(0)?, row.get(1)?);
        let checksum = row::subscription_checksum(&client, &filter, row.get(2)?);
        row::verify(row, 3, checksum)?;
        let subscription = Subscription {
            client: ClientName::parse(&client, &limits).map_err(|error| row::invalid(0, error))?,
            filter: Filter::parse(&filter, &limits).map_err(|error| row::invalid(1, error))?,
            since: MessageId(row::unsigned(row, 2)?),
        };
        Ok(((client, filter), subscription))
    })
}

/// What could be read of a table.
struct Readable<T> {
    rows: Vec<T>,
    /// Whether nothing was found to be unreadable.
    is_whole: bool,
}

/// Reads rows from the newest on until damage is met, and then from the oldest
/// on: what lies behind a torn page is reached from the other side.
fn readable<K: Eq + std::hash::Hash, T>(
    connection: &Connection,
    sql: &str,
    order: &str,
    limit: usize,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<(K, T)>,
) -> Readable<T> {
    let mut seen = HashSet::new();
    let mut found = Readable {
        rows: Vec::new(),
        is_whole: true,
    };
    for direction in ["DESC", "ASC"] {
        let order: Vec<String> = order
            .split(", ")
            .map(|column| format!("{column} {direction}"))
            .collect();
        let sql = format!("{sql} ORDER BY {}", order.join(", "));
        let is_read = read_all(connection, &sql, |row| {
            match read(row) {
                Ok((key, item)) => {
                    if seen.insert(key) {
                        found.rows.push(item);
                    }
                }
                // A row that does not fit its checksum is passed over.
                Err(_) => found.is_whole = false,
            }
            found.rows.len() < limit
        });
        if is_read.is_ok() {
            break;
        }
        found.is_whole = false;
    }
    found
}

/// Calls `each` with the rows until it says that it has enough.
fn read_all(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(&Row<'_>) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if !each(row) {
            break;
        }
    }
    Ok(())
}
