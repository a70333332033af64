//! Measures the broker, over the wire and below it.
//!
//! `npm run bench` starts the release binary and,
//! as the limit of what any server on this machine could do, hyper alone:
//! body read, empty 200. After that it calls the broker in its own process,
//! over databases that it fills, and says of each figure what it should be.

mod figures;
mod store;
mod wire;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use mimalloc::MiMalloc;

// The broker's: the bare limit is to have no other.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Debug, Parser)]
#[command(version, about = "Measures the broker, over the wire and below it")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Measure this part alone.
    #[arg(long, value_name = "PART")]
    only: Option<Part>,

    /// Rounds; each measures every contender once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// Seconds a contender is under load in a round.
    #[arg(long, default_value_t = 3)]
    seconds: u64,

    /// Connections that publish.
    #[arg(long, default_value_t = 64)]
    connections: usize,

    /// Messages in the logs that the part `store` fills. The targets are for
    /// the default.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,

    /// The headless broker; beside this program when not given.
    #[arg(long, value_name = "FILE")]
    broker: Option<PathBuf>,

    /// A headless broker that was built with the feature `unguarded`, to measure
    /// what letting nobody in but who may be costs.
    #[arg(long, value_name = "FILE")]
    unguarded: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Publishing and delivery over HTTP, against the bare limit.
    Wire,
    /// History, start, pruning, filters and memory, against their targets.
    Store,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve as the bare limit: used by the benchmark itself.
    Bare,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Some(Command::Bare) => wire::bare::serve(),
        None => measure(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            figures::complain(&*error);
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
    if arguments.only != Some(Part::Store) {
        wire::measure(&itself, &broker, arguments)?;
    }
    if arguments.only != Some(Part::Wire) {
        store::measure(&broker, arguments.messages)?;
    }
    Ok(())
}
