//! What waits for one client.

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::filter::Filter;
use crate::limits::Limits;
use crate::message::Message;

/// A message for a client, with those of its filters that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Arc<Message>,
    /// The filters that matched: at least one, no order.
    pub filters: SmallVec<[Filter; 1]>,
}

/// A client's undelivered messages, oldest first, each once.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    deliveries: VecDeque<Delivery>,
    bytes: usize,
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.deliveries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds the message under the filter. Calls for one message follow each
    /// other, so a second filter is added to the delivery at the end.
    ///
    /// Returns how many of the oldest were dropped to stay within the bounds.
    pub(crate) fn push(&mut self, message: &Arc<Message>, filter: &Filter, limits: &Limits) -> u64 {
        if let Some(last) = self.deliveries.back_mut()
            && last.message.id == message.id
        {
            last.filters.push(filter.clone());
            return 0;
        }
        self.bytes += message.bytes();
        self.deliveries.push_back(Delivery {
            message: Arc::clone(message),
            filters: SmallVec::from_iter([filter.clone()]),
        });
        let mut dropped = 0;
        while self.deliveries.len() > limits.queue_messages || self.bytes > limits.queue_bytes {
            dropped += u64::from(self.drop_oldest());
        }
        dropped
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

    /// Puts what was taken but did not arrive back at the head.
    pub(crate) fn give_back(&mut self, deliveries: Vec<Delivery>) {
        for delivery in deliveries.into_iter().rev() {
            self.bytes += delivery.message.bytes();
            self.deliveries.push_front(delivery);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{MessageId, MessageKind, Timestamp};
    use crate::topic::Topic;

    fn message(id: u64, payload: &str) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId(id),
            time: Timestamp(0),
            topic: Topic::parse("t", &Limits::default()).unwrap(),
            payload: payload.into(),
            from: None,
            address: [127, 0, 0, 1].into(),
            updated_time: 0,
            kind: MessageKind::Published,
        })
    }

    fn filter(text: &str) -> Filter {
        Filter::parse(text, &Limits::default()).unwrap()
    }

    fn ids(deliveries: &[Delivery]) -> Vec<u64> {
        deliveries.iter().map(|d| d.message.id.0).collect()
    }

    #[test]
    fn a_message_that_two_filters_match_waits_once() {
        let mut queue = Queue::default();
        let message = message(1, "m");
        queue.push(&message, &filter("t"), &Limits::default());
        queue.push(&message, &filter("#"), &Limits::default());
        assert_eq!((queue.len(), queue.bytes()), (1, 2));
        let taken = queue.take(usize::MAX, &Limits::default());
        assert_eq!(taken[0].filters.as_slice(), [filter("t"), filter("#")]);
    }

    #[test]
    fn the_oldest_is_dropped_at_either_bound() {
        let limits = Limits {
            queue_messages: 3,
            queue_bytes: 10,
            ..Limits::default()
        };
        let mut queue = Queue::default();
        let push = |queue: &mut Queue, id, payload: &str| {
            queue.push(&message(id, payload), &filter("t"), &limits)
        };
        assert_eq!((1..=3).map(|id| push(&mut queue, id, "")).sum::<u64>(), 0);
        assert_eq!(push(&mut queue, 4, ""), 1);
        assert_eq!(
            push(&mut queue, 5, "12345678"),
            2,
            "3 would fit, 11 bytes do not"
        );
        assert_eq!(ids(&queue.take(9, &limits)), [4, 5]);
        assert_eq!(queue.bytes(), 0);
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
            queue.push(&message(id, payload), &filter("t"), &limits);
        }
        assert_eq!(ids(&queue.take(1, &limits)), [1]);
        assert_eq!(ids(&queue.take(9, &limits)), [2, 3]);
        assert_eq!(ids(&queue.take(9, &limits)), [4]);
        assert_eq!(ids(&queue.take(9, &limits)), [5]);
        let last = queue.take(9, &limits);
        queue.give_back(last);
        assert_eq!(ids(&queue.take(9, &limits)), [6]);
    }
}
