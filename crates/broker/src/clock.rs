//! The wall clock, read in one place.

use std::time::{SystemTime, UNIX_EPOCH};

use moustique_core::Timestamp;

/// The time now. A clock that stands before 1970 gives negative times.
pub(crate) fn now() -> Timestamp {
    let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()),
        Err(before) => i64::try_from(before.duration().as_millis()).map(|millis| -millis),
    };
    Timestamp(millis.unwrap_or(i64::MAX))
}
