//! Values by a regular expression.
//!
//! A pattern is a small program from outside, so everything about it is
//! bounded: its length, its size when it is made ready, the time of a search,
//! what it finds, and how many run at a time. The library matches in time that
//! grows with pattern times text, never faster than that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moustique_core::{Limits, Message};
use thiserror::Error;
use tokio::sync::watch;
use tokio::{task, time};

use crate::broker::Broker;
use crate::shared::Shared;

mod pattern;

pub use pattern::Pattern;

/// Values that are copied under the lock at a time: some 20 µs.
pub(crate) const SLICE: usize = 256;

/// How long a search waits for its turn.
const TURN_PATIENCE: Duration = Duration::from_secs(1);

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The last messages whose topic matches, sorted by topic.
    pub messages: Vec<Arc<Message>>,
    /// Whether there is more that matches: these are the first ones.
    pub is_cut: bool,
}

/// Why a search found nothing out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SearchError {
    /// The pattern has more bytes than [`Limits::regex_bytes`].
    #[error("the regular expression has {bytes} bytes; at most {limit} are allowed")]
    TooLong {
        /// Length of what was given.
        bytes: usize,
        /// Length that is allowed.
        limit: usize,
    },
    /// It is no regular expression.
    #[error("the regular expression is not valid: character {position}: {reason}")]
    Invalid {
        /// Where the fault begins, counted in characters from 1.
        position: usize,
        /// What is wrong there.
        reason: String,
    },
    /// It takes more than [`Limits::regex_compiled_bytes`] when it is made
    /// ready.
    #[error(
        "the regular expression takes more than {limit} bytes when it is made ready; at most {limit} are allowed: repeat less in it"
    )]
    TooLarge {
        /// Bytes that are allowed.
        limit: usize,
    },
    /// It has more wide classes under `(?i)` than can be made ready soon.
    #[error(
        "the regular expression ignores case and names {given} wide sets of characters; at most {limit} are allowed with (?i)"
    )]
    TooCostly {
        /// Classes that were counted.
        given: usize,
        /// Classes that are allowed.
        limit: usize,
    },
    /// It was not through all topics within [`Limits::regex_time`].
    #[error(
        "the search took longer than {} ms, which is the most that one may take; a regular expression that begins with ^ and repeats less is faster", .limit.as_millis()
    )]
    TooSlow {
        /// Time that is allowed.
        limit: Duration,
    },
    /// No turn came.
    #[error("{limit} searches are under way, and none ended for {} s; try again later", .waited.as_secs())]
    Busy {
        /// Searches that may be under way at a time.
        limit: usize,
        /// How long this one waited.
        waited: Duration,
    },
    /// The search ended by a fault of its own.
    #[error("the search failed; nothing was found out")]
    Failed,
}

impl Broker {
    /// The last messages of the topics in which the pattern is found, anywhere
    /// unless it says otherwise. Runs off the async threads.
    ///
    /// # Errors
    /// When the pattern is none or too large, or a bound of the search is
    /// reached.
    pub async fn search(&self, pattern: &str, limits: &Limits) -> Result<Found, SearchError> {
        self.search_after(pattern, None, limits).await
    }

    /// The same among the topics after one.
    ///
    /// # Errors
    /// As [`Broker::search`].
    pub async fn search_after(
        &self,
        pattern: &str,
        after: Option<&str>,
        limits: &Limits,
    ) -> Result<Found, SearchError> {
        check_length(pattern, limits)?;
        let turn = self.shared().searches.take(limits.regex_searches).await?;
        let (shared, pattern, limits) = (self.shared_owned(), pattern.to_owned(), limits.clone());
        let after = after.map(str::to_owned);
        let search = task::spawn_blocking(move || {
            let found = search(&shared, &pattern, after.as_deref(), &limits);
            // Whoever asked may have gone long before the search ends.
            drop(turn);
            found
        });
        search.await.unwrap_or(Err(SearchError::Failed))
    }
}

fn check_length(pattern: &str, limits: &Limits) -> Result<(), SearchError> {
    if pattern.len() > limits.regex_bytes {
        return Err(SearchError::TooLong {
            bytes: pattern.len(),
            limit: limits.regex_bytes,
        });
    }
    Ok(())
}

fn search(
    shared: &Shared,
    pattern: &str,
    after: Option<&str>,
    limits: &Limits,
) -> Result<Found, SearchError> {
    let begun = Instant::now();
    let regex = pattern::compile(pattern, limits.regex_compiled_bytes)?;
    let mut found = Found::default();
    let mut bytes = 0;
    let mut slice: Vec<Arc<Message>> = Vec::new();
    loop {
        let last = slice.last().map(|message| message.topic.as_str());
        slice = shared.values_after(last.or(after), SLICE);
        if slice.is_empty() {
            return Ok(found);
        }
        for message in &slice {
            if begun.elapsed() > limits.regex_time {
                return Err(SearchError::TooSlow {
                    limit: limits.regex_time,
                });
            }
            if !regex.is_match(message.topic.as_str()) {
                continue;
            }
            bytes += message.bytes();
            let is_full = found.messages.len() >= limits.regex_results
                || (bytes > limits.regex_result_bytes && !found.messages.is_empty());
            if is_full {
                found.is_cut = true;
                return Ok(found);
            }
            found.messages.push(Arc::clone(message));
        }
    }
}

/// How many searches are under way. The bound is an argument, not a part, so
/// that it can change while the broker runs.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: watch::Sender<usize>,
}

/// A search's turn, until it is dropped.
#[derive(Debug)]
struct Turn {
    taken: watch::Sender<usize>,
}

impl Turns {
    async fn take(&self, limit: usize) -> Result<Turn, SearchError> {
        let mut news = self.taken.subscribe();
        let turn = async {
            // An error would say that the sender is gone, which `self` holds.
            while !self.try_take(limit) && news.changed().await.is_ok() {}
        };
        match time::timeout(TURN_PATIENCE, turn).await {
            Ok(()) => Ok(Turn {
                taken: self.taken.clone(),
            }),
            Err(_) => Err(SearchError::Busy {
                limit,
                waited: TURN_PATIENCE,
            }),
        }
    }

    fn try_take(&self, limit: usize) -> bool {
        self.taken.send_if_modified(|taken| {
            let is_free = *taken < limit;
            *taken += usize::from(is_free);
            is_free
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.taken.send_modify(|taken| *taken -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_third_search_waits_for_a_turn_but_not_for_ever() {
        let turns = Turns::default();
        let first = turns.take(2).await.unwrap();
        let _second = turns.take(2).await.unwrap();
        let begun = time::Instant::now();
        let refused = turns.take(2).await.unwrap_err();
        assert_eq!(begun.elapsed(), TURN_PATIENCE);
        assert!(matches!(refused, SearchError::Busy { limit: 2, .. }));
        let (third, ()) = tokio::join!(turns.take(2), async {
            time::sleep(TURN_PATIENCE / 2).await;
            drop(first);
        });
        let third = third.unwrap();
        assert_eq!(*turns.taken.borrow(), 2);
        drop(third);
        assert_eq!(*turns.taken.borrow(), 1);
        // A wider bound holds at once.
        turns.take(2).await.unwrap();
    }
}
