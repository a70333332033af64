//! Taking a million messages off the log, alone and while others publish.

use std::error::Error;
use std::time::{Duration, Instant};

use moustique_broker::{Broker, Options};
use moustique_core::{MessageId, RunTime};
use moustique_store::{Protected, Space, Store};

use crate::figures::{Figure, latencies, millis, note};
use crate::store::paced;
use crate::store::seed::{self, AGE, Seed};

/// How often is looked whether the pruning is done.
const LOOK: Duration = Duration::from_millis(10);

/// When the pruning is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Bytes of the file that are left unused on purpose.
const SPARE_BYTES: u64 = 16 * 1024 * 1024;

/// How long is published before, without any pruning.
const BEFORE: Duration = Duration::from_secs(5);

/// The steps one by one, as the writer does them: nothing can be stored
/// during one.
pub(crate) fn steps(log: &Seed) -> Result<(), Box<dyn Error>> {
    let mut store = Store::open(&log.path(), seed::keep_none_seeded())?;
    let now = RunTime::default() + AGE;
    let protected = Protected {
        last: MessageId(log.messages),
        first_unsettled: None,
    };
    let (mut taking, mut giving) = (latencies()?, latencies()?);
    let mut pruned = 0;
    store.begin_pruning(now)?;
    loop {
        let begun = Instant::now();
        let step = store.prune(now, protected)?;
        let latencies = if step.messages > 0 {
            &mut taking
        } else {
            &mut giving
        };
        note(latencies, begun.elapsed());
        std::thread::sleep(step.pause);
        pruned += step.messages;
        if !step.more {
            break;
        }
    }
    store.close(now)?;
    let what = "a step of pruning, back to back";
    for (latencies, which) in [(&taking, "messages"), (&giving, "pages")] {
        let count = latencies.len();
        let what = format!("{what}, {which} ({count})");
        Figure::new(format!("{what}: p50"), millis(latencies, 0.5), "ms").print()?;
        Figure::new(format!("{what}: p99"), millis(latencies, 0.99), "ms").print()?;
        Figure::new(format!("{what}: longest"), millis(latencies, 1.0), "ms")
            .at_most(20.0)
            .print()?;
    }
    let expected = log.messages.saturating_sub(1);
    if pruned == expected {
        return Ok(());
    }
    Err(format!("{pruned} messages were pruned, not {expected}").into())
}

/// What publishers notice of the pruning.
pub(crate) async fn publishing(log: Seed) -> Result<(), Box<dyn Error>> {
    let store = Store::open(&log.path(), seed::keep_all())?;
    let broker = Broker::start(store, Options::default())?;
    let (stop, publishers) = paced::publishers(&broker)?;
    tokio::time::sleep(BEFORE).await;
    let before = paced::stopped(stop, publishers).await?;
    broker.stop().await;
    print("with nothing to prune", &before, false)?;

    let store = Store::open(&log.path(), seed::keep_none_seeded())?;
    let begun = Instant::now();
    // It prunes at once: that is the first thing the maintenance asks for.
    let broker = Broker::start(store, Options::default())?;
    let (stop, publishers) = paced::publishers(&broker)?;
    let keeps = before.latencies.len();
    loop {
        tokio::time::sleep(LOOK).await;
        let statistics = broker.statistics();
        if is_done(statistics.space, keeps + statistics.messages) {
            break;
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("the pruning is not done: {:?}", statistics.space).into());
        }
    }
    let taken = begun.elapsed();
    let during = paced::stopped(stop, publishers).await?;
    broker.stop().await;
    print("while pruning", &during, true)?;
    let what = format!("  pruning {} messages took", log.messages);
    Figure::new(what, taken.as_secs_f64(), "s").print()?;
    Ok(())
}

/// Whether the log holds no more than what is not too old, and the file is no
/// longer than it needs to be.
fn is_done(space: Space, keeps: u64) -> bool {
    let unused = space.file_bytes.saturating_sub(space.used_bytes);
    space.log.messages > 0 && space.log.messages <= keeps && unused <= SPARE_BYTES
}

fn print(when: &str, published: &paced::Published, has_target: bool) -> Result<(), Box<dyn Error>> {
    let latencies = &published.latencies;
    let what = format!("publish, {:.0}/s, {when}", published.rate);
    Figure::new(format!("{what}: p50"), millis(latencies, 0.5), "ms").print()?;
    Figure::new(format!("{what}: p99"), millis(latencies, 0.99), "ms").print()?;
    let longest = Figure::new(format!("{what}: longest"), millis(latencies, 1.0), "ms");
    let longest = if has_target {
        longest.at_most(50.0)
    } else {
        longest
    };
    Ok(longest.print()?)
}
