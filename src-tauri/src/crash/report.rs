//! What a part of the application that breaks writes about itself.

use std::backtrace::Backtrace;
use std::fs;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jiff::Timestamp;
use moustique_node::{VERSION, logging};
use moustique_store::private;

/// Reports that are kept; the oldest goes first.
const KEPT: usize = 5;

/// Reports that one run writes at most: one that breaks again and again says
/// nothing new.
const A_RUN: usize = 3;

/// How the name of a report begins and ends.
const PREFIX: &str = "crash-";
const SUFFIX: &str = ".txt";

/// Has every panic from now on written into this folder, besides what was done
/// with it before.
pub(super) fn write_into(logs: PathBuf) {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        before(panic);
        if WRITTEN.fetch_add(1, Ordering::Relaxed) >= A_RUN {
            return;
        }
        match write(&logs, &text(panic)) {
            Ok(report) => tracing::error!("A part of the application broke: {}.", report.display()),
            Err(error) => tracing::error!(
                "A part of the application broke, and {} cannot be written to: {error}.",
                logs.display()
            ),
        }
    }));
}

fn text(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let (log, _) = logging::recent().read();
    format!(
        "Moustique {VERSION} on {} ({}), {}\n\nThread {}: {panic}\n\n{}\n\nThe end of the log:\n{}\n",
        std::env::consts::OS,
        std::env::consts::ARCH,
        Timestamp::now(),
        thread.name().unwrap_or("without a name"),
        Backtrace::force_capture(),
        log.join("\n"),
    )
}

/// Writes a report and removes the oldest ones.
pub(super) fn write(logs: &Path, text: &str) -> io::Result<PathBuf> {
    private::create_folder(logs)?;
    let report = logs.join(name(Timestamp::now()));
    private::replace(&report, text.as_bytes())?;
    let mut all = reports(logs);
    while all.len() > KEPT {
        fs::remove_file(all.remove(0))?;
    }
    Ok(report)
}

/// The latest report that was written at that moment or later.
pub(super) fn since(logs: &Path, moment: Timestamp) -> Option<PathBuf> {
    let report = reports(logs).pop()?;
    // By its name: the clock of a file system goes by ticks of some milliseconds.
    let is_later = report.file_name()?.to_str()? >= name(moment).as_str();
    is_later.then_some(report)
}

/// The name of a report, to the millisecond, so that names sort as the reports do.
fn name(moment: Timestamp) -> String {
    let moment = moment.strftime("%Y%m%dT%H%M%S.%3fZ");
    format!("{PREFIX}{moment}{SUFFIX}")
}

/// All reports, the oldest first.
fn reports(logs: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(logs).into_iter().flatten().flatten();
    let mut reports: Vec<_> = files
        .map(|file| file.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
        })
        .collect();
    reports.sort();
    reports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_written_with_what_helps_to_find_it() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        write_into(logs.clone());
        let began = Timestamp::now();
        let broken = thread::Builder::new().name("a part".to_owned());
        let broken = broken.spawn(|| panic!("no such thing as {}", 7)).unwrap();
        assert!(broken.join().is_err());
        let report = fs::read_to_string(since(&logs, began).unwrap()).unwrap();
        let expected = [
            "Thread a part",
            "no such thing as 7",
            "report.rs",
            VERSION,
            "The end of the log",
        ];
        for part in expected {
            assert!(report.contains(part), "{part}: {report}");
        }
    }

    #[test]
    fn only_the_last_reports_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let other = logs.join("moustique.log");
        let written: Vec<_> = (0..KEPT + 3)
            .map(|number| {
                let report = write(&logs, &number.to_string()).unwrap();
                fs::write(&other, "").unwrap();
                std::thread::sleep(std::time::Duration::from_millis(2));
                report
            })
            .collect();
        assert_eq!(reports(&logs), written[3..]);
        assert!(other.exists());
    }
}
