//! Where the log goes: standard error, a file where one is configured, and the
//! memory of its last lines.

use std::fmt;
use std::io;
use std::sync::LazyLock;

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use jiff::Zoned;
use moustique_core::safe;
use moustique_http::RecentLog;
use thiserror::Error;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt as log};

use crate::config::{Level, Logging};

/// Bytes of a log file. Beyond, it is put aside and a new one begun.
const FILE_BYTES: usize = 3 * 1024 * 1024;

/// Files that are put aside at most; with the one in use there are three.
const OLD_FILES: usize = 2;

/// Why there is no log.
#[derive(Debug, Error)]
pub enum LoggingError {
    /// The file cannot be written.
    #[error("the log file {} cannot be written: {source}", path.display())]
    File {
        /// The file that was configured.
        path: std::path::PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The process has a log already.
    #[error("the log was started before")]
    Twice,
}

/// Starts the log of the process. `debug` stands above what is configured.
///
/// # Errors
/// When the configured file cannot be written, or the log was started before.
pub fn start(logging: &Logging, debug: bool) -> Result<(), LoggingError> {
    let level = if debug { Level::Debug } else { logging.level };
    let file = match &logging.file {
        None => None,
        Some(path) => {
            // The rotation itself would not tell.
            let opened = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path);
            opened.map_err(|source| LoggingError::File {
                path: path.clone(),
                source,
            })?;
            let rotation = FileRotate::new(
                path,
                AppendCount::new(OLD_FILES),
                ContentLimit::BytesSurpassed(FILE_BYTES),
                Compression::None,
                None,
            );
            let writer = std::sync::Mutex::new(rotation);
            Some(
                log::layer()
                    .fmt_fields(fields())
                    .with_timer(LocalTime)
                    .with_target(false)
                    .with_ansi(false)
                    .with_writer(writer),
            )
        }
    };
    let memory = log::layer()
        .fmt_fields(fields())
        .with_timer(LocalTime)
        .with_target(false)
        .with_ansi(false)
        .with_writer(|| LastLines);
    let terminal = log::layer()
        .fmt_fields(fields())
        .with_timer(LocalTime)
        .with_target(false)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_writer(io::stderr);
    let filter = tracing_subscriber::filter::Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("moustique", LevelFilter::from(level));
    tracing_subscriber::registry()
        .with(terminal.and_then(file).and_then(memory).with_filter(filter))
        .try_init()
        .map_err(|_| LoggingError::Twice)
}

/// The last lines of the log of the process, which there is once.
#[must_use]
pub fn recent() -> RecentLog {
    static RECENT: LazyLock<RecentLog> = LazyLock::new(RecentLog::default);
    RECENT.clone()
}

/// Takes each line into [`recent`].
struct LastLines;

impl io::Write for LastLines {
    /// An event is written at once, with the end of its line.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        recent().push(line.trim_end_matches('\n'));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what an event says so that nothing in it acts on who reads it: much of
/// it comes from outside. The colours of a terminal are put around it later.
fn fields() -> impl for<'w> FormatFields<'w> + 'static {
    let field = |writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug| {
        let text = format!("{value:?}");
        match field.name() {
            "message" => writer.write_str(&safe(&text)),
            name => write!(writer, "{name}={}", safe(&text)),
        }
    };
    debug_fn(field).delimited(" ")
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
        }
    }
}

/// The user's own time, to the millisecond, with its offset.
struct LocalTime;

impl FormatTime for LocalTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(
            writer,
            "{}",
            Zoned::now().strftime("%Y-%m-%d %H:%M:%S%.3f%:z")
        )
    }
}
