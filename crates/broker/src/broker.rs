//! The handle.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use moustique_core::{
    ClientKey, ClientName, Command, Draft, Filter, Handover, LeaseToken, LetGo, Limits, Message,
    Outcome, Picked, Retention, State, Take, Topic,
};
use moustique_store::Span;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::{task, time};

use crate::carried::Carried;
use crate::error::{Refused, RefusedBatch};
use crate::pickup::{Pickup, PickupOrder};
use crate::sequencer::Order;
use crate::shared::Shared;
use crate::statistics::{Contents, Counters, Statistics};

/// How long an order waits for a place before the sequencer.
const ORDER_PATIENCE: Duration = Duration::from_secs(5);

/// How long a pickup that does not wait for messages waits for the reply before
/// it to go out.
const BUSY_PATIENCE: Duration = Duration::from_millis(100);

/// How the broker runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The bounds that hold.
    pub limits: Limits,
    /// Time between two rounds of forgetting silent clients and pruning.
    pub maintenance_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            maintenance_interval: Duration::from_secs(30),
        }
    }
}

/// A running broker. Cloning gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct Broker {
    shared: Arc<Shared>,
    /// Not in [`Shared`]: the sequencer, which holds that, ends when the last
    /// handle is gone.
    orders: mpsc::Sender<Order>,
}

impl Broker {
    /// Publishes or puts a message, or deletes a value. Returns when that is
    /// stored and, for those who subscribed, queued.
    ///
    /// # Errors
    /// When a bound is reached, the disk fails, or the broker stops.
    pub async fn publish(&self, draft: Draft) -> Result<Outcome, Refused> {
        self.carry(Command::Publish(draft)).await
    }

    /// Publishes all of the messages, with ids in their order and as one
    /// transaction, or none of them.
    ///
    /// # Errors
    /// When a bound is reached, the disk fails, or the broker stops.
    pub async fn publish_all(&self, drafts: Vec<Draft>) -> Result<Vec<Outcome>, RefusedBatch> {
        let (reply, answer) = oneshot::channel();
        self.order(Carried::all(drafts, reply)).await?;
        answer.await.unwrap_or(Err(Refused::Stopping.into()))
    }

    /// Subscribes a client. Every message published after this returns is
    /// for it. Subscribing again changes nothing.
    ///
    /// # Errors
    /// When a bound is reached, the disk fails, or the broker stops.
    pub async fn subscribe(
        &self,
        client: ClientName,
        filter: Filter,
        address: IpAddr,
    ) -> Result<(), Refused> {
        let now = self.shared.clock.now();
        self.shared.lock().state.hear(client.as_str(), address, now);
        let subscribe = Command::Subscribe {
            client,
            filter,
            address,
        };
        self.carry(subscribe).await.map(drop)
    }

    /// Ends a client's subscription. Nothing is handed over under that filter
    /// after this returns; a client that is not subscribed is left as it is.
    ///
    /// # Errors
    /// When the disk fails, or the broker stops.
    pub async fn unsubscribe(
        &self,
        client: ClientName,
        filter: Filter,
        address: IpAddr,
    ) -> Result<(), Refused> {
        let now = self.shared.clock.now();
        self.shared.lock().state.hear(client.as_str(), address, now);
        let unsubscribe = Command::Unsubscribe { client, filter };
        self.carry(unsubscribe).await.map(drop)
    }

    /// Hands over what waits for a client, and waits for it when nothing is
    /// there. Lets go of the lease that the order names, if it is held still.
    /// `None` when the client is not known.
    ///
    /// # Errors
    /// When the broker stops. A pickup that is parked when it begins to stop
    /// is answered with nothing.
    pub async fn pickup(&self, order: PickupOrder<'_>) -> Result<Option<Pickup>, Refused> {
        if self.is_stopping() {
            return Err(Refused::Stopping);
        }
        if let Some(token) = order.ack {
            self.let_go(order.client, token);
        }
        let mut stopping = self.shared.stopping.subscribe();
        let begun = time::Instant::now();
        let take = Take {
            max: order.max,
            lease: order.lease,
            address: order.address,
        };
        loop {
            // Looked at and parked under one lock, so nothing slips between.
            let (parked, deadline) = {
                let mut inner = self.shared.lock();
                let now = self.shared.clock.now();
                let Some(picked) = inner.state.take(order.client, take, now) else {
                    return Ok(None);
                };
                let wait = match picked {
                    Picked::Busy => order.wait.max(BUSY_PATIENCE),
                    Picked::Messages(_) => order.wait,
                };
                let deadline = begun + wait;
                let is_over = time::Instant::now() >= deadline || *stopping.borrow_and_update();
                match picked {
                    Picked::Messages(handover) if is_over || !handover.is_empty() => {
                        drop(inner);
                        return Ok(Some(Pickup::new(self.clone(), handover)));
                    }
                    Picked::Busy if is_over => return Ok(Some(Pickup::nothing(self.clone()))),
                    _ => {}
                }
                let Some(key) = inner.state.key(order.client) else {
                    return Ok(None);
                };
                let lease_end = inner.state.next_lease_end(order.client);
                let again = lease_end.map_or(deadline, |end| {
                    time::Instant::now() + self.shared.clock.left(end)
                });
                (inner.waiters.park(key), again.min(deadline))
            };
            tokio::select! {
                _ = parked => {}
                () = time::sleep_until(deadline) => {}
                _ = stopping.changed() => {}
            }
        }
    }

    /// Lets go of the messages that a client has under a lease. `None` when the
    /// client is not known.
    #[must_use]
    pub fn acknowledge(&self, client: &str, token: LeaseToken, address: IpAddr) -> Option<LetGo> {
        let now = self.shared.clock.now();
        self.shared.lock().state.hear(client, address, now)?;
        self.let_go(client, token)
    }

    /// Messages of a topic in the log, at most `limit` and at most
    /// [`moustique_store::MAX_HISTORY`].
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn history(
        &self,
        topic: Topic,
        span: Span,
        limit: usize,
    ) -> Result<Vec<Message>, Refused> {
        let reader = self.shared.reader.clone();
        // Never closed, so there always comes a turn.
        let _turn = self.shared.readers.acquire().await;
        let read = task::spawn_blocking(move || reader.history(&topic, span, limit)).await;
        match read {
            Ok(read) => read.map_err(|error| Refused::NotRead(error.to_string())),
            Err(error) => Err(Refused::NotRead(error.to_string())),
        }
    }

    /// Writes to the disk to see whether the broker can store something, once a
    /// second at most: who asks more often is told what was found out.
    ///
    /// # Errors
    /// The reason why it cannot.
    pub async fn check(&self) -> Result<(), Refused> {
        if self.is_stopping() {
            return Err(Refused::Stopping);
        }
        self.shared.readiness.ask(self.check_store()).await
    }

    async fn check_store(&self) -> Result<(), Refused> {
        let busy = || Refused::Busy {
            seconds: ORDER_PATIENCE.as_secs(),
        };
        let (reply, answer) = oneshot::channel();
        match self.orders.try_send(Order::Check(reply)) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(busy()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(Refused::Stopping),
        }
        match time::timeout(ORDER_PATIENCE, answer).await {
            Ok(Ok(checked)) => checked,
            Ok(Err(_)) => Err(Refused::Stopping),
            Err(_) => Err(busy()),
        }
    }

    /// Every message from now on, batch by batch as they are stored.
    #[must_use]
    pub fn feed(&self) -> broadcast::Receiver<Arc<[Arc<Message>]>> {
        self.shared.feed.subscribe()
    }

    /// How busy the broker is, and how full.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let contents = Contents::of(&self.shared.lock().state);
        let space = *self.shared.lock_space();
        let queued = self.orders.max_capacity() - self.orders.capacity();
        self.shared.counters.read(contents, space, queued)
    }

    /// The counters of those who serve the broker.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Whether the broker is about to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.shared.stopping.borrow()
    }

    /// Becomes true when the broker is about to stop.
    #[must_use]
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.shared.stopping.subscribe()
    }

    /// Has other bounds hold from now on, and another retention as far as that
    /// is possible without numbering the log anew: see [`Retention::adopt`].
    /// Nobody is disconnected and nothing is taken away; what is beyond a
    /// lowered bound goes as it would have gone before. Returns when they hold.
    ///
    /// # Errors
    /// When the broker stops.
    pub async fn change(&self, options: Options, retention: Retention) -> Result<(), Refused> {
        let (reply, changed) = oneshot::channel();
        self.shared.lock_publishers().change(&options.limits);
        let order = Order::Change(Box::new((options.limits, retention)), reply);
        let sent = self.orders.send(order).await;
        sent.map_err(|_| Refused::Stopping)?;
        changed.await.map_err(|_| Refused::Stopping)?;
        let interval = &self.shared.maintenance_interval;
        interval.send_if_modified(|held| {
            let is_news = *held != options.maintenance_interval;
            *held = options.maintenance_interval;
            is_news
        });
        Ok(())
    }

    /// Refuses new orders and answers parked pickups from now on. What was
    /// ordered before is still carried out.
    pub fn drain(&self) {
        self.shared.stopping.send_replace(true);
    }

    /// Drains, carries out what was ordered, and closes the store. Returns
    /// when everything is in the database file.
    pub async fn stop(&self) {
        self.drain();
        let (reply, stopped) = oneshot::channel();
        // Errors say that it stopped before.
        if self.orders.send(Order::Stop(reply)).await.is_ok() {
            let _ = stopped.await;
        }
        self.ended().await;
    }

    /// Returns when the sequencer has ended, be it that the broker stopped or
    /// that a fault ended it: then nothing can be stored any more.
    pub async fn ended(&self) {
        let mut ended = self.shared.ended.subscribe();
        // An error would say that the sender is gone, which `self` holds.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    pub(crate) fn from_parts(shared: Arc<Shared>, orders: mpsc::Sender<Order>) -> Self {
        Self { shared, orders }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn shared_owned(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Has the sequencer carry out a command.
    pub(crate) async fn carry(&self, command: Command) -> Result<Outcome, Refused> {
        let (reply, answer) = oneshot::channel();
        self.order(Carried::one(command, reply)).await?;
        answer.await.unwrap_or(Err(Refused::Stopping))
    }

    /// Gives an order to the sequencer, as soon as that takes one more.
    async fn order(&self, carried: Carried) -> Result<(), Refused> {
        if self.is_stopping() {
            return Err(Refused::Stopping);
        }
        let order = Order::Carry(carried);
        let sent = match self.orders.try_send(order) {
            Err(mpsc::error::TrySendError::Full(order)) => {
                match self.orders.send_timeout(order, ORDER_PATIENCE).await {
                    Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                        return Err(Refused::Busy {
                            seconds: ORDER_PATIENCE.as_secs(),
                        });
                    }
                    sent => sent.is_ok(),
                }
            }
            sent => sent.is_ok(),
        };
        if sent { Ok(()) } else { Err(Refused::Stopping) }
    }

    /// Sends an order that nobody waits for. When the queue is full, a batch
    /// is coming anyway and the next round repeats the order.
    pub(crate) fn send(&self, order: Order) {
        let _ = self.orders.try_send(order);
    }

    pub(crate) fn handover_arrived(&self, handover: Handover) {
        let now = self.shared.clock.run();
        for delivery in &handover.deliveries {
            let waited = now.since(delivery.message.taken);
            self.shared.counters.delivery_latency.observe(waited);
        }
        self.hand_on(|state| state.arrived(handover, now));
        self.send(Order::StoreCursors);
    }

    pub(crate) fn handover_failed(&self, handover: Handover) {
        self.hand_on(|state| state.give_back(handover));
    }

    fn let_go(&self, client: &str, token: LeaseToken) -> Option<LetGo> {
        let now = self.shared.clock.run();
        let outcome = self.shared.lock().state.let_go(client, token, now);
        self.send(Order::StoreCursors);
        outcome
    }

    /// Settles a reply, and wakes the pickups that wait for that.
    fn hand_on(&self, settle: impl FnOnce(&mut State) -> Option<ClientKey>) {
        let waiters = {
            let mut inner = self.shared.lock();
            let next = settle(&mut inner.state);
            inner.waiters.take(next)
        };
        for waiter in waiters {
            let _ = waiter.send(());
        }
    }
}
