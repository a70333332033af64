//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

/// Options that may be written with one dash, as the documentation of older
/// brokers has them.
const ONE_DASH: [&str; 3] = ["-config", "-generate-config", "-debug"];

/// A message broker for everything on the network.
///
/// Without arguments it serves with its defaults: port 33334, data in the
/// user's data folder. SIGTERM and SIGINT (Ctrl-C) stop it: what is under way
/// is answered first.
#[derive(Debug, PartialEq, Eq, Parser)]
#[command(name = "moustique", version)]
pub(crate) struct Arguments {
    /// Read this configuration file instead of the user's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Keep everything in this folder: config.yaml, moustique.db, logs.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Print a configuration file with every key, its meaning and its default.
    #[arg(long)]
    pub(crate) generate_config: bool,

    /// Log everything that helps to find a fault.
    #[arg(long)]
    pub(crate) debug: bool,
}

impl Arguments {
    /// Reads the command line; prints help, the version or an error and ends
    /// the process where that is asked for.
    pub(crate) fn parse_from(arguments: impl IntoIterator<Item = OsString>) -> Self {
        <Self as Parser>::parse_from(arguments.into_iter().map(with_two_dashes))
    }
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
        ];
        for (one, two) in cases {
            assert_eq!(parse(one), parse(two));
        }
    }
}
