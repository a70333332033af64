//! The messages of one topic out of a long log.

use std::error::Error;
use std::time::Instant;

use moustique_broker::{Broker, Options};
use moustique_core::MessageId;
use moustique_store::{Span, Store};

use crate::figures::{Figure, median};
use crate::store::seed::{self, Seed};

/// Reads, each of another topic.
const READS: u64 = 20;

/// Messages that a read asks for.
const ROWS: usize = 1_000;

/// Each read opens a connection of its own, whose cache is empty; the file is
/// in the cache of the system.
pub(crate) async fn measure(log: &Seed) -> Result<(), Box<dyn Error>> {
    let store = Store::open(&log.path(), seed::keep_all())?;
    let broker = Broker::start(store, Options::default())?;
    let rows = ROWS.min(usize::try_from(log.messages / log.topics)?);
    for (span, what) in [
        (Span::Before(MessageId(u64::MAX)), "newest first"),
        (Span::After(MessageId(0)), "oldest first"),
    ] {
        let mut taken = Vec::new();
        // The first one is the warm-up.
        for number in 0..=READS {
            let topic = seed::topic(number * 37 % log.topics)?;
            let begun = Instant::now();
            let read = broker.history(topic, span, ROWS).await?;
            if number > 0 {
                taken.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            if read.len() != rows {
                return Err(format!("{} messages were read, not {rows}", read.len()).into());
            }
        }
        let what = format!(
            "history, {rows} of {} messages, {what}, median of {READS}",
            log.messages
        );
        Figure::new(what, median(&taken), "ms")
            .at_most(20.0)
            .print()?;
    }
    broker.stop().await;
    Ok(())
}
