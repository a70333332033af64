//! The broker for machines without a screen.

mod arguments;
mod find;
mod passwd;
mod signals;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use mimalloc::MiMalloc;
use moustique_node::{ConfigSource, EXAMPLE, Node, Paths, logging};

use crate::arguments::{Arguments, Command};
use crate::signals::{Signals, Wish};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse_from(std::env::args_os());
    if arguments.generate_config {
        return say(EXAMPLE);
    }
    let Some(mut source) = configuration(&arguments) else {
        return complain("this user has no home folder: name one with --data-dir");
    };
    match arguments.command {
        None | Some(Command::Serve) => serve(source, arguments.debug),
        Some(Command::Check { file }) => {
            if let Some(file) = file {
                source.paths.config = file;
                source.required = true;
            }
            check(&source)
        }
        Some(Command::Passwd { file }) => passwd(&source, file),
        Some(Command::Find { wait, json }) => find(wait, json),
    }
}

/// The brokers on the network.
fn find(wait: Duration, as_json: bool) -> ExitCode {
    match find::run(wait, as_json) {
        Ok(Some(found)) => say(&found),
        Ok(None) => complain(format_args!(
            "no broker answered within {wait:?}. One answers when it listens on more than \
             loopback and server.announce is on; some networks keep multicast from passing"
        )),
        Err(error) => complain(error),
    }
}

/// Whether a configuration can be used, and what it names. What is wrong goes
/// where errors go.
fn check(source: &ConfigSource) -> ExitCode {
    let checks = match moustique_node::check(source) {
        Ok(checks) => checks,
        Err(error) => return complain(error),
    };
    let (good, bad): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.is_good());
    let said = say(&good
        .iter()
        .map(|check| format!("{check}\n"))
        .collect::<String>());
    bad.into_iter().fold(said, |_, check| complain(check))
}

fn passwd(source: &ConfigSource, file: Option<PathBuf>) -> ExitCode {
    let file = match file {
        Some(file) => file,
        None => match source.load().map(|config| config.security.password_file) {
            Ok(Some(file)) => file,
            Ok(None) => {
                return complain(format_args!(
                    "{} does not set security.password_file: set it, or name a file with --file",
                    source.paths.config.display()
                ));
            }
            Err(error) => return complain(error),
        },
    };
    match passwd::run(&file) {
        Ok(()) => say(&format!(
            "{}: the password is set. A broker that runs takes it on SIGHUP.\n",
            file.display()
        )),
        Err(error) => complain(error),
    }
}

fn serve(source: ConfigSource, debug: bool) -> ExitCode {
    let config = match source.load() {
        Ok(config) => config,
        Err(error) => return complain(error),
    };
    if let Err(error) = logging::start(&config.logging, debug) {
        return complain(error);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return complain(format_args!("no threads can be started: {error}")),
    };
    runtime.block_on(run(Node::new(source)))
}

/// Serves until a signal comes or the broker ends by a fault.
async fn run(node: Node) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return complain(format_args!("signals cannot be received: {error}")),
    };
    // The node has logged what keeps it from serving.
    if node.start().await.is_err() {
        return ExitCode::FAILURE;
    }
    loop {
        tokio::select! {
            wish = signals.next() => match wish {
                Wish::End => break,
                // The node logs how that went.
                Wish::Reload => drop(node.reload().await),
            },
            () = node.failed() => return ExitCode::FAILURE,
        }
    }
    tokio::select! {
        () = node.stop() => ExitCode::SUCCESS,
        // Whoever asks twice does not want to wait. What was acknowledged is
        // stored all the same.
        () = signals.end() => ExitCode::FAILURE,
    }
}

fn configuration(arguments: &Arguments) -> Option<ConfigSource> {
    let mut paths = match &arguments.data_dir {
        Some(folder) => Paths::in_folder(folder),
        None => Paths::of_user()?,
    };
    if let Some(file) = &arguments.config {
        paths.config.clone_from(file);
    }
    Some(ConfigSource {
        paths,
        required: arguments.config.is_some(),
        log: None,
    })
}

/// Prints what was asked for.
fn say(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Says one sentence where there is no log yet.
fn complain(what: impl Display) -> ExitCode {
    // Without anywhere to complain to there is nothing left to do.
    let _ = writeln!(io::stderr(), "moustique: {what}");
    ExitCode::FAILURE
}
