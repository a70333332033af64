//! A batch of changes as statements.

use std::collections::{HashMap, HashSet};

use moustique_core::{Change, ClientName, Filter, Logged, Message, MessageId, Settled};
use rusqlite::{Connection, Transaction, params};

use crate::row;

/// Writes the changes in their order.
pub(crate) fn changes(transaction: &Transaction<'_>, changes: &[Change]) -> rusqlite::Result<()> {
    // Of several messages of a topic only the last one is its value.
    let mut values: HashMap<&str, MessageRow<'_>> = HashMap::new();
    for change in changes {
        match change {
            Change::Logged(logged) => {
                let message = &logged.message;
                let row = MessageRow::new(message);
                row.append(transaction, logged)?;
                // A notification leaves the value as it is.
                if message.kind.is_value() || !message.kind.is_delivered() {
                    values.insert(message.topic.as_str(), row);
                }
            }
            Change::Subscribed {
                client,
                filter,
                since,
                address,
                time,
            } => {
                let settled = Settled::up_to(*since);
                new_client(transaction, client, &address.to_string(), time.0, &settled)?;
                subscription(transaction, client, filter, *since)?;
            }
            Change::Unsubscribed { client, filter } => {
                transaction
                    .prepare_cached("DELETE FROM subscriptions WHERE client = ?1 AND filter = ?2")?
                    .execute([client.as_str(), filter.as_str()])?;
            }
            Change::Settled {
                client,
                settled: now,
            } => settled(transaction, client, now)?,
            Change::Forgotten { client } => {
                transaction
                    .prepare_cached("DELETE FROM subscriptions WHERE client = ?1")?
                    .execute([client.as_str()])?;
                transaction
                    .prepare_cached("DELETE FROM clients WHERE name = ?1")?
                    .execute([client.as_str()])?;
            }
        }
    }
    for row in values.values() {
        row.make_value(transaction)?;
    }
    Ok(())
}

/// Takes back messages after `last`: a commit of which the last sync failed was
/// refused, but is whole in the write-ahead log, from where it would come to life
/// when the log is read anew. Their topics get the value that the log has for
/// them, or none.
pub(crate) fn undo_after(connection: &mut Connection, last: MessageId) -> rusqlite::Result<()> {
    let last = last.0.cast_signed();
    let newest: Option<i64> =
        connection.query_row("SELECT max(id) FROM messages", [], |row| row.get(0))?;
    if newest.is_none_or(|newest| newest <= last) {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    let mut topics: HashSet<String> = transaction
        .prepare("SELECT DISTINCT topic FROM messages WHERE id > ?1")?
        .query_map([last], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    transaction.execute("DELETE FROM messages WHERE id > ?1", [last])?;
    for topic in &topics {
        transaction.execute("DELETE FROM last_values WHERE topic = ?1", [topic])?;
    }
    {
        // One way back through the log for all of them: the log is not in the
        // order of the topics.
        let mut log = transaction
            .prepare("SELECT id, topic FROM messages WHERE kind <> 2 ORDER BY id DESC")?;
        let mut rows = log.query([])?;
        while !topics.is_empty()
            && let Some(row) = rows.next()?
        {
            if topics.remove(&row.get::<_, String>(1)?) {
                restore_value(&transaction, row.get(0)?)?;
            }
        }
    }
    transaction.commit()
}

/// Makes a message of the log the value of its topic, which has none, unless it
/// is a tombstone.
fn restore_value(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO last_values
             (id, time, taken, topic, payload, publisher, address, updated_time, kind, checksum)
         SELECT id, time, taken, topic, payload, publisher, address, updated_time, kind, checksum
         FROM messages WHERE id = ?1 AND kind <> 3",
        [id],
    )?;
    Ok(())
}

/// A message with what its rows in the log and among the values have in common.
pub(crate) struct MessageRow<'a> {
    message: &'a Message,
    address: String,
    checksum: u32,
}

impl<'a> MessageRow<'a> {
    pub(crate) fn new(message: &'a Message) -> Self {
        let address = message.address.to_string();
        Self {
            checksum: row::message_checksum(message, &address),
            message,
            address,
        }
    }

    /// Appends it to the log.
    pub(crate) fn append(
        &self,
        transaction: &Transaction<'_>,
        logged: &Logged,
    ) -> rusqlite::Result<()> {
        let message = self.message;
        transaction
            .prepare_cached(
                "INSERT INTO messages
                     (id, time, taken, topic, payload, publisher, address, updated_time, kind,
                      checksum, repeat_id, policy, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                message.id.0.cast_signed(),
                message.time.0,
                message.taken.0.cast_signed(),
                message.topic.as_str(),
                message.payload.as_ref(),
                message.from.as_ref().map(|name| name.as_str()),
                self.address,
                message.updated_time,
                row::kind(message.kind),
                self.checksum,
                logged.repeat_id.as_ref().map(|id| id.as_str()),
                logged.policy.0.cast_signed(),
                message.bytes().cast_signed(),
            ])?;
        Ok(())
    }

    /// Makes it the value of its topic, or takes the value away.
    pub(crate) fn make_value(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let message = self.message;
        if !message.kind.is_value() {
            transaction
                .prepare_cached("DELETE FROM last_values WHERE topic = ?1")?
                .execute([message.topic.as_str()])?;
            return Ok(());
        }
        transaction
            .prepare_cached(
                "INSERT INTO last_values
                     (id, time, taken, topic, payload, publisher, address, updated_time, kind,
                      checksum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (topic) DO UPDATE SET
                     id = excluded.id, time = excluded.time, taken = excluded.taken,
                     payload = excluded.payload, publisher = excluded.publisher,
                     address = excluded.address, updated_time = excluded.updated_time,
                     kind = excluded.kind, checksum = excluded.checksum",
            )?
            .execute(params![
                message.id.0.cast_signed(),
                message.time.0,
                message.taken.0.cast_signed(),
                message.topic.as_str(),
                message.payload.as_ref(),
                message.from.as_ref().map(|name| name.as_str()),
                self.address,
                message.updated_time,
                row::kind(message.kind),
                self.checksum,
            ])?;
        Ok(())
    }
}

/// Adds a client, unless it is known.
pub(crate) fn new_client(
    transaction: &Transaction<'_>,
    client: &ClientName,
    address: &str,
    since: i64,
    settled: &Settled,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO clients (name, address, since, settled, exceptions, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO NOTHING",
        )?
        .execute(params![
            client.as_str(),
            address,
            since,
            settled.last().0.cast_signed(),
            settled.exceptions(),
            row::client_checksum(client.as_str(), address, since, settled),
        ])?;
    Ok(())
}

/// Adds a subscription, unless it is there.
pub(crate) fn subscription(
    transaction: &Transaction<'_>,
    client: &ClientName,
    filter: &Filter,
    since: MessageId,
) -> rusqlite::Result<()> {
    let since = since.0.cast_signed();
    transaction
        .prepare_cached(
            "INSERT INTO subscriptions (client, filter, since_id, checksum)
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (client, filter) DO NOTHING",
        )?
        .execute(params![
            client.as_str(),
            filter.as_str(),
            since,
            row::subscription_checksum(client.as_str(), filter.as_str(), since),
        ])?;
    Ok(())
}

fn settled(
    transaction: &Transaction<'_>,
    client: &ClientName,
    settled: &Settled,
) -> rusqlite::Result<()> {
    let name = client.as_str();
    let found = transaction
        .prepare_cached("SELECT address, since FROM clients WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
    let (address, since) = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(()),
        found => found?,
    };
    transaction
        .prepare_cached(
            "UPDATE clients SET settled = ?2, exceptions = ?3, checksum = ?4 WHERE name = ?1",
        )?
        .execute(params![
            name,
            settled.last().0.cast_signed(),
            settled.exceptions(),
            row::client_checksum(name, &address, since, settled),
        ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{load, schema};
    use moustique_core::{Limits, MessageKind, PolicyId, RunTime, Timestamp, Topic};

    fn logged(id: u64, topic: &str, kind: MessageKind) -> Change {
        Change::Logged(Logged {
            message: std::sync::Arc::new(Message {
                id: MessageId(id),
                time: Timestamp(0),
                taken: RunTime(0),
                topic: Topic::parse(topic, &Limits::default()).unwrap(),
                payload: "m".into(),
                from: None,
                address: [127, 0, 0, 1].into(),
                updated_time: 0,
                kind,
            }),
            repeat_id: None,
            policy: PolicyId::default(),
        })
    }

    #[test]
    fn what_was_refused_is_undone() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        let transaction = connection.transaction().unwrap();
        let log = [
            logged(1, "old", MessageKind::Published),
            logged(2, "gone", MessageKind::Published),
            logged(3, "gone", MessageKind::Deleted),
            logged(4, "kept", MessageKind::Put),
            logged(5, "old", MessageKind::Published),
            logged(6, "gone", MessageKind::Published),
            logged(7, "new", MessageKind::Published),
            logged(8, "kept", MessageKind::Notified),
        ];
        changes(&transaction, &log).unwrap();
        transaction.commit().unwrap();
        undo_after(&mut connection, MessageId(9)).unwrap();
        assert_eq!(load::load(&connection).unwrap().last_id, MessageId(8));
        undo_after(&mut connection, MessageId(4)).unwrap();
        let loaded = load::load(&connection).unwrap();
        assert_eq!(loaded.last_id, MessageId(4));
        let mut values: Vec<_> = loaded
            .values
            .iter()
            .map(|m| (m.topic.as_str(), m.id.0))
            .collect();
        values.sort_unstable();
        assert_eq!(values, [("kept", 4), ("old", 1)]);
    }
}
