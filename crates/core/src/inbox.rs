//! What waits for one client, and what is on its way to it.
//!
//! A message is in one of three places: it *waits* in the queue, it is *in
//! flight* with the reply of one pickup, or it is under a *lease*. Only when it
//! has left all of them is it settled, and the log need not remember it for
//! this client any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::RunTime;
use crate::filter::Filter;
use crate::lease::{Lease, LeaseToken};
use crate::limits::Limits;
use crate::message::{Message, MessageId};
use crate::queue::{Delivery, Queue};

/// A client's messages.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    queue: Queue,
    in_flight: Option<InFlight>,
    leases: BTreeMap<LeaseToken, Lease>,
    last_let_go: Option<LeaseToken>,
    /// What is in flight and under leases, which counts like what waits.
    held_messages: usize,
    held_bytes: usize,
    /// The last message ever handed over; later ones are the queue's.
    handed_over: MessageId,
    /// Messages dropped that the client has not been told of.
    untold: u64,
}

/// The reply that is on its way.
#[derive(Clone, Copy, Debug)]
struct InFlight {
    number: u64,
    first: Option<MessageId>,
}

/// What a pickup takes along.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) dropped: u64,
}

/// What came of leases that have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// Messages that wait again.
    pub(crate) again: u64,
    /// Messages that were dropped to stay within the bounds.
    pub(crate) dropped: u64,
}

/// What became of the wish to let go of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// Its messages are settled.
    Done,
    /// It was the last one to be let go of: the request came twice.
    Before,
    /// There is no such lease: it has ended, and its messages come again.
    Unknown,
}

impl Inbox {
    /// An inbox to which everything up to `cursor` was handed over.
    pub(crate) fn new(cursor: MessageId) -> Self {
        Self {
            handed_over: cursor,
            ..Self::default()
        }
    }

    /// Messages that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Bytes that wait.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.queue.bytes()
    }

    /// Messages that are in flight or under leases.
    pub(crate) fn held(&self) -> usize {
        self.held_messages
    }

    /// Bytes of everything that is not settled.
    pub(crate) fn bytes(&self) -> usize {
        self.queue.bytes() + self.held_bytes
    }

    /// Whether the message came after everything that was handed over.
    pub(crate) fn is_news(&self, message: &Message) -> bool {
        message.id > self.handed_over
    }

    /// Adds a message under a filter. Calls for one message follow each other.
    ///
    /// Returns how many of the oldest were dropped to stay within the bounds.
    pub(crate) fn push(&mut self, message: &Arc<Message>, filter: &Filter, limits: &Limits) -> u64 {
        self.queue.push(message, filter);
        self.drop_beyond(limits)
    }

    /// Drops the oldest message that waits. False when none does.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let dropped = self.queue.drop_oldest();
        self.untold += u64::from(dropped);
        dropped
    }

    /// Whether a reply is on its way. The next one goes out after it, so that
    /// a reply that breaks leaves no hole behind it.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Takes what waits for the reply of that number, at most `max` messages,
    /// and tells what was dropped. The caller makes sure that none is in
    /// flight.
    pub(crate) fn take(&mut self, number: u64, max: usize, limits: &Limits) -> Taken {
        let deliveries = self.queue.take(max, limits);
        let taken = Taken {
            dropped: std::mem::take(&mut self.untold),
            deliveries,
        };
        if let Some(last) = taken.deliveries.last() {
            self.handed_over = self.handed_over.max(last.message.id);
        }
        if !taken.deliveries.is_empty() || taken.dropped > 0 {
            self.hold(&taken.deliveries);
            self.in_flight = Some(InFlight {
                number,
                first: taken.deliveries.first().map(|first| first.message.id),
            });
        }
        taken
    }

    /// The reply of that number has gone out: its messages are settled, or
    /// under the lease. False when another one is in flight.
    pub(crate) fn arrived(
        &mut self,
        number: u64,
        deliveries: Vec<Delivery>,
        lease: Option<(LeaseToken, RunTime)>,
    ) -> bool {
        if !self.lands(number) {
            return false;
        }
        match lease {
            Some((token, until)) if !deliveries.is_empty() => {
                self.leases.insert(token, Lease { until, deliveries });
            }
            _ => self.release(&deliveries),
        }
        true
    }

    /// The reply of that number did not go out: its messages wait again, first.
    pub(crate) fn give_back(&mut self, number: u64, taken: Taken, limits: &Limits) -> u64 {
        if !self.lands(number) {
            return 0;
        }
        self.release(&taken.deliveries);
        self.untold += taken.dropped;
        self.queue.give_back(taken.deliveries);
        self.drop_beyond(limits)
    }

    /// Lets go of the messages under a lease.
    pub(crate) fn let_go(&mut self, token: LeaseToken) -> LetGo {
        match self.leases.remove(&token) {
            Some(lease) => {
                self.release(&lease.deliveries);
                self.last_let_go = Some(token);
                LetGo::Done
            }
            None if self.last_let_go == Some(token) => LetGo::Before,
            None => LetGo::Unknown,
        }
    }

    /// Puts messages whose lease has ended back at the head of the queue. Those
    /// whose filters are all gone are settled instead.
    pub(crate) fn end_leases(&mut self, now: RunTime, limits: &Limits) -> Ended {
        let ended: Vec<LeaseToken> = self
            .leases
            .iter()
            .filter(|(_, lease)| lease.until <= now)
            .map(|(token, _)| *token)
            .collect();
        let mut again = 0;
        for token in &ended {
            let Some(lease) = self.leases.remove(token) else {
                continue;
            };
            self.release(&lease.deliveries);
            let wanted = lease.deliveries.into_iter();
            let wanted: Vec<_> = wanted
                .filter(|delivery| !delivery.filters.is_empty())
                .map(|delivery| Delivery {
                    redelivered: delivery.redelivered.saturating_add(1),
                    ..delivery
                })
                .collect();
            again += wanted.len() as u64;
            self.queue.give_back(wanted);
        }
        let dropped = if ended.is_empty() {
            0
        } else {
            self.drop_beyond(limits)
        };
        Ended { again, dropped }
    }

    /// When the next lease ends.
    pub(crate) fn next_lease_end(&self) -> Option<RunTime> {
        self.leases.values().map(|lease| lease.until).min()
    }

    /// When the last lease ends.
    pub(crate) fn last_lease_end(&self) -> Option<RunTime> {
        self.leases.values().map(|lease| lease.until).max()
    }

    /// Forgets the filter, and the messages that only it matched.
    pub(crate) fn forget_filter(&mut self, filter: &Filter) {
        self.queue.forget_filter(filter);
        for lease in self.leases.values_mut() {
            for delivery in &mut lease.deliveries {
                delivery.filters.retain(|matched| matched != filter);
            }
        }
    }

    /// Everything up to this message is settled: the log may forget that it
    /// was for this client, and a start begins after it.
    pub(crate) fn settled(&self) -> MessageId {
        let in_flight = self.in_flight.and_then(|reply| reply.first);
        let leased = self.leases.values();
        let leased = leased.filter_map(|lease| lease.deliveries.first());
        let outstanding = in_flight
            .into_iter()
            .chain(leased.map(|delivery| delivery.message.id))
            .chain(self.queue.first().filter(|id| *id <= self.handed_over));
        match outstanding.min() {
            Some(first) => first.previous(),
            None => self.handed_over,
        }
    }

    /// The oldest message that is not settled.
    pub(crate) fn first_unsettled(&self) -> Option<MessageId> {
        let in_flight = self.in_flight.and_then(|reply| reply.first);
        let leased = self.leases.values();
        let leased = leased.filter_map(|lease| lease.deliveries.first());
        in_flight
            .into_iter()
            .chain(leased.map(|delivery| delivery.message.id))
            .chain(self.queue.first())
            .min()
    }

    fn lands(&mut self, number: u64) -> bool {
        self.in_flight
            .take_if(|reply| reply.number == number)
            .is_some()
    }

    fn hold(&mut self, deliveries: &[Delivery]) {
        self.held_messages += deliveries.len();
        self.held_bytes += bytes(deliveries);
    }

    fn release(&mut self, deliveries: &[Delivery]) {
        self.held_messages -= deliveries.len();
        self.held_bytes -= bytes(deliveries);
    }

    fn drop_beyond(&mut self, limits: &Limits) -> u64 {
        let mut dropped = 0;
        while self.waiting() + self.held_messages > limits.queue_messages
            || self.bytes() > limits.queue_bytes
        {
            if !self.drop_oldest() {
                break;
            }
            dropped += 1;
        }
        dropped
    }
}

fn bytes(deliveries: &[Delivery]) -> usize {
    deliveries
        .iter()
        .map(|delivery| delivery.message.bytes())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::lease::LeaseTokens;
    use crate::message::MessageKind;
    use crate::topic::Topic;

    fn message(id: u64, payload: &str) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId(id),
            time: Timestamp(0),
            taken: RunTime(0),
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

    /// An inbox in which the messages 1 to `last` wait.
    fn inbox(last: u64) -> Inbox {
        let mut inbox = Inbox::new(MessageId(0));
        for id in 1..=last {
            inbox.push(&message(id, "m"), &filter("t"), &Limits::default());
        }
        inbox
    }

    fn take(inbox: &mut Inbox, number: u64, max: usize) -> Vec<Delivery> {
        inbox.take(number, max, &Limits::default()).deliveries
    }

    fn ids(deliveries: &[Delivery]) -> Vec<u64> {
        deliveries.iter().map(|d| d.message.id.0).collect()
    }

    #[test]
    fn what_is_in_flight_is_not_settled() {
        let mut inbox = inbox(3);
        assert_eq!(inbox.settled(), MessageId(0));
        let taken = take(&mut inbox, 1, 2);
        assert_eq!((inbox.settled(), inbox.is_busy()), (MessageId(0), true));
        assert_eq!(inbox.first_unsettled(), Some(MessageId(1)));
        assert!(inbox.arrived(1, taken, None));
        assert_eq!((inbox.settled(), inbox.is_busy()), (MessageId(2), false));
        assert_eq!((inbox.waiting(), inbox.held(), inbox.bytes()), (1, 0, 2));
    }

    #[test]
    fn a_reply_that_broke_leaves_everything_as_it_was() {
        let mut inbox = inbox(3);
        inbox.untold = 7;
        let taken = inbox.take(1, 2, &Limits::default());
        assert_eq!(taken.dropped, 7);
        inbox.give_back(1, taken, &Limits::default());
        assert_eq!((inbox.waiting(), inbox.held(), inbox.untold), (3, 0, 7));
        assert_eq!(inbox.settled(), MessageId(0));
        assert_eq!(ids(&take(&mut inbox, 2, 9)), [1, 2, 3]);
    }

    #[test]
    fn another_reply_does_not_land() {
        let mut inbox = inbox(1);
        let taken = take(&mut inbox, 5, 9);
        assert!(!inbox.arrived(4, taken.clone(), None));
        assert!(inbox.is_busy());
        assert!(inbox.arrived(5, taken, None));
    }

    #[test]
    fn leased_messages_come_again_first_and_in_order() {
        let mut tokens = LeaseTokens::new(Timestamp(0));
        let mut inbox = inbox(6);
        for (number, until) in [(1, 500), (2, 400)] {
            let taken = take(&mut inbox, number, 2);
            let lease = Some((tokens.next(), RunTime(until)));
            inbox.arrived(number, taken, lease);
        }
        assert_eq!((inbox.held(), inbox.settled()), (4, MessageId(0)));
        assert_eq!(inbox.next_lease_end(), Some(RunTime(400)));
        assert_eq!(inbox.last_lease_end(), Some(RunTime(500)));
        inbox.end_leases(RunTime(500), &Limits::default());
        let again = take(&mut inbox, 3, 9);
        assert_eq!(ids(&again), [1, 2, 3, 4, 5, 6]);
        let counts: Vec<u32> = again.iter().map(|d| d.redelivered).collect();
        assert_eq!(counts, [1, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn a_lease_that_is_let_go_of_settles_its_messages() {
        let mut tokens = LeaseTokens::new(Timestamp(0));
        let mut inbox = inbox(4);
        let (one, two) = (tokens.next(), tokens.next());
        for (number, token) in [(1, one), (2, two)] {
            let taken = take(&mut inbox, number, 2);
            inbox.arrived(number, taken, Some((token, RunTime(9))));
        }
        assert_eq!(inbox.let_go(two), LetGo::Done);
        assert_eq!(inbox.settled(), MessageId(0), "1 and 2 are not settled");
        assert_eq!(inbox.let_go(two), LetGo::Before);
        assert_eq!(inbox.let_go(one), LetGo::Done);
        assert_eq!(inbox.let_go(two), LetGo::Unknown);
        assert_eq!((inbox.settled(), inbox.bytes()), (MessageId(4), 0));
    }

    #[test]
    fn the_oldest_is_dropped_at_either_bound() {
        let limits = Limits {
            queue_messages: 3,
            queue_bytes: 10,
            ..Limits::default()
        };
        let mut inbox = Inbox::new(MessageId(0));
        let push = |inbox: &mut Inbox, id, payload: &str| {
            inbox.push(&message(id, payload), &filter("t"), &limits)
        };
        assert_eq!((1..=3).map(|id| push(&mut inbox, id, "")).sum::<u64>(), 0);
        assert_eq!(push(&mut inbox, 4, ""), 1);
        let dropped = push(&mut inbox, 5, "12345678");
        assert_eq!(dropped, 2, "3 would fit, 11 bytes do not");
        let taken = inbox.take(1, 9, &limits);
        assert_eq!((ids(&taken.deliveries), taken.dropped), (vec![4, 5], 3));
        assert_eq!(inbox.take(2, 9, &limits).dropped, 0, "told once");
    }

    #[test]
    fn what_is_held_counts_like_what_waits() {
        let limits = Limits {
            queue_messages: 2,
            ..Limits::default()
        };
        let mut inbox = inbox(2);
        let taken = take(&mut inbox, 1, 9);
        let (both, token) = (filter("#"), LeaseTokens::new(Timestamp(0)).next());
        inbox.arrived(1, taken, Some((token, RunTime(9))));
        let news = message(3, "m");
        let first = inbox.push(&news, &filter("t"), &limits);
        assert_eq!((first, inbox.push(&news, &both, &limits)), (1, 0));
        inbox.let_go(token);
        assert_eq!(inbox.push(&message(4, "m"), &both, &limits), 0);
        assert_eq!(inbox.waiting(), 1);
    }
}
