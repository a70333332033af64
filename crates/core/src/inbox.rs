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
use crate::settled::{Settled, Span};

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
    /// Where those of before are that wait again, or will when the log is
    /// replayed. Some may have been dropped or forgotten since.
    returned: Vec<Span>,
    /// Messages dropped that the client has not been told of.
    untold: u64,
}

/// The reply that is on its way.
#[derive(Debug)]
struct InFlight {
    number: u64,
    /// Where its messages are in the log.
    spans: Vec<Span>,
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
    /// An inbox whose client has let go of this.
    pub(crate) fn new(settled: Settled) -> Self {
        Self {
            handed_over: settled.last(),
            returned: settled.into_spans(),
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

    /// Whether the client has still to get a message of the log: it came after
    /// everything that was handed over, or it was not let go of before a start.
    pub(crate) fn wants(&self, message: &Message) -> bool {
        let mut returned = self.returned.iter();
        message.id > self.handed_over || returned.any(|span| span.contains(message.id))
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
        if !taken.deliveries.is_empty() || taken.dropped > 0 {
            self.hold(&taken.deliveries);
            let spans = self.spans(&taken.deliveries);
            self.in_flight = Some(InFlight { number, spans });
        }
        if let Some(last) = taken.deliveries.last() {
            self.handed_over = self.handed_over.max(last.message.id);
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
        let Some(spans) = self.land(number) else {
            return false;
        };
        match lease {
            Some((token, until)) if !deliveries.is_empty() => {
                let lease = Lease {
                    until,
                    deliveries,
                    spans,
                };
                self.leases.insert(token, lease);
            }
            _ => self.release(&deliveries),
        }
        true
    }

    /// The reply of that number did not go out: its messages wait again, first.
    pub(crate) fn give_back(&mut self, number: u64, taken: Taken, limits: &Limits) -> u64 {
        let Some(spans) = self.land(number) else {
            return 0;
        };
        self.returned.extend(spans);
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
            self.returned.extend(lease.spans);
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

    /// What is settled: the log may forget that it was for this client, and after a
    /// start it does not come again.
    pub(crate) fn settled(&self) -> Settled {
        let in_flight = self.in_flight.iter().flat_map(|reply| &reply.spans);
        let leased = self.leases.values().flat_map(|lease| &lease.spans);
        let returned = self.returned.iter();
        let returned = returned.filter_map(|span| self.queue.within(*span));
        let open = in_flight.chain(leased).copied().chain(returned);
        Settled::except(self.handed_over, open)
    }

    /// The oldest message that is not settled.
    pub(crate) fn first_unsettled(&self) -> Option<MessageId> {
        let in_flight = self.in_flight.iter().flat_map(|reply| &reply.spans);
        let leased = self.leases.values().flat_map(|lease| &lease.spans);
        let held = in_flight.chain(leased).map(|span| span.first);
        held.chain(self.queue.first()).min()
    }

    /// Where the messages of that reply are, which is no longer in flight. `None`
    /// when it is another one that is.
    fn land(&mut self, number: u64) -> Option<Vec<Span>> {
        let reply = self.in_flight.take_if(|reply| reply.number == number);
        reply.map(|reply| reply.spans)
    }

    /// Where messages are that have just been taken from the head of the queue:
    /// some had come back, the others are news. Nothing that was let go of is
    /// within these spans.
    fn spans(&mut self, taken: &[Delivery]) -> Vec<Span> {
        let mut spans = Vec::new();
        let (Some(first), Some(last)) = (taken.first(), taken.last()) else {
            return spans;
        };
        let (first, last) = (first.message.id, last.message.id);
        self.returned.retain_mut(|span| {
            if span.first <= last {
                spans.push(Span {
                    first: span.first.max(first),
                    last: span.last.min(last),
                });
                span.first = last.next();
            }
            span.first <= span.last
        });
        spans.retain(|span| span.first <= span.last);
        if last > self.handed_over {
            let first = first.max(self.handed_over.next());
            spans.push(Span { first, last });
        }
        spans
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
    use crate::fixture::{filter, message};
    use crate::lease::LeaseTokens;

    /// An inbox in which the messages 1 to `last` wait.
    fn inbox(last: u64) -> Inbox {
        let mut inbox = Inbox::new(Settled::default());
        for id in 1..=last {
            inbox.push(&message(id, "m"), &filter("t"), &Limits::default());
        }
        inbox
    }

    fn take(inbox: &mut Inbox, number: u64, max: usize) -> Vec<Delivery> {
        inbox.take(number, max, &Limits::default()).deliveries
    }

    /// Everything up to this message is settled, and nothing after it.
    fn up_to(inbox: &Inbox) -> MessageId {
        let settled = inbox.settled();
        assert_eq!(settled, Settled::up_to(settled.last()));
        settled.last()
    }

    fn ids(deliveries: &[Delivery]) -> Vec<u64> {
        deliveries.iter().map(|d| d.message.id.0).collect()
    }

    #[test]
    fn what_is_in_flight_is_not_settled() {
        let mut inbox = inbox(3);
        assert_eq!(up_to(&inbox), MessageId(0));
        let taken = take(&mut inbox, 1, 2);
        assert_eq!((up_to(&inbox), inbox.is_busy()), (MessageId(0), true));
        assert_eq!(inbox.first_unsettled(), Some(MessageId(1)));
        assert!(inbox.arrived(1, taken, None));
        assert_eq!((up_to(&inbox), inbox.is_busy()), (MessageId(2), false));
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
        assert_eq!(up_to(&inbox), MessageId(0));
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
        assert_eq!((inbox.held(), up_to(&inbox)), (4, MessageId(0)));
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
        let settled = inbox.settled();
        assert_eq!(settled, Settled::parse(MessageId(4), "1-2").unwrap());
        assert_eq!(settled.wholly_up_to(), MessageId(0));
        assert_eq!(inbox.let_go(two), LetGo::Before);
        assert_eq!(inbox.let_go(one), LetGo::Done);
        assert_eq!(inbox.let_go(two), LetGo::Unknown);
        assert_eq!((up_to(&inbox), inbox.bytes()), (MessageId(4), 0));
    }

    #[test]
    fn the_oldest_is_dropped_at_either_bound() {
        let limits = Limits {
            queue_messages: 3,
            queue_bytes: 10,
            ..Limits::default()
        };
        let mut inbox = Inbox::new(Settled::default());
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
