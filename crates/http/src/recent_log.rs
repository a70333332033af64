//! The last lines of the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moustique_core::safe;

/// Lines that are kept. One more, and the oldest goes.
const LINES: usize = 100;

/// Characters of a line that are kept. The rest is left out.
const LINE_CHARACTERS: usize = 1_000;

/// The last lines of the log. Cloning gives another handle to the same ones.
#[derive(Clone, Debug, Default)]
pub struct RecentLog {
    lines: Arc<Mutex<Lines>>,
}

#[derive(Debug, Default)]
struct Lines {
    last: VecDeque<String>,
    total: u64,
}

impl RecentLog {
    /// Adds a line, made safe to show.
    pub fn push(&self, line: &str) {
        let end = line.char_indices().nth(LINE_CHARACTERS);
        let cut = end.and_then(|(at, _)| line.get(..at)).unwrap_or(line);
        let mut shown = safe(cut).into_owned();
        if end.is_some() {
            shown.push('…');
        }
        let mut lines = self.lock();
        if lines.last.len() >= LINES {
            lines.last.pop_front();
        }
        lines.last.push_back(shown);
        lines.total += 1;
    }

    /// The lines, oldest first, and how many there were in all.
    #[must_use]
    pub fn read(&self) -> (Vec<String>, u64) {
        let lines = self.lock();
        (lines.last.iter().cloned().collect(), lines.total)
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_stay_and_all_are_counted() {
        let log = RecentLog::default();
        for number in 0..250 {
            log.push(&format!("line {number}"));
        }
        let (lines, total) = log.read();
        assert_eq!((lines.len(), total), (LINES, 250));
        assert_eq!(lines.first().map(String::as_str), Some("line 150"));
    }

    #[test]
    fn what_acts_is_written_out_and_what_is_long_is_cut() {
        let log = RecentLog::default();
        log.push("a\u{1b}[31m\u{202e}b");
        log.push(&"é".repeat(LINE_CHARACTERS + 1));
        log.push(&"é".repeat(LINE_CHARACTERS));
        let (lines, _) = log.read();
        assert_eq!(lines[0], "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(lines[1], "é".repeat(LINE_CHARACTERS) + "…");
        assert_eq!(lines[2], "é".repeat(LINE_CHARACTERS));
    }
}
