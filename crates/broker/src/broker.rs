//! The handle.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use moustique_core::{
    ClientName, Command, Draft, Filter, Handover, Limits, Message, MessageId, State, Timestamp,
};
use moustique_store::{OpenError, Store};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time;

use crate::clock;
use crate::error::Refused;
use crate::maintenance;
use crate::pickup::{Pickup, PickupOrder};
use crate::sequencer::{Order, QUEUE_ORDERS, Sequencer};
use crate::statistics::{Counters, Statistics};
use crate::waiters::Waiters;

/// How long an order waits for a place before the sequencer.
const ORDER_PATIENCE: Duration = Duration::from_secs(5);

/// Batches that a listener of the feed may be behind. Beyond, it misses the
/// oldest and is told so.
const FEED_BATCHES: usize = 1_024;

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

/// A part of a sorted list, and how long the whole list is.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The first rows.
    pub rows: Vec<T>,
    /// Rows in all.
    pub total: usize,
}

/// A client as it is shown.
#[derive(Clone, Debug)]
pub struct ClientView {
    /// The name it gave itself.
    pub name: ClientName,
    /// The address of its last request.
    pub address: IpAddr,
    /// When it was heard of last.
    pub seen: Timestamp,
    /// Its filters, sorted.
    pub filters: Vec<Filter>,
    /// How many messages wait for it.
    pub waiting: usize,
}

/// A running broker. Cloning gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct Broker {
    shared: Arc<Shared>,
    /// Not in [`Shared`]: the sequencer, which holds that, ends when the last
    /// handle is gone.
    orders: mpsc::Sender<Order>,
}

/// What the handles, the sequencer and the maintenance share.
#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    feed: broadcast::Sender<Arc<[Arc<Message>]>>,
    stopping: watch::Sender<bool>,
    ended: watch::Sender<bool>,
    pub(crate) counters: Counters,
}

/// What the one lock guards.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) waiters: Waiters,
}

impl Shared {
    /// A thread that panicked under the lock has changed nothing that could
    /// not be read: the broker goes on.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_ended(&self) {
        self.stopping.send_replace(true);
        self.ended.send_replace(true);
    }

    pub(crate) fn publish_to_feed(&self, messages: Vec<Arc<Message>>) {
        if self.feed.receiver_count() > 0 {
            let _ = self.feed.send(messages.into());
        }
    }
}

impl Broker {
    /// Loads everything from the store and starts the sequencer. When this
    /// returns, all that was stored before is there.
    ///
    /// Reads the disk for up to some seconds: call it off the async threads,
    /// but within a runtime, which the maintenance is spawned on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn start(mut store: Store, options: Options) -> Result<Self, OpenError> {
        let loaded = store.load()?;
        let unread = loaded
            .clients
            .iter()
            .map(|client| client.picked_up_to)
            .min();
        let mut state = State::new(options.limits, loaded, Instant::now());
        if let Some(after) = unread {
            replay(&mut store, &mut state, after)?;
        }
        let (orders, taken) = mpsc::channel(QUEUE_ORDERS);
        let shared = Arc::new(Shared {
            inner: Mutex::new(Inner {
                state,
                waiters: Waiters::default(),
            }),
            feed: broadcast::Sender::new(FEED_BATCHES),
            stopping: watch::Sender::new(false),
            ended: watch::Sender::new(false),
            counters: Counters::new(),
        });
        let sequencer = Sequencer::new(store, Arc::clone(&shared), taken);
        thread::Builder::new()
            .name("sequencer".into())
            .spawn(move || sequencer.run())
            .map_err(|source| OpenError::Files {
                path: "the sequencer's thread".into(),
                source,
            })?;
        tokio::spawn(maintenance::run(
            Arc::downgrade(&shared),
            orders.downgrade(),
            options.maintenance_interval,
        ));
        Ok(Self { shared, orders })
    }

    /// Publishes or puts a message. Returns when it is stored and, for those
    /// who subscribed, queued.
    ///
    /// # Errors
    /// When a bound is reached, the disk fails, or the broker stops.
    pub async fn publish(&self, draft: Draft) -> Result<(), Refused> {
        self.carry(Command::Publish(draft)).await
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
        let now = Instant::now();
        self.shared
            .lock()
            .state
            .hear(client.as_str(), address, now, clock::now());
        self.carry(Command::Subscribe {
            client,
            filter,
            address,
        })
        .await
    }

    /// Hands over what waits for a client, and waits for it when nothing is
    /// there. `None` when the client is not known.
    ///
    /// # Errors
    /// When the broker stops. A pickup that is parked when it begins to stop
    /// is answered with nothing.
    pub async fn pickup(&self, order: PickupOrder<'_>) -> Result<Option<Pickup>, Refused> {
        if self.is_stopping() {
            return Err(Refused::Stopping);
        }
        let mut stopping = self.shared.stopping.subscribe();
        let deadline = time::Instant::now() + order.wait;
        loop {
            // Looked at and parked under one lock, so nothing slips between.
            let parked = {
                let mut inner = self.shared.lock();
                let now = Instant::now();
                let taken =
                    inner
                        .state
                        .take(order.client, order.max, order.address, now, clock::now());
                let Some(handover) = taken else {
                    return Ok(None);
                };
                if !handover.deliveries.is_empty()
                    || time::Instant::now() >= deadline
                    || *stopping.borrow_and_update()
                {
                    drop(inner);
                    return Ok(Some(Pickup::new(self.clone(), handover)));
                }
                let Some(key) = inner.state.key(order.client) else {
                    return Ok(None);
                };
                inner.waiters.park(key)
            };
            tokio::select! {
                _ = parked => {}
                () = time::sleep_until(deadline) => {}
                _ = stopping.changed() => {}
            }
        }
    }

    /// The last message of a topic.
    #[must_use]
    pub fn value(&self, topic: &str) -> Option<Arc<Message>> {
        self.shared.lock().state.values().get(topic).cloned()
    }

    /// Whether the topic has a value.
    #[must_use]
    pub fn knows_topic(&self, topic: &str) -> bool {
        self.shared.lock().state.values().get(topic).is_some()
    }

    /// Whether a client of that name is known.
    #[must_use]
    pub fn knows_client(&self, client: &str) -> bool {
        self.shared.lock().state.client(client).is_some()
    }

    /// The last messages of the first `limit` topics, sorted by topic.
    #[must_use]
    pub fn topics(&self, limit: usize) -> Listed<Arc<Message>> {
        let inner = self.shared.lock();
        let values = inner.state.values();
        Listed {
            rows: values.iter().take(limit).cloned().collect(),
            total: values.len(),
        }
    }

    /// The first `limit` clients, sorted by name.
    #[must_use]
    pub fn clients(&self, limit: usize) -> Listed<ClientView> {
        let inner = self.shared.lock();
        let mut clients: Vec<_> = inner.state.clients().collect();
        clients.sort_unstable_by_key(|client| &client.name);
        Listed {
            total: clients.len(),
            rows: clients
                .into_iter()
                .take(limit)
                .map(|client| ClientView {
                    name: client.name.clone(),
                    address: client.address,
                    seen: client.seen,
                    filters: client.filters().cloned().collect(),
                    waiting: client.waiting(),
                })
                .collect(),
        }
    }

    /// Every message from now on, batch by batch as they are stored.
    #[must_use]
    pub fn feed(&self) -> broadcast::Receiver<Arc<[Arc<Message>]>> {
        self.shared.feed.subscribe()
    }

    /// How busy the broker is.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let (dropped, topics, clients) = {
            let inner = self.shared.lock();
            let state = &inner.state;
            (state.dropped(), state.values().len(), state.client_count())
        };
        self.shared.counters.read(dropped, topics, clients)
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

    /// Has the sequencer carry out a command.
    pub(crate) async fn carry(&self, command: Command) -> Result<(), Refused> {
        if self.is_stopping() {
            return Err(Refused::Stopping);
        }
        let (reply, answer) = oneshot::channel();
        let order = Order::Carry(command, reply);
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
        if !sent {
            return Err(Refused::Stopping);
        }
        answer.await.unwrap_or(Err(Refused::Stopping))
    }

    /// Sends an order that nobody waits for. When the queue is full, a batch
    /// is coming anyway and the next round repeats the order.
    pub(crate) fn send(&self, order: Order) {
        let _ = self.orders.try_send(order);
    }

    pub(crate) fn handover_arrived(&self, handover: &Handover) {
        self.shared.lock().state.arrived(handover);
        self.send(Order::StoreCursors);
    }

    pub(crate) fn handover_failed(&self, handover: Handover) {
        let waiters = {
            let mut inner = self.shared.lock();
            let key = inner.state.key(handover.client.as_str());
            inner.state.give_back(handover);
            inner.waiters.take(key)
        };
        // Another pickup of the same client may be parked.
        for waiter in waiters {
            let _ = waiter.send(());
        }
    }
}

fn replay(store: &mut Store, state: &mut State, after: MessageId) -> Result<(), OpenError> {
    store.replay(after, |message| state.replay(&Arc::new(message)))
}
