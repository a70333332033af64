//! Following the messages from some place on, past and to come.

use std::collections::VecDeque;
use std::sync::Arc;

use moustique_core::{Filter, Message, MessageId};
use moustique_store::LogPage;
use tokio::sync::watch;
use tokio::task;

use crate::broker::Broker;
use crate::error::Refused;

/// Messages that are followed, in the order of their ids, each once: first
/// those that are there, out of the log, then those that come.
///
/// Nothing is kept for a follower: it takes from the newest messages, which all
/// followers share, and reads the log when it is further behind. So one that is
/// slow costs nobody anything.
#[derive(Debug)]
pub struct Follow {
    broker: Broker,
    filters: Vec<Filter>,
    /// Whatever is up to here was told, or is none that is followed.
    told: MessageId,
    ready: VecDeque<Followed>,
    stored: watch::Receiver<MessageId>,
    stopping: watch::Receiver<bool>,
}

/// What a follower is told.
#[derive(Clone, Debug)]
pub enum Followed {
    /// Messages, oldest first.
    Messages(Vec<Arc<Message>>),
    /// Messages may be missing here.
    Gap(Gap),
}

/// Some messages between two ids are not in the log any more. Whether any of
/// them would have been followed is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last message before the gap.
    pub after: MessageId,
    /// From this one on all are there.
    pub first: MessageId,
}

impl Broker {
    /// Follows the published messages that one of the filters matches, from the
    /// one after `since` on; without it, from those on that are stored after
    /// this returns.
    #[must_use]
    pub fn follow(&self, filters: Vec<Filter>, since: Option<MessageId>) -> Follow {
        let mut stored = self.shared().stored.subscribe();
        let last = *stored.borrow_and_update();
        let mut ready = VecDeque::new();
        let told = match since {
            // The log was begun anew since, or the id is none of this broker's.
            Some(since) if since > last => {
                ready.push_back(Followed::Gap(Gap {
                    after: since,
                    first: last.next(),
                }));
                last
            }
            Some(since) => since,
            None => last,
        };
        Follow {
            broker: self.clone(),
            filters,
            told,
            ready,
            stored,
            stopping: self.stopping(),
        }
    }

    async fn log(&self, after: MessageId, up_to: MessageId) -> Result<LogPage, Refused> {
        let reader = self.shared().reader.clone();
        // Never closed, so there always comes a turn.
        let _turn = self.shared().readers.acquire().await;
        let read = task::spawn_blocking(move || reader.log(after, up_to)).await;
        match read {
            Ok(read) => read.map_err(|error| Refused::NotRead(error.to_string())),
            Err(error) => Err(Refused::NotRead(error.to_string())),
        }
    }
}

impl Follow {
    /// Up to which message everything was told: where another follower can go
    /// on.
    #[must_use]
    pub fn told(&self) -> MessageId {
        self.told
    }

    /// Waits for what comes next. `None` when the broker begins to stop.
    /// Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// When the log cannot be read. The next call tries again.
    pub async fn next(&mut self) -> Option<Result<Followed, Refused>> {
        loop {
            if *self.stopping.borrow() {
                return None;
            }
            if let Some(followed) = self.ready.pop_front() {
                return Some(Ok(followed));
            }
            // The log has more than this for a moment before it may be seen.
            let last = *self.stored.borrow_and_update();
            if self.told >= last {
                tokio::select! {
                    biased;
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                    _ = self.stored.changed() => continue,
                }
            }
            let recent = self.broker.shared().recent().after(self.told);
            match recent {
                Some(messages) => self.take_recent(messages, last),
                None => {
                    let page = tokio::select! {
                        biased;
                        _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                        page = self.broker.log(self.told, last) => page,
                    };
                    match page {
                        Ok(page) => self.take_page(page, last),
                        Err(refused) => return Some(Err(refused)),
                    }
                }
            }
        }
    }

    fn take_recent(&mut self, messages: Vec<Arc<Message>>, last: MessageId) {
        let seen = messages
            .into_iter()
            .take_while(|message| message.id <= last);
        let now = self.broker.shared().clock.run();
        let mut followed = Vec::new();
        for message in seen {
            self.told = message.id;
            if self.follows(&message) {
                let waited = now.since(message.taken);
                let counters = self.broker.counters();
                counters.delivery_latency.observe(waited);
                followed.push(message);
            }
        }
        self.push(followed);
    }

    /// Takes what the log has after what was told, up to `last`. Ids leave
    /// nothing out, so one that is missing was pruned or lost.
    fn take_page(&mut self, page: LogPage, last: MessageId) {
        let mut gap: Option<Gap> = None;
        let mut expected = self.told.next();
        let mut miss_until = |expected: MessageId, first: MessageId| {
            if first > expected {
                let after = gap.map_or(MessageId(expected.0.saturating_sub(1)), |gap| gap.after);
                gap = Some(Gap { after, first });
            }
        };
        for message in &page.messages {
            miss_until(expected, message.id);
            expected = message.id.next();
        }
        if !page.more {
            miss_until(expected, last.next());
            expected = last.next();
        }
        self.told = MessageId(expected.0.saturating_sub(1));
        self.ready.extend(gap.map(Followed::Gap));
        let messages = page.messages.into_iter();
        let followed = messages.filter(|message| self.follows(message));
        let followed = followed.map(Arc::new).collect();
        self.push(followed);
    }

    fn push(&mut self, messages: Vec<Arc<Message>>) {
        if !messages.is_empty() {
            self.ready.push_back(Followed::Messages(messages));
        }
    }

    fn follows(&self, message: &Message) -> bool {
        let mut filters = self.filters.iter();
        message.kind.is_delivered() && filters.any(|filter| filter.matches(&message.topic))
    }
}
