//! What was measured, as a table.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::figures::{latencies, median, millis};
use crate::wire::contender::Contender;

/// The figures of all rounds.
#[derive(Debug)]
pub(crate) struct Report {
    connections: usize,
    bare: Rounds,
    ours: Rounds,
    idle_memory: [u64; 2],
}

#[derive(Debug)]
struct Rounds {
    rates: Vec<f64>,
    processor_micros: Vec<f64>,
    latencies: Histogram<u64>,
}

impl Rounds {
    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            rates: Vec::new(),
            processor_micros: Vec::new(),
            latencies: latencies()?,
        })
    }
}

impl Report {
    pub(crate) fn new(connections: usize) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            connections,
            bare: Rounds::new()?,
            ours: Rounds::new()?,
            idle_memory: [0; 2],
        })
    }

    /// Notes what they take before any work.
    pub(crate) fn idle(
        &mut self,
        bare: &Contender,
        ours: &Contender,
    ) -> Result<(), Box<dyn Error>> {
        self.idle_memory = [bare.memory()?, ours.memory()?];
        Ok(())
    }

    pub(crate) fn publish(
        &mut self,
        contender: &Contender,
        latencies: &Histogram<u64>,
        duration: Duration,
        processor: Duration,
    ) {
        let rounds = if contender.name == "moustique" {
            &mut self.ours
        } else {
            &mut self.bare
        };
        let requests = latencies.len() as f64;
        rounds.rates.push(requests / duration.as_secs_f64());
        rounds
            .processor_micros
            .push(processor.as_secs_f64() * 1e6 / requests);
        // Both are of the same precision.
        let _ = rounds.latencies.add(latencies);
    }

    pub(crate) fn print(
        &self,
        bare: &Contender,
        ours: &Contender,
        delays: &Histogram<u64>,
    ) -> Result<(), Box<dyn Error>> {
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "publish, {} connections, keep-alive, acknowledged when stored; medians of {} rounds",
            self.connections,
            self.ours.rates.len()
        )?;
        writeln!(
            out,
            "{:<12} {:>12} {:>9} {:>9} {:>14} {:>10} {:>10} {:>9}",
            "",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "CPU us/request",
            "idle MiB",
            "then MiB",
            "start ms"
        )?;
        let contenders = [(bare, &self.bare), (ours, &self.ours)];
        for ((contender, rounds), idle) in contenders.into_iter().zip(self.idle_memory) {
            writeln!(
                out,
                "{:<12} {:>12.0} {:>9.2} {:>9.2} {:>14.1} {:>10.1} {:>10.1} {:>9.1}",
                contender.name,
                median(&rounds.rates),
                millis(&rounds.latencies, 0.50),
                millis(&rounds.latencies, 0.99),
                median(&rounds.processor_micros),
                mib(idle),
                mib(contender.memory()?),
                contender.start.as_secs_f64() * 1e3,
            )?;
        }
        let pairs = self.ours.rates.iter().zip(&self.bare.rates);
        let ratios: Vec<f64> = pairs.map(|(ours, bare)| ours / bare).collect();
        writeln!(
            out,
            "{:<12} {:>12.2} {:>9.2} {:>9.2} {:>14.2}",
            "ratio",
            median(&ratios),
            millis(&self.ours.latencies, 0.50) / millis(&self.bare.latencies, 0.50),
            millis(&self.ours.latencies, 0.99) / millis(&self.bare.latencies, 0.99),
            median(&self.ours.processor_micros) / median(&self.bare.processor_micros),
        )?;
        writeln!(out)?;
        writeln!(
            out,
            "publish to long-poll, one way, 1,000 messages/s, {} messages: \
             p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
            delays.len(),
            millis(delays, 0.50),
            millis(delays, 0.99),
            delays.max() as f64 / 1e3,
        )?;
        Ok(())
    }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
