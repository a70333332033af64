//! The Rust client of the broker.
//!
//! A [`Client`] publishes, reads and sets values, and subscribes;
//! [`Client::messages`] then brings what is published, as it is published,
//! and keeps at it when the broker goes away and comes back.
//!
//! ```no_run
//! use moustique_client::{Client, ClientError};
//!
//! # async fn example() -> Result<(), ClientError> {
//! let client = Client::new("http://127.0.0.1:33334", "hallway-display")?;
//! client.subscribe("/home/+/temperature").await?;
//! client.publish("/home/hallway/display", "awake").await?;
//!
//! let mut messages = client.messages();
//! loop {
//!     let received = messages.next().await?;
//!     let message = received.message;
//!     println!("{}: {}", message.topic, message.message);
//! }
//! # }
//! ```
//!
//! It speaks the classic API over plain HTTP with values that are not encoded,
//! and keeps its connections. Its futures are to be awaited in a tokio runtime.
//!
//! | module | what it knows |
//! |---|---|
//! | `address` | what an address of a broker looks like |
//! | `call` | the calls of the API: path, form, words for people |
//! | `transport` | one call over HTTP: connections, times, bounds |
//! | `message` | the JSON of the replies |
//! | `client` | the calls as methods |
//! | `messages` | the loop that polls, subscribes again, and backs off |

mod address;
mod backoff;
mod call;
mod client;
mod error;
mod message;
mod messages;
mod transport;

pub use client::{Client, Pickup};
pub use error::ClientError;
pub use message::{Message, RESUBSCRIBE_TOPIC, Received};
pub use messages::{LONGEST_PAUSE, Messages, POLL_WAIT, SHORTEST_PAUSE};
pub use transport::{ANSWER_TIME, CONNECT_TIME, REFUSAL_BYTES, REPLY_BYTES};
