//! Waiting for what happens elsewhere, with an end.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// For what takes a process to start, on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// For what a running process does.
pub(crate) const SHORT: Duration = Duration::from_secs(10);

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Looks until there is something, and returns it.
///
/// # Panics
/// When there is nothing within the time, saying what was waited for.
#[track_caller]
pub(crate) fn until<T>(time: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + time;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "not within {time:?}: {what}");
        sleep(LOOK);
    }
}
