//! Who published, and what last.
//!
//! Kept beside the state, out of the live feed: a publish does not wait for it,
//! and it takes no lock that a publish takes. Whoever asks first reads what the
//! feed still holds, so that a message that is stored is also here.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use lru::LruCache;
use moustique_core::{Limits, Message, PublisherName, RunTime, Timestamp, Topic};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time;

use crate::broker::Broker;
use crate::shared::Shared;
use crate::views::Listed;

mod heard;

pub use heard::{Heard, Speaker};

/// The least time between two looks into the feed, so that messages are noted
/// many at a time. The feed holds what comes in ten times as long.
const PAUSE: Duration = Duration::from_millis(10);

/// What the entry of a topic takes besides its message, for the bound of bytes.
const ENTRY_BYTES: usize = 200;

type Batch = Arc<[Arc<Message>]>;

/// Somebody who published, as it is shown.
#[derive(Clone, Debug)]
pub struct PublisherView {
    /// The name it gave itself; `None` for all who gave none.
    pub name: Option<PublisherName>,
    /// Its latest messages, one a topic, sorted by topic.
    pub by_topic: Vec<Arc<Message>>,
    /// Its latest message of all.
    pub latest: Arc<Message>,
    /// When the broker took the first of its messages that are counted.
    pub first_seen: Timestamp,
    /// Messages since then.
    pub messages: u64,
}

/// The publishers that are known.
#[derive(Debug)]
pub(crate) struct Publishers {
    feed: Receiver<Batch>,
    limits: Limits,
    /// The one that has been silent for the longest is the least recently used.
    known: LruCache<Option<PublisherName>, Publisher>,
    bytes: usize,
}

#[derive(Debug)]
struct Publisher {
    by_topic: BTreeMap<Topic, Arc<Message>>,
    latest: Arc<Message>,
    first_seen: Timestamp,
    messages: u64,
    bytes: usize,
}

/// Notes what is published until the broker ends, which it does not keep alive.
pub(crate) async fn follow(shared: Weak<Shared>) {
    let Some(mut news) = shared.upgrade().map(|shared| shared.feed.subscribe()) else {
        return;
    };
    while !matches!(news.recv().await, Err(RecvError::Closed)) {
        time::sleep(PAUSE).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        // Before the look: what comes after it wakes this up again.
        news = news.resubscribe();
        let now = shared.clock.run();
        shared.lock_publishers().catch_up(now);
    }
}

impl Broker {
    /// The first `limit` publishers, the latest first.
    #[must_use]
    pub fn publishers(&self, limit: usize) -> Listed<PublisherView> {
        let mut publishers = self.shared().lock_publishers();
        publishers.catch_up(self.shared().clock.run());
        let known = publishers.known.iter().take(limit);
        Listed {
            rows: known
                .map(|(name, publisher)| publisher.view(name.clone()))
                .collect(),
            total: publishers.known.len(),
        }
    }

    /// How many publishers are known.
    #[must_use]
    pub fn publisher_count(&self) -> usize {
        let mut publishers = self.shared().lock_publishers();
        publishers.catch_up(self.shared().clock.run());
        publishers.known.len()
    }
}

impl Publishers {
    pub(crate) fn new(feed: Receiver<Batch>, limits: &Limits) -> Self {
        Self {
            feed,
            limits: limits.clone(),
            known: LruCache::unbounded(),
            bytes: 0,
        }
    }

    /// Has other bounds hold from now on. What is beyond them goes when something
    /// new comes.
    pub(crate) fn change(&mut self, limits: &Limits) {
        self.limits = limits.clone();
    }

    /// Notes all that the feed holds.
    pub(crate) fn catch_up(&mut self, now: RunTime) {
        loop {
            match self.feed.try_recv() {
                Ok(batch) => batch.iter().for_each(|message| self.note(message)),
                Err(TryRecvError::Lagged(batches)) => {
                    tracing::debug!(batches, "messages came too fast to count who published");
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        self.forget_silent(now);
    }

    /// Forgets who has published nothing for too long.
    pub(crate) fn forget_silent(&mut self, now: RunTime) {
        while let Some((_, publisher)) = self.known.peek_lru()
            && now.since(publisher.latest.taken) > self.limits.publisher_silence
        {
            self.forget_longest_silent();
        }
    }

    fn note(&mut self, message: &Arc<Message>) {
        if !message.kind.is_delivered() {
            return;
        }
        let publisher = self
            .known
            .get_or_insert_mut(message.from.clone(), || Publisher::new(message));
        let before = publisher.bytes;
        publisher.note(message, self.limits.publisher_topics);
        self.bytes = self.bytes + publisher.bytes - before;
        // The one that has just published stays, whatever it takes.
        while self.known.len() > self.limits.publishers
            || (self.bytes > self.limits.publishers_bytes && self.known.len() > 1)
        {
            self.forget_longest_silent();
        }
    }

    fn forget_longest_silent(&mut self) {
        if let Some((_, publisher)) = self.known.pop_lru() {
            self.bytes -= publisher.bytes;
        }
    }
}

impl Publisher {
    fn new(first: &Arc<Message>) -> Self {
        Self {
            by_topic: BTreeMap::new(),
            latest: Arc::clone(first),
            first_seen: first.time,
            messages: 0,
            bytes: 0,
        }
    }

    fn note(&mut self, message: &Arc<Message>, most_topics: usize) {
        self.messages += 1;
        self.latest = Arc::clone(message);
        self.bytes += entry_bytes(message);
        match self.by_topic.get_mut(&message.topic) {
            Some(latest) => {
                self.bytes -= entry_bytes(latest);
                *latest = Arc::clone(message);
            }
            None => {
                self.by_topic
                    .insert(message.topic.clone(), Arc::clone(message));
                while self.by_topic.len() > most_topics && self.forget_oldest_topic() {}
            }
        }
    }

    fn forget_oldest_topic(&mut self) -> bool {
        let oldest = self.by_topic.values().min_by_key(|message| message.id);
        let oldest = oldest.map(|message| message.topic.clone());
        let forgotten = oldest.and_then(|topic| self.by_topic.remove(&topic));
        if let Some(message) = &forgotten {
            self.bytes -= entry_bytes(message);
        }
        forgotten.is_some()
    }

    fn view(&self, name: Option<PublisherName>) -> PublisherView {
        PublisherView {
            name,
            by_topic: self.by_topic.values().cloned().collect(),
            latest: Arc::clone(&self.latest),
            first_seen: self.first_seen,
            messages: self.messages,
        }
    }
}

fn entry_bytes(message: &Message) -> usize {
    message.bytes() + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast;

    use moustique_core::{MessageId, MessageKind};

    pub(super) fn message(id: u64, from: &str, topic: &str) -> Arc<Message> {
        let limits = Limits::default();
        Arc::new(Message {
            id: MessageId(id),
            time: Timestamp(0),
            taken: RunTime(id * 1_000),
            topic: Topic::parse(topic, &limits).unwrap(),
            payload: "12345678".into(),
            from: PublisherName::parse(from, &limits).ok(),
            address: [127, 0, 0, 1].into(),
            updated_time: 0,
            kind: MessageKind::Published,
        })
    }

    pub(super) fn publishers(limits: Limits) -> (broadcast::Sender<Batch>, Publishers) {
        let feed = broadcast::Sender::new(4);
        let publishers = Publishers::new(feed.subscribe(), &limits);
        (feed, publishers)
    }

    fn names(publishers: &Publishers) -> Vec<String> {
        let names = publishers.known.iter().map(|(name, _)| name.as_ref());
        names
            .map(|name| name.map_or("", |name| name.as_str()).to_owned())
            .collect()
    }

    /// The books agree with what there is.
    fn assert_counted(publishers: &Publishers) {
        let all = publishers.known.iter().map(|(_, publisher)| {
            let bytes = publisher
                .by_topic
                .values()
                .map(|message| entry_bytes(message));
            assert_eq!(publisher.bytes, bytes.sum::<usize>());
            publisher.bytes
        });
        assert_eq!(publishers.bytes, all.sum::<usize>());
    }

    #[test]
    fn the_longest_silent_is_forgotten_for_a_new_one() {
        let (feed, mut publishers) = publishers(Limits {
            publishers: 2,
            ..Limits::default()
        });
        let batch = [(1, "a"), (2, ""), (3, "a"), (4, "c")];
        let batch = batch.map(|(id, from)| message(id, from, "/t"));
        feed.send(batch.into()).unwrap();
        publishers.catch_up(RunTime(4_000));
        assert_eq!(names(&publishers), ["c", "a"]);
        assert_counted(&publishers);
        let (_, a) = publishers.known.peek_lru().unwrap();
        assert_eq!((a.messages, a.latest.id), (2, MessageId(3)));
    }

    #[test]
    fn the_topic_of_longest_ago_is_forgotten_for_a_new_one() {
        let (feed, mut publishers) = publishers(Limits {
            publisher_topics: 2,
            ..Limits::default()
        });
        let batch = [(1, "/a"), (2, "/b"), (3, "/a"), (4, "/c")];
        let batch = batch.map(|(id, topic)| message(id, "p", topic));
        feed.send(batch.into()).unwrap();
        publishers.catch_up(RunTime(4_000));
        let (_, publisher) = publishers.known.peek_lru().unwrap();
        let topics: Vec<_> = publisher.by_topic.keys().map(Topic::as_str).collect();
        assert_eq!(topics, ["/a", "/c"]);
        assert_eq!(publisher.messages, 4);
        assert_counted(&publishers);
        publishers.change(&Limits {
            publisher_topics: 1,
            ..Limits::default()
        });
        feed.send([message(5, "p", "/d")].into()).unwrap();
        publishers.catch_up(RunTime(5_000));
        let (_, publisher) = publishers.known.peek_lru().unwrap();
        assert!(publisher.by_topic.keys().map(Topic::as_str).eq(["/d"]));
        assert_counted(&publishers);
    }

    #[test]
    fn bytes_are_bounded_but_the_latest_stays() {
        let (feed, mut publishers) = publishers(Limits {
            publishers_bytes: 450,
            ..Limits::default()
        });
        for (id, from) in [(1, "a"), (2, "b"), (3, "c")] {
            // 211 bytes each.
            feed.send([message(id, from, "/t")].into()).unwrap();
        }
        publishers.catch_up(RunTime(3_000));
        assert_eq!(names(&publishers), ["c", "b"]);
        publishers.change(&Limits {
            publishers_bytes: 1,
            ..Limits::default()
        });
        feed.send([message(4, "d", "/t")].into()).unwrap();
        publishers.catch_up(RunTime(4_000));
        assert_eq!(names(&publishers), ["d"]);
        assert_counted(&publishers);
    }

    #[test]
    fn who_is_silent_is_forgotten_and_values_that_are_put_are_no_posts() {
        let (feed, mut publishers) = publishers(Limits {
            publisher_silence: Duration::from_secs(10),
            ..Limits::default()
        });
        let put = Message {
            kind: MessageKind::Put,
            ..Message::clone(&message(1, "put", "/t"))
        };
        let batch = [Arc::new(put), message(2, "a", "/t"), message(5, "b", "/t")];
        feed.send(batch.into()).unwrap();
        publishers.catch_up(RunTime(12_000));
        assert_eq!(names(&publishers), ["b", "a"]);
        publishers.forget_silent(RunTime(12_001));
        assert_eq!(names(&publishers), ["b"]);
        assert_counted(&publishers);
    }

    #[test]
    fn what_came_too_fast_is_passed_over() {
        let (feed, mut publishers) = publishers(Limits::default());
        for id in 1..=9 {
            feed.send([message(id, "a", "/t")].into()).unwrap();
        }
        publishers.catch_up(RunTime(9_000));
        let (_, publisher) = publishers.known.peek_lru().unwrap();
        assert_eq!((publisher.messages, publisher.latest.id), (4, MessageId(9)));
    }
}
