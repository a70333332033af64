//! What the program says on standard error.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use moustique_node::{ConfigSource, Logging, logging};

/// Starts the log as it is configured. Where that cannot be done, it goes to
/// standard error alone: a wrong configuration is the broker's problem, which
/// the window shows.
pub(crate) fn begin(configuration: &ConfigSource) {
    if let Some(folder) = configuration.log.as_deref().and_then(Path::parent)
        // What comes of it shows when the file is opened.
        && let Err(error) = fs::create_dir_all(folder)
    {
        last_words(&format!("{}: {error}.", folder.display()));
    }
    let configured = configuration.load().map(|config| config.logging);
    let logging = configured.unwrap_or_else(|_| Logging {
        file: configuration.log.clone(),
        ..Logging::default()
    });
    let Err(error) = logging::start(&logging, false) else {
        return;
    };
    match logging::start(&Logging::default(), false) {
        Ok(()) => tracing::warn!("{error}"),
        Err(_) => last_words(&error.to_string()),
    }
}

/// Says why the program cannot begin, to whoever typed its name.
pub(crate) fn last_words(problem: &str) {
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(io::stderr(), "moustique-desktop: {problem}");
}
