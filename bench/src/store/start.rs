//! From a file to a broker that could open its port.

use std::error::Error;
use std::time::Instant;

use moustique_broker::{Broker, Options};
use moustique_store::Store;

use crate::figures::{Figure, median};
use crate::store::seed::{self, Seed};

/// Starts that are measured, after one that is not.
const STARTS: usize = 5;

/// The file is in the cache of the system.
pub(crate) async fn measure(log: &Seed) -> Result<(), Box<dyn Error>> {
    let (mut opened, mut started) = (Vec::new(), Vec::new());
    for number in 0..=STARTS {
        let begun = Instant::now();
        let store = Store::open(&log.path(), seed::keep_all())?;
        let open = begun.elapsed().as_secs_f64() * 1e3;
        let broker = Broker::start(store, Options::default())?;
        if number > 0 {
            opened.push(open);
            started.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        let found = broker.topic_count() as u64;
        if found != log.topics {
            return Err(format!("{found} values were loaded, not {}", log.topics).into());
        }
        broker.stop().await;
    }
    let what = format!(
        "start, {} values, {} messages, median of {STARTS}",
        log.topics, log.messages
    );
    Figure::new(what, median(&started), "ms")
        .at_most(1_000.0)
        .print()?;
    Ok(Figure::new("  of it Store::open", median(&opened), "ms").print()?)
}
