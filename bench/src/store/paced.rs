//! Publishers that keep to a rate.

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use moustique_broker::Broker;
use moustique_core::{Draft, MessageKind, Topic};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::figures::{latencies, note};
use crate::store::{PAYLOAD_BYTES, seed};

/// Publishers at a time.
const PUBLISHERS: u32 = 8;

/// Messages a second of all of them together.
const RATE: u32 = 5_000;

type Publisher = JoinHandle<Result<Histogram<u64>, String>>;

/// Those who publish, and since when.
#[derive(Debug)]
pub(crate) struct Publishers {
    tasks: Vec<Publisher>,
    begun: Instant,
}

/// What they noticed.
#[derive(Debug)]
pub(crate) struct Published {
    /// Microseconds from the moment a publish was due to its answer.
    pub(crate) latencies: Histogram<u64>,
    /// Publishes a second.
    pub(crate) rate: f64,
}

/// Begins to publish, each publisher under a topic of its own.
pub(crate) fn publishers(
    broker: &Broker,
) -> Result<(watch::Sender<bool>, Publishers), Box<dyn Error>> {
    let (stop, stopping) = watch::channel(false);
    let mut publishers = Publishers {
        tasks: Vec::new(),
        begun: Instant::now(),
    };
    for number in 0..PUBLISHERS {
        let draft = draft(seed::topic(number.into())?);
        let task = publish(broker.clone(), draft, stopping.clone());
        publishers.tasks.push(tokio::spawn(task));
    }
    Ok((stop, publishers))
}

/// Ends them.
pub(crate) async fn stopped(
    stop: watch::Sender<bool>,
    publishers: Publishers,
) -> Result<Published, Box<dyn Error>> {
    stop.send_replace(true);
    let time = publishers.begun.elapsed();
    let mut all = latencies()?;
    for task in publishers.tasks {
        all.add(task.await??)?;
    }
    Ok(Published {
        rate: all.len() as f64 / time.as_secs_f64(),
        latencies: all,
    })
}

/// A message that is not in the log yet.
pub(crate) fn draft(topic: Topic) -> Draft {
    Draft {
        topic,
        payload: "x".repeat(PAYLOAD_BYTES).into(),
        from: None,
        address: Ipv4Addr::LOCALHOST.into(),
        updated_time: None,
        kind: MessageKind::Published,
        repeat_id: None,
    }
}

async fn publish(
    broker: Broker,
    draft: Draft,
    stopping: watch::Receiver<bool>,
) -> Result<Histogram<u64>, String> {
    let mut taken = latencies().map_err(|error| error.to_string())?;
    let mut ticks = interval(Duration::from_secs(1) * PUBLISHERS / RATE);
    // What is late is made up for, and its delay counts for each of them.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !*stopping.borrow() {
        let due = ticks.tick().await;
        let published = broker.publish(draft.clone()).await;
        published.map_err(|error| error.to_string())?;
        note(&mut taken, due.elapsed());
    }
    Ok(taken)
}
