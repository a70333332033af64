//! The broker over HTTP against the bare limit in the same run.
//!
//! All contenders are measured in turn, round by round, so that what else the
//! machine does meets all; what counts is the ratio.

pub(crate) mod bare;
mod connection;
pub(crate) mod contender;
mod delivery;
mod load;
mod report;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use crate::Arguments;
use crate::figures::progress;
use crate::wire::contender::Contender;
use crate::wire::report::{Figures, Row};

/// Measures them and prints the table.
pub(crate) fn measure(
    itself: &Path,
    broker: &Path,
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    // The load has a core of its own, as a second machine would.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let duration = Duration::from_secs(arguments.seconds);

    let mut contenders = vec![Contender::bare(itself)?, Contender::broker(broker)?];
    if let Some(program) = &arguments.unguarded {
        contenders.push(Contender::unguarded(program)?);
    }
    let mut rows = Vec::new();
    for contender in contenders {
        let figures = Figures::of_idle(&contender)?;
        rows.push((contender, figures));
    }
    for round in 1..=arguments.rounds {
        progress(&format!("round {round} of {}", arguments.rounds))?;
        for (contender, figures) in &mut rows {
            let before = contender.processor_time()?;
            let load = load::publish(contender.port(), arguments.connections, duration);
            let measured = runtime.block_on(load)?;
            let spent = contender.processor_time()?.saturating_sub(before);
            figures.add(&measured, duration, spent);
        }
    }
    report::publishing(&rows, arguments.connections)?;
    progress("delivery")?;
    let is_ours = |row: &&Row| row.0.name == Contender::BROKER;
    if let Some((ours, _)) = rows.iter().find(is_ours) {
        let delays = runtime.block_on(delivery::long_poll(ours.port(), duration))?;
        report::delivery(&delays)?;
    }
    Ok(())
}
