//! What is left of a run that did not end as it should, for the next one to tell.

mod report;

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use moustique_monitor::CrashNotice;
use moustique_node::Paths;
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager, Runtime};

/// The file that has something in it for as long as the application runs, in the
/// folder of the data.
const MARK: &str = "running";

/// More is no mark of ours, in bytes.
const MAX_MARK: u64 = 4 * 1024;

/// This run, as the next one would find it.
#[derive(Debug)]
struct Run {
    /// Locked: an application that runs beside this one has not crashed.
    mark: Mutex<File>,
}

/// A run that ended without saying so.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Crash {
    /// When it had begun.
    began: Timestamp,
    /// What it wrote about its end, if it still could.
    report: Option<PathBuf>,
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let began = self.began.strftime("%Y-%m-%d %H:%M:%S UTC");
        write!(
            f,
            "The application, begun at {began}, ended without being told to."
        )?;
        match &self.report {
            Some(report) => write!(f, " What it wrote about that is in {}.", report.display()),
            None => write!(
                f,
                " It could write nothing about that; the log has what came before."
            ),
        }
    }
}

/// What a run writes down of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// Milliseconds since 1970-01-01 UTC.
    began: i64,
    /// Which time that the machine was switched on, where the system says it.
    boot: Option<String>,
}

/// How the run before ended, until the user has been told.
#[derive(Debug)]
struct Untold(Mutex<Option<Crash>>);

/// Marks that the application runs, and keeps what is to be told of the run
/// before.
pub(crate) fn begin<R: Runtime>(app: &AppHandle<R>, paths: &Paths) {
    let (run, crash) = Run::begin(paths);
    if let Some(run) = run {
        app.manage(run);
    }
    if let Some(crash) = crash {
        tracing::warn!("{crash}");
        app.manage(Untold(Mutex::new(Some(crash))));
    }
}

/// What is to be told of the run before.
pub(crate) fn untold<R: Runtime>(app: &AppHandle<R>) -> Option<CrashNotice> {
    let untold = app.try_state::<Untold>()?;
    let crash = untold.0.lock().unwrap_or_else(PoisonError::into_inner);
    crash.as_ref().map(|crash| CrashNotice {
        began_at: crash.began.as_millisecond(),
        report: crash
            .report
            .as_ref()
            .map(|report| report.display().to_string()),
    })
}

/// The user has been told.
pub(crate) fn forget<R: Runtime>(app: &AppHandle<R>) {
    if let Some(untold) = app.try_state::<Untold>() {
        *untold.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Says that the application ends as it should.
pub(crate) fn end<R: Runtime>(app: &AppHandle<R>) {
    if let Some(run) = app.try_state::<Run>() {
        run.end();
    }
}

impl Run {
    /// Begins a run, and says how the one before ended, where that is news.
    /// Without a run, another application has this folder, or it may not be
    /// written to.
    fn begin(paths: &Paths) -> (Option<Self>, Option<Crash>) {
        report::write_into(paths.logs.clone());
        match Self::mark(&paths.data, &paths.logs) {
            Ok(Some((run, crash))) => (Some(run), crash),
            Ok(None) => (None, None),
            Err(error) => {
                let folder = paths.data.display();
                tracing::warn!("{folder}: it cannot be marked that the application runs: {error}.");
                (None, None)
            }
        }
    }

    fn mark(data: &Path, logs: &Path) -> io::Result<Option<(Self, Option<Crash>)>> {
        moustique_store::private::create_folder(data)?;
        let mut file = moustique_store::private::open(&data.join(MARK))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut before = String::new();
        // What is not text is no mark of ours either.
        let _ = (&file).take(MAX_MARK).read_to_string(&mut before);
        let boot = boot();
        let crash = serde_json::from_str(&before)
            .ok()
            .and_then(|mark: Mark| mark.crash(boot.as_deref(), logs));
        let mark = Mark {
            began: Timestamp::now().as_millisecond(),
            boot,
        };
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&serde_json::to_vec(&mark)?)?;
        let mark = Mutex::new(file);
        Ok(Some((Self { mark }, crash)))
    }

    /// Says that this run ends as it should.
    fn end(&self) {
        let file = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.set_len(0) {
            tracing::warn!("The end of the application could not be written down: {error}.");
        }
    }
}

impl Mark {
    fn crash(self, boot: Option<&str>, logs: &Path) -> Option<Crash> {
        let began = Timestamp::from_millisecond(self.began).ok()?;
        let report = report::since(logs, began);
        // The power failed, or the system was in a hurry: that is no news, and no
        // fault of the application.
        let is_same_boot = self.boot.as_deref() == boot;
        (is_same_boot || report.is_some()).then_some(Crash { began, report })
    }
}

#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn run(folder: &TempDir) -> (Option<Run>, Option<Crash>) {
        let logs = folder.path().join("logs");
        let marked = Run::mark(folder.path(), &logs).unwrap();
        marked.map_or((None, None), |(run, crash)| (Some(run), crash))
    }

    #[test]
    fn a_run_that_ended_as_it_should_is_no_news() {
        let folder = tempfile::tempdir().unwrap();
        let (first, crash) = run(&folder);
        assert_eq!(crash, None);
        first.unwrap().end();
        assert_eq!(run(&folder).1, None);
    }

    #[test]
    fn a_run_that_did_not_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let before = Timestamp::now();
        drop(run(&folder));
        let (second, crash) = run(&folder);
        let crash = crash.unwrap();
        let before = before.as_millisecond();
        let after = Timestamp::now().as_millisecond();
        assert!((before..=after).contains(&crash.began.as_millisecond()));
        assert_eq!(crash.report, None);
        second.unwrap().end();
        assert_eq!(run(&folder).1, None);
    }

    #[test]
    fn another_that_runs_has_not_crashed() {
        let folder = tempfile::tempdir().unwrap();
        let first = run(&folder);
        let (second, crash) = run(&folder);
        assert!(second.is_none() && crash.is_none());
        drop(first);
    }

    #[test]
    fn a_report_of_that_run_is_named_and_no_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        report::write(&logs, "an older one").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        drop(run(&folder));
        assert_eq!(run(&folder).1.unwrap().report, None);
        let written = report::write(&logs, "it ended").unwrap();
        assert_eq!(run(&folder).1.unwrap().report, Some(written));
    }

    #[test]
    fn a_machine_that_was_switched_off_is_no_crash_unless_there_is_a_report() {
        let folder = tempfile::tempdir().unwrap();
        let mark = |began: Timestamp| {
            let began = began.as_millisecond();
            let boot = Some("another".to_owned());
            let mark = serde_json::to_vec(&Mark { began, boot }).unwrap();
            fs::write(folder.path().join(MARK), mark).unwrap();
        };
        mark(Timestamp::now());
        assert_eq!(run(&folder).1, None);
        mark(Timestamp::now());
        report::write(&folder.path().join("logs"), "it ended").unwrap();
        assert!(run(&folder).1.is_some());
    }

    #[test]
    fn rubbish_is_no_mark() {
        let folder = tempfile::tempdir().unwrap();
        for rubbish in [&b"\xff\xfe"[..], b"{}", b"[1, 2]", &[b'x'; 10_000]] {
            fs::write(folder.path().join(MARK), rubbish).unwrap();
            let (run, crash) = run(&folder);
            assert!(run.is_some() && crash.is_none());
        }
    }
}
