//! The broker in this process, over databases on the disk of the temporary
//! folder, each figure with its target.

mod filters;
mod history;
mod memory;
mod paced;
mod prune;
mod seed;
mod start;

use std::error::Error;
use std::path::Path;

use crate::figures::progress;
use crate::store::seed::Seed;

/// Topics of the log in which a topic has many messages.
const TOPICS: u64 = 1_000;

/// Values that a start loads.
const VALUES: u64 = 100_000;

/// Bytes of a message.
const PAYLOAD_BYTES: usize = 100;

/// Measures everything, and prints each figure when it is known.
pub(crate) fn measure(broker: &Path, messages: u64) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;

    progress("filters")?;
    filters::applied()?;
    runtime.block_on(filters::published())?;

    progress(&format!("a log of {VALUES} messages, one a topic"))?;
    let values = Seed::fill(VALUES, VALUES)?;
    runtime.block_on(start::measure(&values))?;
    memory::measure(broker, values)?;

    progress(&format!("a log of {messages} messages, {VALUES} topics"))?;
    let long = Seed::fill(messages.max(VALUES), VALUES)?;
    runtime.block_on(start::measure(&long))?;
    drop(long);

    progress(&format!("a log of {messages} messages, {TOPICS} topics"))?;
    let log = Seed::fill(messages, TOPICS)?;
    runtime.block_on(history::measure(&log))?;
    prune::steps(&log.copy()?)?;
    runtime.block_on(prune::publishing(log))
}
