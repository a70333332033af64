//! Numbers, sizes and times that can only hold what is allowed.
//!
//! Each type carries its bounds, so a key of the configuration names them once
//! and an error can say them. None of them is ever 0: it would be taken for
//! "unlimited", which nothing is.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub(super) const KIB: u64 = 1024;
pub(super) const MIB: u64 = 1024 * KIB;
pub(super) const GIB: u64 = 1024 * MIB;

/// The units of sizes, largest first. Only these: whether a `K` or a `kB` is
/// 1000 or 1024 bytes is not for us to guess.
const UNITS: [(&str, u64); 4] = [("GiB", GIB), ("MiB", MIB), ("KiB", KIB), ("B", 1)];

/// A whole number from 1 to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count<const MAX: usize>(usize);

impl<const MAX: usize> Count<MAX> {
    /// A default, which a test checks against the bounds.
    pub(super) const fn of(count: usize) -> Self {
        Self(count)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> usize {
        self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Count<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = format!("a whole number from 1 to {MAX}");
        above_zero(deserializer, &expected, |text| {
            let count = digits(text)?;
            (1..=MAX).contains(&count).then_some(Self(count))
        })
    }
}

/// A size in bytes from `MIN` to `MAX`, written as a whole number with its
/// unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size<const MIN: u64, const MAX: u64>(usize);

impl<const MIN: u64, const MAX: u64> Size<MIN, MAX> {
    /// A default, which a test checks against the bounds.
    pub(super) const fn of(bytes: usize) -> Self {
        Self(bytes)
    }

    /// The size in bytes.
    #[must_use]
    pub fn get(self) -> usize {
        self.0
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Size<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = format!(
            "a size from {} to {}, a whole number with its unit: B, KiB, MiB or GiB",
            in_words(MIN),
            in_words(MAX)
        );
        above_zero(deserializer, &expected, |text| {
            let bytes = bytes(text)?;
            let is_allowed = (MIN..=MAX).contains(&bytes);
            is_allowed.then_some(Self(usize::try_from(bytes).ok()?))
        })
    }
}

/// A time above zero, up to `MAX_SECONDS`, written with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time<const MAX_SECONDS: u64>(Duration);

impl<const MAX_SECONDS: u64> Time<MAX_SECONDS> {
    /// A default, which a test checks against the bounds.
    pub(super) const fn of(time: Duration) -> Self {
        Self(time)
    }

    /// The time.
    #[must_use]
    pub fn get(self) -> Duration {
        self.0
    }
}

impl<'de, const MAX_SECONDS: u64> Deserialize<'de> for Time<MAX_SECONDS> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let longest = Duration::from_secs(MAX_SECONDS);
        let expected = format!(
            "a time above zero with its unit, such as 500ms, 5s or 5m, at most {}",
            humantime::format_duration(longest)
        );
        above_zero(deserializer, &expected, |text| {
            let time = humantime::parse_duration(text).ok()?;
            let is_allowed = !time.is_zero() && time <= longest;
            is_allowed.then_some(Self(time))
        })
    }
}

/// Reads a scalar as text first, so that an error can say what was given, and
/// what a 0 does not mean.
pub(super) fn above_zero<'de, D, T>(
    deserializer: D,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| {
        let remark = if is_zero(&text) {
            "; 0 never means unlimited"
        } else {
            ""
        };
        D::Error::custom(format!("'{text}' is not {expected}{remark}"))
    })
}

/// Whether it is a 0, with a unit or without.
fn is_zero(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    number.parse() == Ok(0.0)
}

/// Digits alone: no sign, no point, no exponent.
fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

fn bytes(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = digits(text.strip_suffix(unit)?)?;
    let (_, factor) = UNITS
        .into_iter()
        .find(|(name, _)| *name == unit.trim_start())?;
    number.checked_mul(factor)
}

fn in_words(bytes: u64) -> String {
    let whole = |(_, factor): &(&str, u64)| bytes >= *factor && bytes.is_multiple_of(*factor);
    match UNITS.into_iter().find(whole) {
        Some((name, factor)) => format!("{} {name}", bytes / factor),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_whole_number_with_one_of_four_units() {
        for (text, expected) in [
            ("1 B", 1),
            ("512B", 512),
            ("16 KiB", 16 * KIB),
            ("3MiB", 3 * MIB),
            ("2  GiB", 2 * GIB),
        ] {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "1",
            "KiB",
            "1 K",
            "1 KB",
            "1 kib",
            "1.5 MiB",
            "-1 B",
            "+1 B",
            "1e3 B",
            "1 B 2 B",
            " 1 B",
            "1 B ",
            "99999999999 GiB",
        ] {
            assert_eq!(bytes(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_size_is_said_in_its_largest_whole_unit() {
        for (bytes, words) in [
            (1, "1 B"),
            (1536, "1536 B"),
            (KIB, "1 KiB"),
            (16 * GIB, "16 GiB"),
        ] {
            assert_eq!(in_words(bytes), words);
        }
    }

    #[test]
    fn zero_is_known_with_and_without_its_unit() {
        for text in ["0", "00", "0s", "0 KiB", "0.0"] {
            assert!(is_zero(text), "{text}");
        }
        for text in ["", "KiB", "10", "0s 5m", "1 B"] {
            assert!(!is_zero(text), "{text}");
        }
    }
}
