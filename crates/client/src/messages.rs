//! The loop that polls, subscribes again, and backs off.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{self, Instant};

use crate::backoff::Backoff;
use crate::client::{Client, Pickup};
use crate::error::ClientError;
use crate::message::Received;

/// How long one poll waits for a message.
pub const POLL_WAIT: Duration = Duration::from_secs(25);

/// The pause after the first attempt that failed. Each one after it doubles.
pub const SHORTEST_PAUSE: Duration = Duration::from_millis(500);

/// The pause that attempts that keep failing come to.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The messages of a client, one after the other, without end.
///
/// While the broker is away, or cannot do it now, this tries again after a
/// pause that doubles from [`SHORTEST_PAUSE`] to [`LONGEST_PAUSE`]; when it is
/// back, or says that it does not know the client, this subscribes again to
/// everything that [`Client::subscribe`] subscribed to. What was published
/// while the broker did not know the client is not among the messages.
///
/// Two of these of one client share its queue: each message goes to one. The
/// broker keeps nothing of what it handed over, so that dropping this loses
/// what the last poll brought and [`Messages::next`] has not returned yet.
pub struct Messages {
    client: Client,
    /// What a poll brought and was not asked for yet: at most one pickup.
    received: VecDeque<Received>,
    /// The poll that is under way. It is kept here, not in the future of
    /// `next`: what the broker handed over would be lost with that.
    poll: Option<Pin<Box<dyn Future<Output = Polled> + Send>>>,
    /// No poll begins before.
    not_before: Instant,
    backoff: Backoff,
    /// Whether the broker may not know the client's subscriptions.
    is_unknown: bool,
}

/// What came of one poll.
type Polled = Result<Vec<Received>, ClientError>;

impl Messages {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            received: VecDeque::new(),
            poll: None,
            not_before: Instant::now(),
            backoff: Backoff::new(SHORTEST_PAUSE, LONGEST_PAUSE),
            is_unknown: false,
        }
    }

    /// The next message, in the order of publishing, once for each filter that
    /// matched. Waits until there is one, and before the first subscription
    /// until there is that.
    ///
    /// Dropping the future loses nothing, so it can stand in a
    /// `tokio::select!`.
    ///
    /// # Errors
    /// What does not pass by itself: the broker refuses this client, or what
    /// answers is no broker. Asking again is another attempt, after the pause.
    pub async fn next(&mut self) -> Result<Received, ClientError> {
        loop {
            if let Some(received) = self.received.pop_front() {
                return Ok(received);
            }
            let poll = match &mut self.poll {
                Some(poll) => poll,
                none => {
                    time::sleep_until(self.not_before).await;
                    // For a poll that brings nothing before its time, as from
                    // a broker that is about to stop.
                    self.not_before = Instant::now() + SHORTEST_PAUSE;
                    none.insert(Box::pin(poll(self.client.clone(), self.is_unknown)))
                }
            };
            let polled = poll.await;
            self.poll = None;
            match polled {
                Ok(received) => self.take(received),
                Err(error) => self.back_off(error)?,
            }
        }
    }

    fn take(&mut self, received: Vec<Received>) {
        let was_unknown = self.is_unknown;
        self.is_unknown = received.iter().any(Received::is_resubscribe);
        if self.is_unknown && was_unknown {
            // It forgets at once: subscribing without a pause would flood it.
            self.not_before = Instant::now() + self.backoff.failed();
        } else {
            if self.backoff.succeeded() {
                tracing::info!("the broker answers again");
            }
            if !received.is_empty() {
                self.not_before = Instant::now();
            }
        }
        self.received = received.into();
        self.received.retain(|received| !received.is_resubscribe());
    }

    fn back_off(&mut self, error: ClientError) -> Result<(), ClientError> {
        let pause = self.backoff.failed();
        self.not_before = Instant::now() + pause;
        // A broker that was away may have come back without its memory, and
        // learnt of this client anew from a single subscription.
        self.is_unknown = true;
        if !error.is_transient() {
            return Err(error);
        }
        let seconds = pause.as_secs_f64();
        if pause == SHORTEST_PAUSE {
            tracing::warn!("{error}; trying again in {seconds} s, and until it succeeds");
        } else {
            tracing::debug!("{error}; trying again in {seconds} s");
        }
        Ok(())
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("client", &self.client)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// One poll, and before it what the broker may not know.
async fn poll(client: Client, is_unknown: bool) -> Polled {
    if is_unknown {
        client.subscribe_again().await?;
    }
    let pickup = Pickup {
        wait: POLL_WAIT,
        max: None,
    };
    let received = client.pickup(pickup).await?;
    if received.iter().any(Received::is_resubscribe) {
        client.subscribed().await;
    }
    Ok(received)
}
