//! The newest messages, for those who follow them.

use std::collections::VecDeque;
use std::sync::Arc;

use moustique_core::{Message, MessageId};

/// Messages kept for followers. Beyond, the oldest goes: who is further behind
/// reads the log.
const MESSAGES: usize = 8_192;

/// Bytes of them.
const BYTES: usize = 16 * 1024 * 1024;

/// Messages that a follower takes at a time.
const TAKEN: usize = 1_000;

/// Bytes of them, but at least one message.
const TAKEN_BYTES: usize = 2 * 1024 * 1024;

/// The newest messages, with ids that leave nothing out.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
}

impl Recent {
    /// Adds messages in the order of their ids.
    pub(crate) fn extend(&mut self, messages: &[Arc<Message>]) {
        for message in messages {
            let last = self.messages.back();
            if last.is_some_and(|last| last.id.next() != message.id) {
                self.clear();
            }
            self.bytes += message.bytes();
            self.messages.push_back(Arc::clone(message));
        }
        while (self.messages.len() > MESSAGES || self.bytes > BYTES)
            && let Some(oldest) = self.messages.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
    }

    /// Forgets all: nobody follows.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The first messages after that one, or `None` when the next one is not
    /// here.
    pub(crate) fn after(&self, after: MessageId) -> Option<Vec<Arc<Message>>> {
        let first = self.messages.front()?.id.0;
        let skipped = usize::try_from(after.next().0.checked_sub(first)?).ok()?;
        let mut bytes = 0;
        let taken: Vec<_> = self
            .messages
            .iter()
            .skip(skipped)
            .take(TAKEN)
            .take_while(|message| {
                let fits = bytes < TAKEN_BYTES;
                bytes += message.bytes();
                fits
            })
            .cloned()
            .collect();
        Some(taken).filter(|taken| !taken.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use moustique_core::{Limits, MessageKind, RunTime, Timestamp, Topic};

    use super::*;

    fn message(id: u64, payload: &str) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId(id),
            time: Timestamp(0),
            taken: RunTime(0),
            topic: Topic::parse("t", &Limits::default()).unwrap(),
            payload: payload.into(),
            from: None,
            address: Ipv4Addr::LOCALHOST.into(),
            updated_time: 0,
            kind: MessageKind::Published,
        })
    }

    fn ids(recent: &Recent, after: u64) -> Option<Vec<u64>> {
        let taken = recent.after(MessageId(after))?;
        Some(taken.iter().map(|message| message.id.0).collect())
    }

    #[test]
    fn what_follows_a_message_is_there_or_known_to_be_missing() {
        let mut recent = Recent::default();
        assert_eq!(ids(&recent, 0), None);
        recent.extend(&[message(5, ""), message(6, ""), message(7, "")]);
        assert_eq!(ids(&recent, 4), Some(vec![5, 6, 7]));
        assert_eq!(ids(&recent, 6), Some(vec![7]));
        for missing in [0, 3, 7, 8] {
            assert_eq!(ids(&recent, missing), None, "{missing}");
        }
        // After a hole it begins anew.
        recent.extend(&[message(9, "")]);
        assert_eq!((ids(&recent, 6), ids(&recent, 8)), (None, Some(vec![9])));
    }

    #[test]
    fn it_is_bounded_and_so_is_what_is_taken() {
        let mut recent = Recent::default();
        for id in 1..=(MESSAGES as u64 + 10) {
            recent.extend(&[message(id, "")]);
        }
        assert_eq!(ids(&recent, 9), None);
        assert_eq!(ids(&recent, 10).unwrap().len(), TAKEN);
        let large = "x".repeat(TAKEN_BYTES);
        let start = MESSAGES as u64 + 11;
        for id in start..start + 20 {
            recent.extend(&[message(id, &large)]);
        }
        assert!(recent.bytes <= BYTES && recent.messages.len() < 9);
        assert_eq!(ids(&recent, start + 18), Some(vec![start + 19]));
        assert_eq!(ids(&recent, start + 15), Some(vec![start + 16]));
    }
}
