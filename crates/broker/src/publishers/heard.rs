//! Who published since a message, and what was published last: for those who
//! look from time to time.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use moustique_core::{Message, MessageId, PublisherName};

use super::{Publisher, Publishers};
use crate::broker::Broker;

/// Somebody who published, as far as it can be told from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// It gave a name.
    Named(PublisherName),
    /// It gave none: the address it came from.
    At(IpAddr),
}

/// Who was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Each once, the latest first.
    pub speakers: Vec<Speaker>,
    /// Up to which message all of them are there: from here on is the next look.
    pub up_to: MessageId,
}

impl Speaker {
    /// Who published a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        match &message.from {
            Some(name) => Self::Named(name.clone()),
            None => Self::At(message.address),
        }
    }
}

impl Broker {
    /// The last message that was there before the broker started.
    #[must_use]
    pub fn found(&self) -> MessageId {
        self.shared().found
    }

    /// Who published something after that message, of those publishers that are
    /// known. Takes as long as there are publishers that did, not messages.
    ///
    /// Of those that give no name, the ones whose message is the latest of one of
    /// the topics that are known of them.
    #[must_use]
    pub fn heard_after(&self, after: MessageId) -> Heard {
        let mut publishers = self.shared().lock_publishers();
        publishers.catch_up(self.shared().clock.run());
        publishers.heard_after(after)
    }

    /// The latest message of each of those topics that were published to last,
    /// the newest first.
    #[must_use]
    pub fn latest(&self, limit: usize) -> Vec<Arc<Message>> {
        let mut publishers = self.shared().lock_publishers();
        publishers.catch_up(self.shared().clock.run());
        publishers.latest(limit)
    }
}

impl Publishers {
    fn heard_after(&self, after: MessageId) -> Heard {
        // The latest first: behind one that was not heard nobody was.
        let heard = self.known.iter();
        let heard = heard.take_while(|(_, publisher)| publisher.latest.id > after);
        let mut speakers = Vec::new();
        let mut up_to = after;
        for (name, publisher) in heard {
            up_to = up_to.max(publisher.latest.id);
            match name {
                Some(name) => speakers.push(Speaker::Named(name.clone())),
                None => {
                    let addresses: HashSet<IpAddr> = publisher.addresses_after(after).collect();
                    speakers.extend(addresses.into_iter().map(Speaker::At));
                }
            }
        }
        Heard { speakers, up_to }
    }

    fn latest(&self, limit: usize) -> Vec<Arc<Message>> {
        // The newest `limit` topics are those of the latest `limit` publishers:
        // each of these has a message that is newer than all of the others.
        let publishers = self.known.iter().take(limit);
        let mut messages: Vec<_> = publishers
            .flat_map(|(_, publisher)| publisher.by_topic.values())
            .collect();
        messages.sort_unstable_by_key(|message| Reverse(message.id));
        let mut seen = HashSet::new();
        messages.retain(|message| seen.insert(&message.topic));
        messages.into_iter().take(limit).cloned().collect()
    }
}

impl Publisher {
    fn addresses_after(&self, after: MessageId) -> impl Iterator<Item = IpAddr> {
        let messages = self.by_topic.values();
        let heard = messages.filter(move |message| message.id > after);
        heard.map(|message| message.address)
    }
}

#[cfg(test)]
mod tests {
    use moustique_core::{Limits, RunTime};

    use super::super::tests::{message, publishers};
    use super::*;

    fn from(id: u64, from: &str, topic: &str, last_octet: u8) -> Arc<Message> {
        Arc::new(Message {
            address: [10, 0, 0, last_octet].into(),
            ..Message::clone(&message(id, from, topic))
        })
    }

    fn named(name: &str) -> Speaker {
        Speaker::Named(PublisherName::parse(name, &Limits::default()).unwrap())
    }

    #[test]
    fn who_was_heard_since_is_told_once() {
        let (feed, mut publishers) = publishers(Limits::default());
        let batch = [
            from(5, "a", "/t", 1),
            from(6, "b", "/t", 2),
            from(7, "", "/u", 3),
            from(8, "", "/v", 4),
            from(9, "a", "/t", 1),
        ];
        feed.send(batch.into()).unwrap();
        publishers.catch_up(RunTime(9_000));

        let heard = publishers.heard_after(MessageId(4));
        assert_eq!(heard.up_to, MessageId(9));
        assert_eq!(heard.speakers.len(), 4);
        for speaker in [
            named("a"),
            named("b"),
            Speaker::At([10, 0, 0, 3].into()),
            Speaker::At([10, 0, 0, 4].into()),
        ] {
            assert!(heard.speakers.contains(&speaker), "{speaker:?}");
        }

        let heard = publishers.heard_after(MessageId(7));
        let expected = [named("a"), Speaker::At([10, 0, 0, 4].into())];
        assert_eq!(heard.speakers, expected);
        let heard = publishers.heard_after(MessageId(9));
        assert_eq!((heard.speakers, heard.up_to), (vec![], MessageId(9)));
    }

    #[test]
    fn the_latest_topics_come_first_and_each_once() {
        let (feed, mut publishers) = publishers(Limits::default());
        assert!(publishers.latest(3).is_empty());
        let batch = [
            from(1, "a", "/1", 1),
            from(2, "b", "/2", 1),
            from(3, "a", "/3", 1),
            from(4, "b", "/1", 1),
            from(5, "c", "/5", 1),
        ];
        feed.send(batch.into()).unwrap();
        publishers.catch_up(RunTime(9_000));

        let ids = |limit| -> Vec<u64> {
            let latest = publishers.latest(limit);
            latest.iter().map(|message| message.id.0).collect()
        };
        assert_eq!(ids(3), [5, 4, 3]);
        assert_eq!(ids(9), [5, 4, 3, 2]);
        assert_eq!(ids(0), [] as [u64; 0]);
    }
}
