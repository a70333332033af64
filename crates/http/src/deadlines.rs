//! What a connection owes us, and since when.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use std::time::Duration;

use moustique_broker::Bound;
use tokio::time::{self, Instant};

use crate::limits::HttpLimits;

/// When a connection is closed because its peer does nothing.
#[derive(Debug)]
pub(crate) struct Deadlines {
    head: Duration,
    idle: Duration,
    reader: Duration,
    owed: Mutex<Owed>,
}

/// What the peer owes.
#[derive(Clone, Copy, Debug)]
struct Owed {
    request: Request,
    /// Since when the beginning of a head is there without its end, if it is.
    asking: Option<Instant>,
    /// Since when it takes nothing of what is written, if that is so.
    blocked: Option<Instant>,
}

/// The head of a request that the peer owes.
#[derive(Clone, Copy, Debug)]
enum Request {
    /// Its first.
    First { since: Instant },
    /// Another.
    Next { since: Instant },
    /// We owe the answer.
    None,
}

impl Deadlines {
    /// Those of a connection that was opened at `begun`.
    pub(crate) fn new(limits: &HttpLimits, begun: Instant) -> Self {
        Self {
            head: limits.first_request,
            idle: limits.idle,
            reader: limits.reader,
            owed: Mutex::new(Owed {
                request: Request::First { since: begun },
                asking: None,
                blocked: None,
            }),
        }
    }

    /// The head of a request has come.
    pub(crate) fn asked(&self) {
        self.owed().request = Request::None;
    }

    /// The beginning of a head has come, or its end.
    pub(crate) fn asking(&self, is_asking: bool) {
        self.owed().asking = is_asking.then(Instant::now);
    }

    /// hyper has the whole answer.
    pub(crate) fn answered(&self) {
        self.owed().request = Request::Next {
            since: Instant::now(),
        };
    }

    /// The peer takes no more bytes for now.
    pub(crate) fn blocked(&self) {
        self.owed().blocked = Some(Instant::now());
    }

    /// The peer has taken bytes again. What it reads as late as now, it can
    /// answer only from now on.
    pub(crate) fn unblocked(&self) {
        let mut owed = self.owed();
        owed.blocked = None;
        if let Request::Next { since } = &mut owed.request {
            *since = Instant::now();
        }
    }

    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the connection is to be closed if nothing happens, and at which
    /// bound. A peer that has yet to read an answer does not owe a request.
    fn deadline(&self) -> Option<(Instant, Bound)> {
        let owed = *self.owed();
        match (owed.blocked, owed.request) {
            (Some(since), _) => Some((since + self.reader, Bound::Reader)),
            (None, Request::First { since }) => Some((since + self.head, Bound::FirstRequest)),
            (None, Request::Next { since }) => Some(match owed.asking {
                // It may have begun while we had yet to answer.
                Some(begun) => (since.max(begun) + self.head, Bound::FirstRequest),
                None => (since + self.idle, Bound::Idle),
            }),
            (None, Request::None) => None,
        }
    }

    /// Returns when the peer has done nothing for too long, with the bound.
    ///
    /// It must be polled after the connection in the same task, so that it sees
    /// what the connection did. Its one timer is set anew only when something
    /// is due earlier, or when it ends before anything is due: a busy
    /// connection costs one timer a minute.
    pub(crate) async fn passed(&self) -> Bound {
        let mut alarm = pin!(time::sleep(self.idle));
        poll_fn(|cx| {
            loop {
                let deadline = self.deadline();
                if let Some((at, _)) = deadline
                    && at < alarm.deadline()
                {
                    alarm.as_mut().reset(at);
                }
                ready!(alarm.as_mut().poll(cx));
                let now = Instant::now();
                match deadline {
                    Some((at, bound)) if at <= now => return Poll::Ready(bound),
                    Some((at, _)) => alarm.as_mut().reset(at),
                    None => alarm.as_mut().reset(now + self.idle),
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bound at which the connection is closed, and after how many seconds.
    async fn closed(deadlines: &Deadlines) -> (Bound, u64) {
        let begun = Instant::now();
        let bound = deadlines.passed().await;
        (bound, begun.elapsed().as_secs())
    }

    async fn seconds(seconds: u64) {
        time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_owed_decides_how_long_is_waited() {
        let deadlines = Deadlines::new(&HttpLimits::default(), Instant::now());
        assert_eq!(closed(&deadlines).await, (Bound::FirstRequest, 5));
        let deadlines = Deadlines::new(&HttpLimits::default(), Instant::now());
        deadlines.asked();
        deadlines.answered();
        assert_eq!(closed(&deadlines).await, (Bound::Idle, 60));
    }

    /// One that was sent byte by byte had a minute.
    #[tokio::test(start_paused = true)]
    async fn a_later_head_has_the_time_of_the_first_from_its_first_byte() {
        // It begins before the answer, or after it.
        for begins_before in [true, false] {
            let deadlines = Deadlines::new(&HttpLimits::default(), Instant::now());
            deadlines.asked();
            let peer = async {
                if begins_before {
                    deadlines.asking(true);
                    seconds(10).await;
                    deadlines.answered();
                } else {
                    deadlines.answered();
                    seconds(10).await;
                    deadlines.asking(true);
                }
            };
            let (closed, ()) = tokio::join!(closed(&deadlines), peer);
            assert_eq!(closed, (Bound::FirstRequest, 15), "{begins_before}");
        }
        // It came to its end.
        let deadlines = Deadlines::new(&HttpLimits::default(), Instant::now());
        deadlines.asking(true);
        deadlines.asking(false);
        deadlines.asked();
        deadlines.answered();
        assert_eq!(closed(&deadlines).await, (Bound::Idle, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_is_not_idle_however_long_it_takes() {
        let deadlines = Deadlines::new(&HttpLimits::default(), Instant::now());
        deadlines.asked();
        let answer = async {
            seconds(1_000).await;
            deadlines.answered();
        };
        let (closed, ()) = tokio::join!(closed(&deadlines), answer);
        assert_eq!(closed, (Bound::Idle, 1_060));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_is_given_its_time_anew_with_each_progress() {
        let deadlines = Deadlines::new(&HttpLimits::default(), Instant::now());
        deadlines.asked();
        deadlines.answered();
        let reading = async {
            // Longer than a connection may be idle: it is not, it reads.
            for _ in 0..10 {
                deadlines.blocked();
                seconds(9).await;
                deadlines.unblocked();
            }
            deadlines.blocked();
        };
        let (closed, ()) = tokio::join!(closed(&deadlines), reading);
        assert_eq!(closed, (Bound::Reader, 100));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_has_the_whole_time_to_ask_again() {
        let deadlines = Deadlines::new(&HttpLimits::default(), Instant::now());
        deadlines.asked();
        deadlines.answered();
        let reading = async {
            deadlines.blocked();
            seconds(9).await;
            deadlines.unblocked();
        };
        let (closed, ()) = tokio::join!(closed(&deadlines), reading);
        assert_eq!(closed, (Bound::Idle, 69));
    }
}
