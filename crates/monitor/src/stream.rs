//! What a user interface is told, in the order in which it is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use moustique_broker::{Broker, ClientView, Listed};
use moustique_core::{Message, MessageKind, Topic};
use tokio::sync::{broadcast, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::frame::{BrokerStatus, ClientRow, ClientRows, Frame, TopicRow, TopicRows, Traffic};
use crate::{MAX_CLIENT_ROWS, MAX_PREVIEW_CHARACTERS, MAX_TOPIC_ROWS};

/// Time between two looks: an eye follows no more.
const TICK: Duration = Duration::from_millis(250);

/// Clients and traffic are told of in every fourth look.
const TICKS_PER_TRAFFIC: u32 = 4;

/// Where the news comes from: the state of the broker, and the broker itself
/// while there is one.
#[derive(Clone, Debug)]
pub struct Source {
    /// The state to show.
    pub status: BrokerStatus,
    /// The broker, while it runs.
    pub broker: Option<Broker>,
}

/// The frames for one user interface.
///
/// Nothing is done between two calls of [`Frames::next`]: a listener that is
/// not asked costs nothing but the bounded feed that it misses.
#[derive(Debug)]
pub struct Frames {
    source: watch::Receiver<Source>,
    running: Option<Running>,
    begun: bool,
    ticks: Interval,
}

/// What is remembered about the broker that runs now.
#[derive(Debug)]
struct Running {
    broker: Broker,
    feed: broadcast::Receiver<Arc<[Arc<Message>]>>,
    listed: Extent,
    ticks: u32,
}

/// Which part of the topics the user interface has.
#[derive(Debug, Default)]
struct Extent {
    total: usize,
    /// The last topic of a list that was cut off there.
    last: Option<Topic>,
}

impl Frames {
    /// The frames of a source from now on.
    #[must_use]
    pub fn new(source: watch::Receiver<Source>) -> Self {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            source,
            running: None,
            begun: false,
            ticks,
        }
    }

    /// Waits for news and returns all there is. `None` when the source is
    /// gone, after which there are none.
    pub async fn next(&mut self) -> Option<Vec<Frame>> {
        loop {
            if !self.begun {
                self.begun = true;
                return Some(self.status());
            }
            tokio::select! {
                // What ends comes before what goes on.
                biased;
                changed = self.source.changed() => {
                    changed.ok()?;
                    return Some(self.status());
                }
                _ = self.ticks.tick() => {
                    let news = self.running.as_mut().map_or_else(Vec::new, Running::news);
                    if !news.is_empty() {
                        return Some(news);
                    }
                }
            }
        }
    }

    /// The state, and everything anew.
    fn status(&mut self) -> Vec<Frame> {
        let Source { status, broker } = self.source.borrow_and_update().clone();
        let mut frames = vec![Frame::Status(status)];
        self.running = broker.map(|broker| Running {
            feed: broker.feed(),
            broker,
            listed: Extent::default(),
            ticks: 0,
        });
        if let Some(running) = &mut self.running {
            frames.extend([running.topics(), running.clients(), running.traffic()]);
        }
        frames
    }
}

impl Running {
    fn news(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        self.ticks += 1;
        let is_traffic = self.ticks.is_multiple_of(TICKS_PER_TRAFFIC);
        match self.changes() {
            Some(changes) if changes.is_empty() => {}
            Some(changes) => frames.push(self.changed(changes)),
            None => frames.push(self.topics()),
        }
        if is_traffic {
            let total = self.broker.topic_count();
            // A list that is cut off does not learn of topics beyond its end:
            // it is made anew when there are more of them.
            if self.listed.last.is_some() && total != self.listed.total {
                frames.push(self.topics());
            }
            frames.extend([self.clients(), self.traffic()]);
        }
        frames
    }

    /// The new value of each topic that changed, or `None` when the whole list
    /// has to be made anew: some were missed because they came faster than they
    /// were fetched, or a value was deleted.
    fn changes(&mut self) -> Option<Vec<Arc<Message>>> {
        let mut changes: HashMap<Topic, Arc<Message>> = HashMap::new();
        loop {
            match self.feed.try_recv() {
                Ok(batch) => {
                    for message in batch.iter() {
                        if message.kind == MessageKind::Deleted {
                            return None;
                        }
                        if !message.kind.is_value() {
                            continue;
                        }
                        changes.insert(message.topic.clone(), Arc::clone(message));
                    }
                }
                Err(broadcast::error::TryRecvError::Lagged(_)) => return None,
                Err(_) => return Some(changes.into_values().collect()),
            }
        }
    }

    fn changed(&mut self, changes: Vec<Arc<Message>>) -> Frame {
        let total = self.broker.topic_count();
        let mut rows: Vec<_> = changes
            .iter()
            .filter(|message| match &self.listed.last {
                Some(last) => message.topic <= *last,
                None => true,
            })
            .map(|message| topic_row(message))
            .collect();
        if self.listed.last.is_none() && total > MAX_TOPIC_ROWS {
            return self.topics();
        }
        rows.sort_unstable_by(|a, b| a.topic.cmp(&b.topic));
        Frame::Changes(TopicRows { rows, total })
    }

    fn topics(&mut self) -> Frame {
        // From here on: what came before is in the list.
        self.feed = self.feed.resubscribe();
        let Listed { rows, total } = self.broker.topics(MAX_TOPIC_ROWS);
        self.listed = Extent {
            total,
            last: rows
                .last()
                .filter(|_| total > rows.len())
                .map(|message| message.topic.clone()),
        };
        Frame::Topics(TopicRows {
            rows: rows.iter().map(|message| topic_row(message)).collect(),
            total,
        })
    }

    fn clients(&self) -> Frame {
        let Listed { rows, total } = self.broker.clients(MAX_CLIENT_ROWS);
        Frame::Clients(ClientRows {
            rows: rows.into_iter().map(client_row).collect(),
            total,
        })
    }

    fn traffic(&self) -> Frame {
        let statistics = self.broker.statistics();
        Frame::Traffic(Traffic {
            messages_per_second: statistics.messages_per_second,
            requests_per_second: statistics.requests_per_second,
            messages_total: statistics.messages,
            dropped_total: statistics.contents.dropped,
            clients: statistics.contents.clients,
            connections: statistics.connections,
            log_messages: statistics.space.log.messages,
            disk_bytes: statistics.space.file_bytes + statistics.space.write_ahead_bytes,
            uptime_ms: u64::try_from(statistics.uptime.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

fn topic_row(message: &Message) -> TopicRow {
    let mut characters = message.payload.chars();
    let value = characters.by_ref().take(MAX_PREVIEW_CHARACTERS).collect();
    TopicRow {
        topic: message.topic.to_string(),
        value,
        bytes: message.payload.len(),
        truncated: characters.next().is_some(),
        from: message
            .from
            .as_ref()
            .map_or_else(String::new, ToString::to_string),
        changed_at: message.time.0,
    }
}

fn client_row(client: ClientView) -> ClientRow {
    ClientRow {
        name: client.name.to_string(),
        address: client.address.to_string(),
        filters: client.filters.iter().map(ToString::to_string).collect(),
        waiting: client.waiting,
        seen_at: client.seen.0,
    }
}
