//! What a publish costs when many filters do not match it.

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Instant;

use moustique_broker::{Broker, Options};
use moustique_core::{
    Change, ClientName, Filter, Limits, Loaded, MessageId, Now, Retention, State, Timestamp, Topic,
};
use moustique_store::Store;

use crate::figures::{Figure, median};
use crate::store::seed::{self, Seed};
use crate::store::{TOPICS, paced};

/// How many filters there are. The first is what the others are compared with.
const COUNTS: [u64; 3] = [1, 1_000, 100_000];

/// Filters of one client.
const PER_CLIENT: u64 = 100;

/// Rounds; each measures every count once, so that what else the machine does
/// meets all. The first is the warm-up.
const ROUNDS: usize = 7;

/// Messages that a state applies in a round.
const APPLIED: u64 = 100_000;

/// Publishes of a broker in a round.
const PUBLISHED: u64 = 19_200;

/// Publishers of the broker, each with one publish on its way.
const PUBLISHERS: u64 = 64;

/// The rules alone: queues and values, without disk and threads.
pub(crate) fn applied() -> Result<(), Box<dyn Error>> {
    let mut states = Vec::new();
    for count in COUNTS {
        let now = Now::default();
        let (limits, retention) = (Limits::default(), Retention::default());
        let mut state = State::new(limits, retention, Loaded::default(), now);
        for change in subscriptions(count)? {
            state.apply(change, now, &mut Vec::new());
        }
        states.push((state, Vec::new()));
    }
    for round in 0..=ROUNDS {
        for (state, taken) in &mut states {
            let messages = seed::messages(1..=APPLIED, TOPICS)?;
            let mut woken = Vec::new();
            let begun = Instant::now();
            for change in messages {
                state.apply(change, Now::default(), &mut woken);
            }
            let nanos = begun.elapsed().as_nanos() as f64 / APPLIED as f64;
            if !woken.is_empty() {
                return Err("a filter matches that should not".into());
            }
            if round > 0 {
                taken.push(nanos);
            }
        }
    }
    let taken: Vec<_> = states.into_iter().map(|(_, taken)| taken).collect();
    print("State::apply", "ns", &taken)
}

/// The whole way to the disk and back.
pub(crate) async fn published() -> Result<(), Box<dyn Error>> {
    let topics: Vec<Topic> = (0..TOPICS).map(seed::topic).collect::<Result<_, _>>()?;
    let mut brokers = Vec::new();
    for count in COUNTS {
        let log = Seed::fill(0, 0)?;
        let mut store = Store::open(&log.path(), seed::keep_all())?;
        store.commit(&subscriptions(count)?)?;
        let broker = Broker::start(store, Options::default())?;
        brokers.push((log, broker, Vec::new()));
    }
    for round in 0..=ROUNDS {
        for (_, broker, taken) in &mut brokers {
            let begun = Instant::now();
            let mut tasks = Vec::new();
            for number in 0..PUBLISHERS {
                let (broker, topics) = (broker.clone(), topics.clone());
                tasks.push(tokio::spawn(async move {
                    let mine = topics.iter().cycle().skip((number * 15) as usize);
                    for topic in mine.take((PUBLISHED / PUBLISHERS) as usize) {
                        let published = broker.publish(paced::draft(topic.clone())).await;
                        published.map_err(|error| error.to_string())?;
                    }
                    Ok::<_, String>(())
                }));
            }
            for task in tasks {
                task.await??;
            }
            if round > 0 {
                taken.push(begun.elapsed().as_secs_f64() * 1e6 / PUBLISHED as f64);
            }
        }
    }
    let mut all = Vec::new();
    for (_log, broker, taken) in brokers {
        broker.stop().await;
        all.push(taken);
    }
    print("Broker::publish, 64 at a time", "us", &all)
}

fn print(what: &str, unit: &'static str, all: &[Vec<f64>]) -> Result<(), Box<dyn Error>> {
    let one = all.first().ok_or("nothing was measured")?;
    for (count, taken) in COUNTS.into_iter().zip(all) {
        let what = format!("{what}, {count} filters that do not match");
        Figure::new(what, median(taken), unit).print()?;
        if count > 1 {
            let ratios: Vec<f64> = taken
                .iter()
                .zip(one)
                .map(|(many, one)| many / one)
                .collect();
            Figure::new("  of that with one", median(&ratios), "x")
                .at_most(1.3)
                .print()?;
        }
    }
    Ok(())
}

/// So many filters, of as many clients as it takes.
fn subscriptions(count: u64) -> Result<Vec<Change>, Box<dyn Error>> {
    let limits = Limits::default();
    let subscription = |number: u64| {
        Ok(Change::Subscribed {
            client: ClientName::parse(&format!("client-{}", number / PER_CLIENT), &limits)?,
            filter: Filter::parse(&filter(number), &limits)?,
            since: MessageId(0),
            address: Ipv4Addr::LOCALHOST.into(),
            time: Timestamp(0),
        })
    };
    (0..count).map(subscription).collect()
}

/// A filter that shares as many levels as it can with the topics that are
/// published, and matches none of them.
fn filter(number: u64) -> String {
    let (room, sensor) = (number / 5 % 100, number / 500 % 10);
    match number % 5 {
        0 => format!("/home/room-{room}/sensor-{sensor}/humidity-{number}"),
        1 => format!("/home/room-{room}/+/humidity-{number}"),
        2 => format!("/home/+/sensor-{sensor}/humidity-{number}"),
        3 => format!("+/home/room-{room}/lamp-{number}/#"),
        _ => format!("/garden/bed-{number}/#"),
    }
}
