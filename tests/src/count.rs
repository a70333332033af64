//! How much a test does.

use std::env;

/// The number in a variable of the environment, or what the test does where it
/// is not set: `npm run test:long` sets it to do the same at length.
///
/// # Panics
/// When it is set to anything but a number above 0.
#[must_use]
pub fn count_from(variable: &str, ordinary: usize) -> usize {
    let Ok(text) = env::var(variable) else {
        return ordinary;
    };
    match text.parse() {
        Ok(count) if count > 0 => count,
        _ => panic!("{variable}={text:?} is no number above 0"),
    }
}
