//! Where the log goes: standard error, a file where one is configured, and the
//! memory of its last lines.
//!
//! A process has one log, so what holds for it is kept here and not in a node.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use jiff::Zoned;
use moustique_core::safe;
use moustique_http::RecentLog;
use moustique_store::private;
use thiserror::Error;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt as log, reload};

use crate::config::{Level, Logging};

/// Bytes of a log file. Beyond, it is put aside and a new one begun.
const FILE_BYTES: usize = 3 * 1024 * 1024;

/// Files that are put aside at most; with the one in use there are three.
const OLD_FILES: usize = 2;

/// The log of the process, once it is started.
static LOG: OnceLock<Log> = OnceLock::new();

/// The file of the log, where there is one.
static FILE: Mutex<Option<FileRotate<AppendCount>>> = Mutex::new(None);

/// What can be changed of the log.
struct Log {
    filter: reload::Handle<Targets, Registry>,
    /// Whether everything is logged whatever the configuration says.
    debug: bool,
}

/// Why there is no log.
#[derive(Debug, Error)]
pub enum LoggingError {
    /// The file cannot be written.
    #[error("the log file {} cannot be written: {source}", path.display())]
    File {
        /// The file that was configured.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The process has a log already.
    #[error("the log was started before")]
    Twice,
}

/// A change of the log that nothing stands in the way of any more.
pub(crate) struct Prepared {
    level: Level,
    file: Option<FileRotate<AppendCount>>,
}

/// Starts the log of the process. `debug` stands above what is configured.
///
/// # Errors
/// When the configured file cannot be written, or the log was started before.
pub fn start(logging: &Logging, debug: bool) -> Result<(), LoggingError> {
    let Prepared { level, file } = prepare(logging)?;
    let (filter, handle) = reload::Layer::new(targets(level, debug));
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
    let in_file = log::layer()
        .fmt_fields(fields())
        .with_timer(LocalTime)
        .with_target(false)
        .with_ansi(false)
        .with_writer(|| InFile);
    tracing_subscriber::registry()
        // What a terminal shows is in the file by then.
        .with(
            in_file
                .and_then(memory)
                .and_then(terminal)
                .with_filter(filter),
        )
        .try_init()
        .map_err(|_| LoggingError::Twice)?;
    *file_of_log() = file;
    let started = LOG.set(Log {
        filter: handle,
        debug,
    });
    started.map_err(|_| LoggingError::Twice)
}

/// Makes sure that the log can go where it is to go.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn prepare(logging: &Logging) -> Result<Prepared, LoggingError> {
    let file = logging.file.as_deref().map(open).transpose()?;
    Ok(Prepared {
        level: logging.level,
        file,
    })
}

impl Prepared {
    /// Has the log of the process go there from now on. Where the process has
    /// none, as in a test, nothing happens.
    pub(crate) fn apply(self) {
        let Some(log) = LOG.get() else {
            return;
        };
        *file_of_log() = self.file;
        // It fails only when the log is gone, and with it whoever would read
        // of it.
        let _ = log.filter.reload(targets(self.level, log.debug));
    }
}

fn open(path: &Path) -> Result<FileRotate<AppendCount>, LoggingError> {
    let options = private::append_options();
    // The rotation itself would not tell.
    let opened = options.open(path);
    opened.map_err(|source| LoggingError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(FileRotate::new(
        path,
        AppendCount::new(OLD_FILES),
        ContentLimit::BytesSurpassed(FILE_BYTES),
        Compression::None,
        Some(options),
    ))
}

fn targets(level: Level, debug: bool) -> Targets {
    let level = if debug { Level::Debug } else { level };
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("moustique", LevelFilter::from(level))
}

fn file_of_log() -> MutexGuard<'static, Option<FileRotate<AppendCount>>> {
    FILE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to the file of the log, or nowhere while there is none.
struct InFile;

impl io::Write for InFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match file_of_log().as_mut() {
            Some(file) => file.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        file_of_log().as_mut().map_or(Ok(()), io::Write::flush)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    /// The sizes of the files whose names begin like the log's, the newest
    /// first.
    fn sizes(folder: &Path) -> Vec<u64> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name(), entry.metadata().unwrap().len()))
            .collect();
        files.sort();
        files.into_iter().map(|(_, bytes)| bytes).collect()
    }

    #[test]
    fn three_files_of_three_megabytes_are_kept_and_the_oldest_lines_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut file = open(&path).unwrap();
        let line = format!("{}\n", "x".repeat(1023));
        // Five files full.
        for number in 0..5 * 3 * 1024 {
            let line = line.replacen("xxxxx", &format!("{number:05}"), 1);
            file.write_all(line.as_bytes()).unwrap();
        }
        drop(file);
        let sizes = sizes(folder.path());
        assert_eq!(sizes.len(), 3, "{sizes:?}");
        let most = u64::try_from(FILE_BYTES + line.len()).unwrap();
        assert!(sizes.iter().all(|bytes| *bytes <= most), "{sizes:?}");
        assert!(fs::read_to_string(&path).unwrap().contains("15359x"));
        // What a restart finds counts.
        let mut file = open(&path).unwrap();
        for _ in 0..3 * 1024 {
            file.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(self::sizes(folder.path()).len(), 3);
    }
}
