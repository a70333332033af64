//! The values, page by page.

use std::ops::Bound;
use std::sync::Arc;

use moustique_core::{Filter, Message, Topic};
use tokio::task;

use crate::broker::Broker;

/// Values in a page at most.
pub const MAX_VALUES: usize = 1_000;

/// Bytes of them, but at least one value.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Topics that are looked at under the lock before it is let go of: some
/// hundred microseconds.
const LOOKED_AT: usize = 1_000;

/// A part of the values.
#[derive(Clone, Debug, Default)]
pub struct ValuesPage {
    /// Last messages, sorted by topic.
    pub messages: Vec<Arc<Message>>,
    /// Whether there may be more after the last of them.
    pub more: bool,
    bytes: usize,
}

impl Broker {
    /// The values of topics that the filter matches, sorted by topic, from the
    /// one after `after` on; at most `limit` and at most [`MAX_VALUES`]. Between
    /// two parts of the search others have their turn, so a topic that changes
    /// meanwhile is there as it was or as it is.
    pub async fn values(&self, filter: &Filter, after: Option<&str>, limit: usize) -> ValuesPage {
        let mut page = ValuesPage::default();
        let limit = limit.min(MAX_VALUES);
        let mut looked = self.look(filter, after, limit, &mut page);
        while let Some(topic) = looked {
            task::yield_now().await;
            looked = self.look(filter, Some(topic.as_str()), limit, &mut page);
        }
        page
    }

    /// Looks at some topics after one. Returns the last of them, unless the page
    /// is complete.
    fn look(
        &self,
        filter: &Filter,
        after: Option<&str>,
        limit: usize,
        page: &mut ValuesPage,
    ) -> Option<Topic> {
        let fixed = filter.fixed_part();
        let start = match after {
            Some(after) if after >= fixed => Bound::Excluded(after),
            _ => Bound::Included(fixed),
        };
        let inner = self.shared().lock();
        let mut last = None;
        for message in inner.state.values().starting_at(start).take(LOOKED_AT) {
            // Sorted: what begins otherwise comes after all that matches.
            if !message.topic.as_str().starts_with(fixed) {
                return None;
            }
            last = Some(&message.topic);
            if filter.matches(&message.topic) {
                if page.messages.len() >= limit || page.bytes >= PAGE_BYTES {
                    page.more = true;
                    return None;
                }
                page.bytes += message.bytes();
                page.messages.push(Arc::clone(message));
            }
        }
        last.cloned()
    }
}
