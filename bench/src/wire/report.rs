//! What was measured, as a table.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::figures::{latencies, median, millis};
use crate::wire::contender::Contender;

/// What all rounds of one contender came to.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Requests that were answered in a second, round by round.
    rates: Vec<f64>,
    /// Processor time of a request in microseconds, round by round.
    processor_micros: Vec<f64>,
    latencies: Histogram<u64>,
    /// Memory before any work, in KiB.
    idle_memory: u64,
}

impl Figures {
    /// Notes what a contender takes before any work.
    pub(crate) fn of_idle(contender: &Contender) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            rates: Vec::new(),
            processor_micros: Vec::new(),
            latencies: latencies()?,
            idle_memory: contender.memory()?,
        })
    }

    /// Notes a round of that length, which took so much processor time.
    pub(crate) fn add(
        &mut self,
        latencies: &Histogram<u64>,
        duration: Duration,
        processor: Duration,
    ) {
        let requests = latencies.len() as f64;
        self.rates.push(requests / duration.as_secs_f64());
        self.processor_micros
            .push(processor.as_secs_f64() * 1e6 / requests);
        // Both are of the same precision.
        let _ = self.latencies.add(latencies);
    }
}

/// A contender and its figures.
pub(crate) type Row = (Contender, Figures);

/// Prints what publishing came to: a line for each contender, and then what the
/// broker is to each of the others.
pub(crate) fn publishing(rows: &[Row], connections: usize) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let rounds = rows.first().map_or(0, |(_, figures)| figures.rates.len());
    writeln!(
        out,
        "publish, {connections} connections, keep-alive, acknowledged when stored; \
         medians of {rounds} rounds",
    )?;
    writeln!(
        out,
        "{:<14} {:>12} {:>9} {:>9} {:>14} {:>10} {:>10} {:>9}",
        "", "requests/s", "p50 ms", "p99 ms", "CPU us/request", "idle MiB", "then MiB", "start ms"
    )?;
    for (contender, figures) in rows {
        writeln!(
            out,
            "{:<14} {:>12.0} {:>9.2} {:>9.2} {:>14.1} {:>10.1} {:>10.1} {:>9.1}",
            contender.name,
            median(&figures.rates),
            millis(&figures.latencies, 0.50),
            millis(&figures.latencies, 0.99),
            median(&figures.processor_micros),
            mib(figures.idle_memory),
            mib(contender.memory()?),
            contender.start.as_secs_f64() * 1e3,
        )?;
    }
    let is_ours = |row: &&Row| row.0.name == Contender::BROKER;
    let Some((_, ours)) = rows.iter().find(is_ours) else {
        return Ok(());
    };
    for (other, theirs) in rows.iter().filter(|row| !is_ours(row)) {
        let pairs = ours.rates.iter().zip(&theirs.rates);
        let ratios: Vec<f64> = pairs.map(|(ours, theirs)| ours / theirs).collect();
        writeln!(
            out,
            "{:<14} {:>12.2} {:>9.2} {:>9.2} {:>14.2}",
            format!("/ {}", other.name),
            median(&ratios),
            millis(&ours.latencies, 0.50) / millis(&theirs.latencies, 0.50),
            millis(&ours.latencies, 0.99) / millis(&theirs.latencies, 0.99),
            median(&ours.processor_micros) / median(&theirs.processor_micros),
        )?;
    }
    Ok(())
}

/// Prints how long messages took from publisher to subscriber.
pub(crate) fn delivery(delays: &Histogram<u64>) -> io::Result<()> {
    writeln!(
        io::stdout(),
        "\npublish to long-poll, one way, 1,000 messages/s, {} messages: \
         p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        delays.len(),
        millis(delays, 0.50),
        millis(delays, 0.99),
        delays.max() as f64 / 1e3,
    )
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
