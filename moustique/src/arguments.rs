//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Options that may be written with one dash, as the documentation of older
/// brokers has them.
const ONE_DASH: [&str; 3] = ["-config", "-generate-config", "-debug"];

/// A message broker for everything on the network.
///
/// Without arguments it serves with its defaults: port 33334, data in the
/// user's data folder. SIGTERM and SIGINT (Ctrl-C) stop it: what is under way
/// is answered first. SIGHUP has it read its configuration again.
#[derive(Debug, PartialEq, Eq, Parser)]
#[command(name = "moustique", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// What to do; serve, where nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Read this configuration file instead of the user's own.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Keep everything in this folder: config.yaml, moustique.db, logs.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,

    /// Print a configuration file with every key, its meaning and its default.
    #[arg(long)]
    pub(crate) generate_config: bool,

    /// Log everything that helps to find a fault.
    #[arg(long, global = true)]
    pub(crate) debug: bool,
}

/// What the program is to do.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Serve until a signal comes.
    Serve,

    /// Check a configuration file and all that it names, and change nothing.
    ///
    /// Looks at ports, certificate and key, password file, data folder and log
    /// file, and says of each on a line of its own whether it can be used.
    /// Exits with 0 when all can, otherwise with 1.
    Check {
        /// The file; the one that would be served with, where none is named.
        file: Option<PathBuf>,
    },

    /// Set the password that opens the monitor.
    ///
    /// Asks for it twice on a terminal; else reads one line of standard input.
    /// What is stored is a hash. A broker that runs takes it on SIGHUP.
    Passwd {
        /// The file to write; security.password_file of the configuration,
        /// where none is named.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },

    /// List the brokers on the network.
    ///
    /// Asks by multicast DNS (`_moustique._tcp`). Exits with 1 when none answers.
    Find {
        /// Seconds to wait for answers, up to 60.
        #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
        wait: Duration,

        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Arguments {
    /// Reads the command line; prints help, the version or an error and ends
    /// the process where that is asked for.
    pub(crate) fn parse_from(arguments: impl IntoIterator<Item = OsString>) -> Self {
        <Self as Parser>::parse_from(arguments.into_iter().map(with_two_dashes))
    }
}

/// Seconds on the command line.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (0.1..=60.0).contains(seconds));
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "expected is a number of seconds from 0.1 to 60".into())
}

fn with_two_dashes(argument: OsString) -> OsString {
    let is_known = argument.to_str().is_some_and(|text| {
        let (name, _) = text.split_once('=').unwrap_or((text, ""));
        ONE_DASH.contains(&name)
    });
    if !is_known {
        return argument;
    }
    let mut dashed = OsString::from("-");
    dashed.push(argument);
    dashed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Arguments {
        Arguments::parse_from(line.split(' ').map(OsString::from))
    }

    #[test]
    fn one_dash_is_as_good_as_two() {
        let cases = [
            ("m -config a.yaml -debug", "m --config a.yaml --debug"),
            ("m -config=a.yaml", "m --config=a.yaml"),
            ("m -generate-config", "m --generate-config"),
            ("m serve -config a.yaml", "m --config a.yaml serve"),
        ];
        for (one, two) in cases {
            assert_eq!(parse(one), parse(two));
        }
    }

    #[test]
    fn each_command_has_its_file() {
        let file = Some(PathBuf::from("a"));
        assert_eq!(parse("m").command, None);
        assert_eq!(parse("m serve").command, Some(Command::Serve));
        assert_eq!(parse("m check a").command, Some(Command::Check { file }));
        let file = Some(PathBuf::from("a"));
        let passwd = Some(Command::Passwd { file });
        assert_eq!(parse("m passwd --file a").command, passwd);
        let passwd = Some(Command::Passwd { file: None });
        assert_eq!(parse("m passwd -config b").command, passwd);
    }
}
