//! What the command line may say.

use std::path::PathBuf;

use clap::Parser;

/// A message broker for everything on the network, in a window.
///
/// The broker starts at once and goes on in the tray when the window is
/// closed. Without a display, use the headless program `moustique`.
#[derive(Debug, Parser)]
#[command(name = "moustique-desktop", version)]
pub(crate) struct Arguments {
    /// Start in the tray, without a window.
    #[arg(long)]
    pub(crate) hidden: bool,

    /// Keep the configuration, the data and the log in this folder instead of
    /// the user's own.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Draw without the graphics card: for a window that stays empty.
    #[arg(long)]
    pub(crate) safe_graphics: bool,
}

impl Arguments {
    /// Whether the window is wanted by a second launch with these arguments.
    /// One that is hidden, as the start with the session is, asks for nothing.
    pub(crate) fn want_window(arguments: Vec<String>) -> bool {
        Self::try_parse_from(arguments).is_ok_and(|second| !second.hidden)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_option_is_read() {
        let arguments = Arguments::parse_from([
            "moustique-desktop",
            "--hidden",
            "--data-dir",
            "/tmp/data",
            "--safe-graphics",
        ]);

        assert!(arguments.hidden);
        assert_eq!(arguments.data_dir, Some(PathBuf::from("/tmp/data")));
        assert!(arguments.safe_graphics);
    }

    #[test]
    fn a_second_launch_wants_the_window_unless_it_is_hidden() {
        let table: [(&[&str], bool); 3] = [
            (&["moustique-desktop"], true),
            (&["moustique-desktop", "--data-dir", "/tmp/data"], true),
            (&["moustique-desktop", "--hidden"], false),
        ];
        for (arguments, expected) in table {
            let given = arguments.iter().map(ToString::to_string).collect();
            assert_eq!(Arguments::want_window(given), expected, "{arguments:?}");
        }
    }

    #[test]
    fn an_option_that_does_not_exist_is_refused() {
        assert!(Arguments::try_parse_from(["moustique-desktop", "--port", "1"]).is_err());
    }
}
