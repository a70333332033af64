//! The broker over HTTP against the bare limit in the same run.
//!
//! Both are measured in turn, round by round, so that what else the machine
//! does meets both; what counts is the ratio.

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
use crate::wire::report::Report;

/// Measures both and prints the table.
pub(crate) fn measure(
    itself: &Path,
    broker: &Path,
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    // The load has a core of its own, as a second machine would.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut report = Report::new(arguments.connections)?;
    let duration = Duration::from_secs(arguments.seconds);

    let bare = Contender::bare(itself)?;
    let ours = Contender::broker(broker)?;
    report.idle(&bare, &ours)?;
    for round in 1..=arguments.rounds {
        progress(&format!("round {round} of {}", arguments.rounds))?;
        for contender in [&bare, &ours] {
            let before = contender.processor_time()?;
            let load = load::publish(contender.port(), arguments.connections, duration);
            let measured = runtime.block_on(load)?;
            let spent = contender.processor_time()?.saturating_sub(before);
            report.publish(contender, &measured, duration, spent);
        }
    }
    progress("delivery")?;
    let delays = runtime.block_on(delivery::long_poll(ours.port(), duration))?;
    report.print(&bare, &ours, &delays)
}
