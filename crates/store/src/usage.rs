//! How much the log holds, policy by policy.

use std::collections::{BTreeMap, HashMap};

use moustique_core::{Change, Filter, Logged, PolicyId, Retention};
use rusqlite::{Connection, Transaction, params};

use crate::prune::Pages;
use crate::row;

/// Messages and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Messages.
    pub messages: u64,
    /// Bytes of their topics, payloads and publishers' names.
    pub bytes: u64,
}

/// What the database takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// The log, over all policies.
    pub log: Amount,
    /// Bytes of the database file.
    pub file_bytes: u64,
    /// Bytes of it that are in use; new messages fill the rest first.
    pub used_bytes: u64,
    /// Bytes of the write-ahead log beside it.
    pub write_ahead_bytes: u64,
}

/// What the log holds of each policy. Counted once at the start and kept from
/// then on, so that no publish has to count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage(BTreeMap<PolicyId, Amount>);

impl Usage {
    /// Counts the log. Sorts it anew where the policies have changed.
    pub(crate) fn load(
        connection: &mut Connection,
        retention: &Retention,
    ) -> rusqlite::Result<Self> {
        let transaction = connection.transaction()?;
        adopt(&transaction, retention)?;
        let mut usage = Self::default();
        {
            let mut statement = transaction.prepare(
                "SELECT policy, count(*), sum(bytes) FROM messages
                 INDEXED BY messages_by_policy GROUP BY policy",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let policy = usize::try_from(row::unsigned(row, 0)?).unwrap_or_default();
                let amount = Amount {
                    messages: row::unsigned(row, 1)?,
                    bytes: row::unsigned(row, 2)?,
                };
                usage.set(PolicyId(policy), amount);
            }
        }
        transaction.commit()?;
        Ok(usage)
    }

    pub(crate) fn of(&self, policy: PolicyId) -> Amount {
        self.0.get(&policy).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> Amount {
        self.0
            .values()
            .fold(Amount::default(), |all, policy| Amount {
                messages: all.messages + policy.messages,
                bytes: all.bytes + policy.bytes,
            })
    }

    pub(crate) fn set(&mut self, policy: PolicyId, amount: Amount) {
        self.0.insert(policy, amount);
    }

    pub(crate) fn add(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::Logged(logged) = change {
                self.add_message(logged);
            }
        }
    }

    pub(crate) fn add_message(&mut self, logged: &Logged) {
        let amount = self.0.entry(logged.policy).or_default();
        amount.messages += 1;
        amount.bytes += logged.message.bytes() as u64;
    }

    pub(crate) fn remove(&mut self, policy: PolicyId, bytes: u64) {
        let amount = self.0.entry(policy).or_default();
        amount.messages = amount.messages.saturating_sub(1);
        amount.bytes = amount.bytes.saturating_sub(bytes);
    }

    /// Whether a policy has so much more than it keeps that pruning cannot wait
    /// for a quiet moment.
    pub(crate) fn is_pressing(&self, retention: &Retention) -> bool {
        retention.all().any(|(policy, keep)| {
            let amount = self.of(policy);
            let is_far_beyond = |have: u64, keep: u64| have > keep.saturating_add(keep / 4);
            is_far_beyond(amount.messages, keep.messages) || is_far_beyond(amount.bytes, keep.bytes)
        })
    }

    pub(crate) fn space(&self, pages: Pages, write_ahead_bytes: u64) -> Space {
        Space {
            log: self.all(),
            file_bytes: pages.all * pages.bytes,
            used_bytes: pages.used_bytes(),
            write_ahead_bytes,
        }
    }
}

/// Has every message of the log belong to the policy that holds for its topic
/// now. Nothing to do unless the filters have changed since the last start.
fn adopt(transaction: &Transaction<'_>, retention: &Retention) -> rusqlite::Result<()> {
    let before: Vec<String> = transaction
        .prepare("SELECT filter FROM policies ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let filters = || retention.policies.iter().map(|(filter, _)| filter);
    if filters().map(Filter::as_str).eq(&before) {
        return Ok(());
    }
    let limits = row::written();
    let mut policies: HashMap<String, isize> = HashMap::new();
    let mut messages = transaction.prepare("SELECT id, topic, policy FROM messages")?;
    let mut update = transaction.prepare("UPDATE messages SET policy = ?2 WHERE id = ?1")?;
    let mut rows = messages.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(1)?;
        let policy = match policies.get(&text) {
            Some(policy) => *policy,
            None => {
                let topic = moustique_core::Topic::parse(&text, &limits)
                    .map_err(|error| row::invalid(1, error))?;
                let policy = retention.policy(&topic).0.cast_signed();
                policies.insert(text, policy);
                policy
            }
        };
        if policy != row.get::<_, isize>(2)? {
            update.execute(params![row.get::<_, i64>(0)?, policy])?;
        }
    }
    transaction.execute("DELETE FROM policies", [])?;
    let mut insert = transaction.prepare("INSERT INTO policies (id, filter) VALUES (?1, ?2)")?;
    for (index, filter) in filters().enumerate() {
        insert.execute(params![(index + 1).cast_signed(), filter.as_str()])?;
    }
    Ok(())
}
