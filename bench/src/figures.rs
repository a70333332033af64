//! What every measurement ends in: a count of latencies, a median, a line.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};

/// One figure, and what it should be at most.
#[derive(Debug)]
pub(crate) struct Figure {
    what: String,
    measured: f64,
    unit: &'static str,
    target: Option<f64>,
}

impl Figure {
    pub(crate) fn new(what: impl Into<String>, measured: f64, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            measured,
            unit,
            target: None,
        }
    }

    /// Says what is too much.
    pub(crate) fn at_most(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    /// Writes the figure as a line of the table.
    pub(crate) fn print(&self) -> io::Result<()> {
        let measured = format!("{:.*} {}", places(self.measured), self.measured, self.unit);
        let mut out = io::stdout().lock();
        write!(out, "{:<66} {measured:>12}", self.what)?;
        if let Some(target) = self.target {
            let target = format!("<= {target} {}", self.unit);
            let verdict = if self.measured <= self.limit() {
                "holds"
            } else {
                "MISSED"
            };
            write!(out, "  {target:<11} {verdict}")?;
        }
        writeln!(out)
    }

    fn limit(&self) -> f64 {
        self.target.unwrap_or(f64::INFINITY)
    }
}

/// Decimal places that leave three digits or so.
fn places(value: f64) -> usize {
    match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    }
}

/// Says what is being done, beside the table.
pub(crate) fn progress(what: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{what}")
}

/// Says what went wrong.
pub(crate) fn complain(error: &dyn Error) {
    // Without anywhere to complain to there is nothing left to do.
    let _ = writeln!(io::stderr(), "moustique-bench: {error}");
}

/// An empty count of latencies in microseconds, up to a minute.
pub(crate) fn latencies() -> Result<Histogram<u64>, CreationError> {
    // With a bound: one that grows would cut what it saturates at its start.
    Histogram::new_with_bounds(1, 60_000_000, 3)
}

/// Adds one latency.
pub(crate) fn note(latencies: &mut Histogram<u64>, latency: Duration) {
    let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
    latencies.saturating_record(micros);
}

/// The latency that this share of all stays below, in milliseconds.
pub(crate) fn millis(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    latencies.value_at_quantile(quantile) as f64 / 1e3
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
