//! A clock on the wall that a file sets.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use moustique_tests::Setup;

/// The variant for programs with threads: the other one would read its file in
/// several of them at once.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// Where distributions put it, below the system's folders of libraries.
const FOLDERS: [&str; 2] = ["/usr/lib", "/usr/lib64"];

/// The wall clock of one broker, by libfaketime. The monotonic clock goes on
/// as it is.
#[derive(Debug)]
pub(crate) struct Clock(PathBuf);

impl Clock {
    /// A clock that is right, set by a file in the folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let clock = Self(folder.join("clock"));
        clock.jump(0);
        clock
    }

    /// Puts the clock so many seconds before or behind the right time.
    pub(crate) fn jump(&self, seconds: i64) {
        // Renamed, so that nobody reads half of it.
        let whole = self.0.with_extension("new");
        fs::write(&whole, format!("{seconds:+}\n")).unwrap();
        fs::rename(whole, &self.0).unwrap();
    }

    /// How to start a broker that looks at this clock.
    pub(crate) fn setup(&self, more: &str) -> Setup {
        Setup {
            more: more.into(),
            environment: vec![
                ("LD_PRELOAD", library().into()),
                ("FAKETIME_TIMESTAMP_FILE", self.0.clone().into()),
                ("FAKETIME_NO_CACHE", "1".into()),
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
                ("NO_FAKE_STAT", OsString::from("1")),
            ],
            ..Setup::default()
        }
    }
}

/// The seconds from now to a moment, which is given in seconds since 1970.
pub(crate) fn seconds_to(moment: i64) -> i64 {
    moment - now()
}

/// The right time, in seconds since 1970.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    elapsed.as_secs().try_into().unwrap()
}

fn library() -> PathBuf {
    let folders = FOLDERS.iter().flat_map(|folder| {
        let below = fs::read_dir(folder).into_iter().flatten();
        let below = below.filter_map(|entry| Some(entry.ok()?.path()));
        std::iter::once(PathBuf::from(folder)).chain(below)
    });
    let mut libraries = folders.map(|folder| folder.join(LIBRARY));
    libraries
        .find(|library| library.is_file())
        .unwrap_or_else(|| panic!("{LIBRARY} is not there: the package faketime has it"))
}
