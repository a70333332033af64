//! What waits for one client.

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::filter::Filter;
use crate::limits::Limits;
use crate::message::{Message, MessageId};
use crate::settled::Span;

/// A message for a client, with those of its filters that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Arc<Message>,
    /// The filters that matched: at least one, no order.
    pub filters: SmallVec<[Filter; 1]>,
    /// How often it was handed over under a lease that ended.
    pub redelivered: u32,
}

/// A client's undelivered messages, oldest first, each once.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    /// The last message that was added, be it still here or not.
    newest: MessageId,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.deliveries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The oldest message.
    pub(crate) fn first(&self) -> Option<MessageId> {
        self.deliveries.front().map(|first| first.message.id)
    }

    /// What of a span waits here.
    pub(crate) fn within(&self, span: Span) -> Option<Span> {
        let before = |id: MessageId| {
            let waiting = &self.deliveries;
            waiting.partition_point(|waiting| waiting.message.id < id)
        };
        let (from, to) = (before(span.first), before(span.last.next()));
        let id = |place: usize| self.deliveries.get(place).map(|there| there.message.id);
        let last = to.checked_sub(1).filter(|last| *last >= from)?;
        Some(Span {
            first: id(from)?,
            last: id(last)?,
        })
    }

    /// Adds the message under the filter. Calls for one message follow each
    /// other, so a second filter is added to the delivery at the end.
    pub(crate) fn push(&mut self, message: &Arc<Message>, filter: &Filter) {
        if message.id == self.newest {
            // It may have been dropped since, for want of room.
            if let Some(last) = self.deliveries.back_mut()
                && last.message.id == message.id
            {
                last.filters.push(filter.clone());
            }
            return;
        }
        self.newest = message.id;
        self.bytes += message.bytes();
        self.deliveries.push_back(Delivery {
            message: Arc::clone(message),
            filters: SmallVec::from_iter([filter.clone()]),
            redelivered: 0,
        });
    }

    /// Drops the oldest message. False when there is none.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        match self.deliveries.pop_front() {
            Some(delivery) => {
                self.bytes -= delivery.message.bytes();
                true
            }
            None => false,
        }
    }

    /// Takes the oldest messages, at most `max` and at most what one pickup
    /// may carry, but always one when there is one.
    pub(crate) fn take(&mut self, max: usize, limits: &Limits) -> Vec<Delivery> {
        let max = max.min(limits.pickup_messages);
        let mut bytes = 0;
        let count = self
            .deliveries
            .iter()
            .take(max)
            .enumerate()
            .take_while(|(index, delivery)| {
                // A message stands in the reply once under each filter.
                bytes += delivery.message.bytes() * delivery.filters.len();
                *index == 0 || bytes <= limits.pickup_bytes
            })
            .count();
        let taken: Vec<_> = self.deliveries.drain(..count).collect();
        self.bytes -= taken.iter().map(|d| d.message.bytes()).sum::<usize>();
        taken
    }

    /// Puts what was taken back in its place, which is the head unless more was
    /// taken since. Messages whose filters are all gone are forgotten.
    pub(crate) fn give_back(&mut self, deliveries: Vec<Delivery>) {
        for delivery in deliveries.into_iter().rev() {
            if delivery.filters.is_empty() {
                continue;
            }
            self.bytes += delivery.message.bytes();
            let id = delivery.message.id;
            let place = self
                .deliveries
                .partition_point(|waiting| waiting.message.id < id);
            self.deliveries.insert(place, delivery);
        }
    }

    /// Forgets the filter, and the messages that only it matched.
    pub(crate) fn forget_filter(&mut self, filter: &Filter) {
        self.deliveries.retain_mut(|delivery| {
            delivery.filters.retain(|matched| matched != filter);
            !delivery.filters.is_empty()
        });
        let bytes = |delivery: &Delivery| delivery.message.bytes();
        self.bytes = self.deliveries.iter().map(bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{filter, message};

    fn ids(deliveries: &[Delivery]) -> Vec<u64> {
        deliveries.iter().map(|d| d.message.id.0).collect()
    }

    #[test]
    fn a_message_that_two_filters_match_waits_once() {
        let mut queue = Queue::default();
        let message = message(1, "m");
        queue.push(&message, &filter("t"));
        queue.push(&message, &filter("#"));
        assert_eq!((queue.len(), queue.bytes()), (1, 2));
        let taken = queue.take(usize::MAX, &Limits::default());
        assert_eq!(taken[0].filters.as_slice(), [filter("t"), filter("#")]);
    }

    #[test]
    fn a_pickup_is_bounded_but_never_stuck() {
        let limits = Limits {
            pickup_messages: 2,
            pickup_bytes: 5,
            ..Limits::default()
        };
        let mut queue = Queue::default();
        for (id, payload) in [
            (1, ""),
            (2, ""),
            (3, ""),
            (4, "too long"),
            (5, "abc"),
            (6, "abc"),
        ] {
            queue.push(&message(id, payload), &filter("t"));
        }
        assert_eq!(ids(&queue.take(1, &limits)), [1]);
        assert_eq!(ids(&queue.take(9, &limits)), [2, 3]);
        assert_eq!(ids(&queue.take(9, &limits)), [4]);
        assert_eq!(ids(&queue.take(9, &limits)), [5]);
        let last = queue.take(9, &limits);
        queue.give_back(last);
        assert_eq!(ids(&queue.take(9, &limits)), [6]);
    }

    #[test]
    fn what_comes_back_takes_its_place_again() {
        let mut queue = Queue::default();
        for id in 1..=6 {
            queue.push(&message(id, "m"), &filter("t"));
        }
        let limits = Limits::default();
        let (first, second) = (queue.take(2, &limits), queue.take(2, &limits));
        queue.give_back(second);
        queue.give_back(first);
        assert_eq!(ids(&queue.take(9, &limits)), [1, 2, 3, 4, 5, 6]);
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn a_forgotten_filter_takes_its_messages_along() {
        let mut queue = Queue::default();
        queue.push(&message(1, "m"), &filter("t"));
        queue.push(&message(2, "m"), &filter("t"));
        queue.push(&message(2, "m"), &filter("#"));
        queue.forget_filter(&filter("t"));
        let taken = queue.take(9, &Limits::default());
        assert_eq!(ids(&taken), [2]);
        assert_eq!(taken[0].filters.as_slice(), [filter("#")]);
        assert_eq!(queue.bytes(), 0);
    }
}
