//! What the headless broker takes when it holds many values.

use std::error::Error;
use std::path::Path;

use crate::figures::{Figure, progress};
use crate::store::seed::Seed;
use crate::wire::contender::Contender;

/// Starts the real program on the database, and reads what the system says.
pub(crate) fn measure(program: &Path, values: Seed) -> Result<(), Box<dyn Error>> {
    if !program.exists() {
        return Ok(progress(&format!(
            "memory: left out, there is no {}",
            program.display()
        ))?);
    }
    let number = values.topics;
    let empty = Contender::broker(program)?.resident()?;
    let loaded = Contender::broker_in(program, values.into_folder())?;
    let what = "start of the headless program to its port";
    Figure::new(
        format!("{what}, {number} values"),
        loaded.start.as_secs_f64() * 1e3,
        "ms",
    )
    .at_most(1_000.0)
    .print()?;
    let what = "resident memory (VmRSS) of the headless program";
    Figure::new(format!("{what}, empty"), mib(empty), "MiB").print()?;
    Figure::new(
        format!("{what}, {number} values"),
        mib(loaded.resident()?),
        "MiB",
    )
    .at_most(80.0)
    .print()?;
    Ok(())
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
