//! Measures the broker against the bare limit in the same run.
//!
//! `cargo run --release -p moustique-bench` starts the release binary and,
//! as the limit of what any server on this machine could do, hyper alone:
//! body read, empty 200. Both are measured in turn, round by round, so that
//! what else the machine does meets both; what counts is the ratio.

mod bare;
mod connection;
mod contender;
mod delivery;
mod load;
mod report;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::contender::Contender;
use crate::report::Report;

#[derive(Debug, Parser)]
#[command(
    version,
    about = "Measures the broker against the bare limit in the same run"
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Rounds; each measures every contender once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Seconds a contender is under load in a round.
    #[arg(long, default_value_t = 3)]
    seconds: u64,

    /// Connections that publish.
    #[arg(long, default_value_t = 64)]
    connections: usize,

    /// The headless broker; beside this program when not given.
    #[arg(long, value_name = "FILE")]
    broker: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve as the bare limit: used by the benchmark itself.
    Bare,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Some(Command::Bare) => bare::serve(),
        None => measure(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let itself = std::env::current_exe()?;
    let broker = match &arguments.broker {
        Some(path) => path.clone(),
        None => itself.with_file_name(format!("moustique{}", std::env::consts::EXE_SUFFIX)),
    };
    // The load has a core of its own, as a second machine would.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut report = Report::new(arguments.connections)?;
    let duration = Duration::from_secs(arguments.seconds);

    let bare = Contender::bare(&itself)?;
    let ours = Contender::broker(&broker)?;
    report.idle(&bare, &ours)?;
    for round in 1..=arguments.rounds {
        report.progress(&format!("round {round} of {}", arguments.rounds))?;
        for contender in [&bare, &ours] {
            let before = contender.processor_time()?;
            let load = load::publish(contender.port(), arguments.connections, duration);
            let measured = runtime.block_on(load)?;
            let spent = contender.processor_time()?.saturating_sub(before);
            report.publish(contender, &measured, duration, spent);
        }
    }
    report.progress("delivery")?;
    let delays = runtime.block_on(delivery::long_poll(ours.port(), duration))?;
    report.print(&bare, &ours, &delays)
}
