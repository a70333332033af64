//! Taking the older end off the log, in small steps.

use std::time::Duration;

use moustique_core::{Keep, MessageId, PolicyId, Retention, RunTime};
use rusqlite::{Transaction, params};

use crate::usage::Usage;

/// Pages given back to the file system in one step. 1 MiB.
const STEP_PAGES: u32 = 256;

/// The time between two such steps. The file gets shorter when the write-ahead
/// log is begun anew, and the more of it was given back until then, the longer
/// that takes: it took 40 ms where steps followed each other.
const STEP_PAUSE: Duration = Duration::from_millis(50);

/// Unused pages that stay in the file: they are about to be used again. 16 MiB.
const SPARE_PAGES: u64 = 4_096;

/// What must stay, whatever the policies say.
#[derive(Clone, Copy, Debug)]
pub struct Protected {
    /// The newest message: ids must not come again.
    pub last: MessageId,
    /// The oldest message that some client has still to get.
    pub first_unsettled: Option<MessageId>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Messages taken off the log.
    pub messages: u64,
    /// Messages among them that some client had still to get: they are in its
    /// queue, but a restart forgets them.
    pub unsettled: bool,
    /// Whether there may be more to do.
    pub more: bool,
    /// The least time until the next step.
    pub pause: Duration,
}

impl Pruned {
    /// Nothing, because the write-ahead log has to get shorter first.
    pub(crate) const WAITS: Self = Self {
        messages: 0,
        unsettled: false,
        more: true,
        pause: Duration::from_millis(5),
    };
}

/// The policies that still have to be looked at, and what is done after them.
#[derive(Debug, Default)]
pub(crate) struct Round {
    next: Option<usize>,
}

impl Round {
    /// Begins to look at all policies.
    pub(crate) fn begin(&mut self) {
        self.next = Some(0);
    }

    /// Does one step, of so many messages at most. Without a round that was
    /// begun, nothing.
    pub(crate) fn step(
        &mut self,
        transaction: &Transaction<'_>,
        retention: &Retention,
        usage: &mut Usage,
        now: RunTime,
        protected: Protected,
        step: u32,
    ) -> rusqlite::Result<Pruned> {
        let Some(next) = self.next else {
            return Ok(Pruned::default());
        };
        if let Some((policy, keep)) = retention.all().nth(next) {
            let messages = oldest(transaction, policy, keep, usage, now, protected, step)?;
            if messages < u64::from(step) {
                self.next = Some(next + 1);
            }
            return Ok(Pruned {
                messages,
                more: true,
                ..Pruned::default()
            });
        }
        let pages = Pages::read(transaction)?;
        if pages.used_bytes() > retention.total_bytes {
            let messages = oldest_of_all(transaction, usage, protected, step)?;
            if messages > 0 {
                return Ok(Pruned {
                    messages,
                    unsettled: protected.first_unsettled.is_some(),
                    more: true,
                    ..Pruned::default()
                });
            }
        }
        if pages.unused > SPARE_PAGES {
            vacuum(transaction)?;
            return Ok(Pruned {
                more: true,
                pause: STEP_PAUSE,
                ..Pruned::default()
            });
        }
        self.next = None;
        Ok(Pruned::default())
    }
}

/// Takes the oldest messages of a policy that it does not keep.
fn oldest(
    transaction: &Transaction<'_>,
    policy: PolicyId,
    keep: &Keep,
    usage: &mut Usage,
    now: RunTime,
    protected: Protected,
    step: u32,
) -> rusqlite::Result<u64> {
    let end = protected
        .first_unsettled
        .map_or(protected.last, |first| first.min(protected.last));
    let mut left = usage.of(policy);
    let mut last = None;
    let mut statement = transaction.prepare_cached(
        "SELECT id, bytes, taken FROM messages INDEXED BY messages_by_policy
         WHERE policy = ?1 AND id < ?2 ORDER BY id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![policy.0.cast_signed(), end.0.cast_signed(), step])?;
    while let Some(row) = rows.next()? {
        let taken = RunTime(crate::row::unsigned(row, 2)?);
        let is_kept = left.messages <= keep.messages
            && left.bytes <= keep.bytes
            && now.since(taken) <= keep.age;
        if is_kept {
            break;
        }
        left.messages = left.messages.saturating_sub(1);
        left.bytes = left.bytes.saturating_sub(crate::row::unsigned(row, 1)?);
        last = Some(row.get::<_, i64>(0)?);
    }
    drop(rows);
    let Some(last) = last else { return Ok(0) };
    let pruned = transaction
        .prepare_cached("DELETE FROM messages WHERE policy = ?1 AND id <= ?2")?
        .execute(params![policy.0.cast_signed(), last])?;
    usage.set(policy, left);
    Ok(pruned as u64)
}

/// Takes the oldest messages whatever their policy.
fn oldest_of_all(
    transaction: &Transaction<'_>,
    usage: &mut Usage,
    protected: Protected,
    step: u32,
) -> rusqlite::Result<u64> {
    let mut statement = transaction.prepare_cached(
        "DELETE FROM messages
         WHERE id IN (SELECT id FROM messages WHERE id < ?1 ORDER BY id LIMIT ?2)
         RETURNING policy, bytes",
    )?;
    let mut rows = statement.query(params![protected.last.0.cast_signed(), step])?;
    let mut pruned = 0;
    while let Some(row) = rows.next()? {
        let policy = usize::try_from(crate::row::unsigned(row, 0)?).unwrap_or_default();
        usage.remove(PolicyId(policy), crate::row::unsigned(row, 1)?);
        pruned += 1;
    }
    Ok(pruned)
}

/// Gives unused pages at the end of the file back.
fn vacuum(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare(&format!("PRAGMA incremental_vacuum({STEP_PAGES})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// The pages of the database file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pages {
    pub(crate) all: u64,
    pub(crate) unused: u64,
    pub(crate) bytes: u64,
}

impl Pages {
    pub(crate) fn read(connection: &rusqlite::Connection) -> rusqlite::Result<Self> {
        let pragma =
            |name| connection.pragma_query_value(None, name, |row| crate::row::unsigned(row, 0));
        Ok(Self {
            all: pragma("page_count")?,
            unused: pragma("freelist_count")?,
            bytes: pragma("page_size")?,
        })
    }

    pub(crate) fn used_bytes(&self) -> u64 {
        self.all.saturating_sub(self.unused) * self.bytes
    }
}
