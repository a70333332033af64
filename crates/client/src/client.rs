//! The calls as methods.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::address::Address;
use crate::call::Call;
use crate::error::ClientError;
use crate::message::{Message, Received, read_pickup, read_value};
use crate::messages::Messages;
use crate::transport::Transport;

/// A client of one broker, under a name of its own. Cloning gives another
/// handle to the same one.
///
/// The name stands as the publisher of what it publishes, and at the broker it
/// owns the subscriptions and the queue: two clients of one name share both.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    transport: Transport,
    name: String,
    /// What was subscribed to, in that order, to do it again when the broker
    /// forgot. Bounded by the broker, which accepts so many of a client.
    filters: watch::Sender<Vec<String>>,
}

/// What a pickup asks for. The default is everything that waits, at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pickup {
    /// How long the broker may hold its answer back while nothing waits. At
    /// most a minute, or the broker refuses.
    pub wait: Duration,
    /// How many messages at most; the rest stays at the broker.
    pub max: Option<NonZeroUsize>,
}

impl Client {
    /// A client of the broker at an address such as `http://127.0.0.1:33334`.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientError::Address`] when the address is not of the form
    /// `http://host:port`.
    pub fn new(base_url: &str, name: &str) -> Result<Self, ClientError> {
        Ok(Self {
            inner: Arc::new(Inner {
                transport: Transport::new(Address::parse(base_url)?),
                name: name.to_owned(),
                filters: watch::Sender::new(Vec::new()),
            }),
        })
    }

    /// The client's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Publishes a message: it becomes the topic's value and goes to everyone
    /// who subscribed. Returns when the broker has stored it.
    ///
    /// # Errors
    /// When the broker cannot be reached or refuses. After
    /// [`ClientError::Broken`] and [`ClientError::TimedOut`] it may have been
    /// published.
    pub async fn publish(&self, topic: &str, message: &str) -> Result<(), ClientError> {
        self.command(&Call::Publish { topic, message }).await
    }

    /// Sets a topic's value and notifies nobody. Returns when the broker has
    /// stored it.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn put_value(&self, key: &str, value: &str) -> Result<(), ClientError> {
        self.command(&Call::PutValue { key, value }).await
    }

    /// A topic's value: the last message that was published or put there.
    /// `None` when there is none.
    ///
    /// # Errors
    /// When the broker cannot be reached, refuses, or answers with something
    /// else.
    pub async fn value(&self, key: &str) -> Result<Option<Message>, ClientError> {
        let call = Call::Value { key };
        match self.call(&call).await {
            Ok(reply) => read_value(&reply, key)
                .map(Some)
                .map_err(|error| self.inner.transport.not_understood(&call, error)),
            Err(ClientError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Subscribes to a filter: a topic, with `+` for any one level and `#` for
    /// everything below. Every message published after this returns waits for
    /// this client. Subscribing again changes nothing.
    ///
    /// # Errors
    /// When the broker cannot be reached or refuses.
    pub async fn subscribe(&self, filter: &str) -> Result<(), ClientError> {
        self.command(&Call::Subscribe { filter }).await?;
        self.inner.filters.send_if_modified(|filters| {
            let is_new = !filters.iter().any(|known| known == filter);
            if is_new {
                filters.push(filter.to_owned());
            }
            is_new
        });
        Ok(())
    }

    /// Picks up what waits, in the order of publishing, once for each filter
    /// that matched. What is returned is gone from the broker.
    ///
    /// To a client that it does not know the broker answers with a word of its
    /// own, [`Received::is_resubscribe`]; [`Client::messages`] follows it by
    /// itself.
    ///
    /// Dropped while it waits, a pickup takes nothing with it.
    ///
    /// # Errors
    /// When the broker cannot be reached, refuses, or answers with something
    /// else.
    pub async fn pickup(&self, pickup: Pickup) -> Result<Vec<Received>, ClientError> {
        let Pickup { wait, max } = pickup;
        let call = Call::Pickup { wait, max };
        let reply = self.call(&call).await?;
        read_pickup(&reply).map_err(|error| self.inner.transport.not_understood(&call, error))
    }

    /// Every message that this client's subscriptions bring, as it is
    /// published. See [`Messages`].
    #[must_use]
    pub fn messages(&self) -> Messages {
        Messages::new(self.clone())
    }

    /// Subscribes again to everything that this client subscribed to.
    pub(crate) async fn subscribe_again(&self) -> Result<(), ClientError> {
        let filters = self.inner.filters.borrow().clone();
        for filter in &filters {
            self.command(&Call::Subscribe { filter }).await?;
        }
        Ok(())
    }

    /// Returns when this client has subscribed to something.
    pub(crate) async fn subscribed(&self) {
        let mut filters = self.inner.filters.subscribe();
        // An error would say that the sender is gone, which `self` holds.
        let _ = filters.wait_for(|filters| !filters.is_empty()).await;
    }

    /// Makes a call that is answered with nothing but success.
    async fn command(&self, call: &Call<'_>) -> Result<(), ClientError> {
        let reply = self.call(call).await?;
        if reply.is_empty() {
            return Ok(());
        }
        // Not a broker: some other server says "success" to everything.
        let reason = format!("it has {} bytes; expected is none", reply.len());
        Err(self.inner.transport.not_understood(call, reason))
    }

    async fn call(&self, call: &Call<'_>) -> Result<bytes::Bytes, ClientError> {
        self.inner.transport.call(call, &self.inner.name).await
    }
}
