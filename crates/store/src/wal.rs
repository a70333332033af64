//! The write-ahead log, looked at before SQLite does: what follows a damaged frame
//! is passed over by SQLite without a word, as is the end of a log that was never
//! written. What tells the two apart is whether more of the same log follows.
//!
//! The layout is that of <https://www.sqlite.org/fileformat2.html#walformat>.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

/// The first bytes of a log; the last bit says how the numbers in a checksum are
/// read.
const MAGIC: u32 = 0x377f_0682;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// Read at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// Whether frames of the log are lost because they are behind a damaged one. A
/// frame that was being written when the process died has none behind it.
///
/// # Errors
/// When the file cannot be read. One that is not there has no frames.
pub(crate) fn is_cut(log: &Path) -> io::Result<bool> {
    let file = match File::open(log) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut header = [0; HEADER_BYTES];
    if !fill(&mut file, &mut header)? {
        return Ok(false);
    }
    match Header::parse(&header) {
        Some(header) => header.loses_frames(&mut file),
        // Nothing of it is read then, be there anything or not.
        None => fill(&mut file, &mut [0; FRAME_HEADER_BYTES]),
    }
}

struct Header {
    is_big_endian: bool,
    page_bytes: usize,
    /// Which frames are of this log, not of the one that was in the file before.
    salt: [u8; 8],
    checksum: Checksum,
}

impl Header {
    /// `None` when it is damaged.
    fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = number(bytes, 0)?;
        let is_big_endian = magic == MAGIC + 1;
        let page_bytes = usize::try_from(number(bytes, 8)?).ok()?;
        let mut checksum = Checksum::default();
        checksum.add(bytes.get(..24)?, is_big_endian);
        let is_sound = (magic == MAGIC || is_big_endian)
            && (512..=65_536).contains(&page_bytes)
            && page_bytes.is_power_of_two()
            && checksum.is(bytes.get(24..)?);
        is_sound.then_some(Self {
            is_big_endian,
            page_bytes,
            salt: bytes.get(16..24)?.try_into().ok()?,
            checksum,
        })
    }

    fn loses_frames(mut self, file: &mut impl Read) -> io::Result<bool> {
        let mut frame = vec![0; FRAME_HEADER_BYTES + self.page_bytes];
        let mut is_over = false;
        while fill(file, &mut frame)? {
            let is_of_this_log = frame.get(8..16) == Some(&self.salt[..]);
            if is_over && is_of_this_log {
                return Ok(true);
            }
            is_over = is_over || !is_of_this_log || !self.is_sound(&frame);
        }
        Ok(false)
    }

    /// Whether the frame is what follows those before it.
    fn is_sound(&mut self, frame: &[u8]) -> bool {
        let (Some(numbers), Some(stored), Some(page)) =
            (frame.get(..8), frame.get(16..24), frame.get(24..))
        else {
            return false;
        };
        self.checksum.add(numbers, self.is_big_endian);
        self.checksum.add(page, self.is_big_endian);
        self.checksum.is(stored)
    }
}

/// The sum over all that came before, of two numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Checksum(u32, u32);

impl Checksum {
    fn add(&mut self, bytes: &[u8], is_big_endian: bool) {
        let (words, _) = bytes.as_chunks::<4>();
        let read = if is_big_endian {
            u32::from_be_bytes
        } else {
            u32::from_le_bytes
        };
        let (pairs, _) = words.as_chunks::<2>();
        for [first, second] in pairs {
            self.0 = self.0.wrapping_add(read(*first)).wrapping_add(self.1);
            self.1 = self.1.wrapping_add(read(*second)).wrapping_add(self.0);
        }
    }

    fn is(self, stored: &[u8]) -> bool {
        number(stored, 0) == Some(self.0) && number(stored, 4) == Some(self.1)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

/// Reads exactly so much. False at the end of the file, be there a part left.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    use rusqlite::Connection;
    use tempfile::TempDir;

    const PAGE: usize = 4_096;
    const FRAME: usize = FRAME_HEADER_BYTES + PAGE;

    /// A log of some frames, as SQLite writes it; frames of an older log follow.
    fn log() -> (TempDir, PathBuf, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        let set_up = "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;
                      PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x);";
        writer.execute_batch(set_up).unwrap();
        let insert = |count: usize| {
            for _ in 0..count {
                let row = "INSERT INTO t VALUES (hex(randomblob(900)))";
                writer.execute(row, []).unwrap();
            }
        };
        insert(40);
        writer
            .execute_batch("PRAGMA wal_checkpoint(RESTART)")
            .unwrap();
        insert(10);
        let frames: u32 = writer
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
            .unwrap();
        let copy = folder.path().join("copy");
        fs::copy(folder.path().join("a.db-wal"), &copy).unwrap();
        (folder, copy, frames as usize)
    }

    fn is_cut_by_a_flip(log: &Path, byte: usize) -> bool {
        let mut bytes = fs::read(log).unwrap();
        bytes[byte] ^= 1;
        let damaged = log.with_extension("damaged");
        fs::write(&damaged, bytes).unwrap();
        is_cut(&damaged).unwrap()
    }

    #[test]
    fn a_sound_log_is_whole_whatever_was_in_the_file_before() {
        let (folder, log, frames) = log();
        let length = fs::metadata(&log).unwrap().len() as usize;
        assert!(
            length > HEADER_BYTES + (frames + 5) * FRAME,
            "an older log follows"
        );
        assert!(!is_cut(&log).unwrap());
        assert!(!is_cut(&folder.path().join("absent")).unwrap());
    }

    #[test]
    fn what_follows_damage_is_lost() {
        let (_folder, log, frames) = log();
        for (frame, place) in [(0, 0), (1, 9), (2, 20), (3, 24), (frames - 2, FRAME - 1)] {
            let byte = HEADER_BYTES + frame * FRAME + place;
            assert!(is_cut_by_a_flip(&log, byte), "{frame}");
        }
        for byte in 0..HEADER_BYTES {
            assert!(is_cut_by_a_flip(&log, byte), "{byte}");
        }
    }

    #[test]
    fn the_last_frame_may_be_half_written() {
        let (_folder, log, frames) = log();
        let last = HEADER_BYTES + (frames - 1) * FRAME;
        assert!(!is_cut_by_a_flip(&log, last + 100));
        let mut bytes = fs::read(&log).unwrap();
        for length in [0, 7, HEADER_BYTES, HEADER_BYTES + 1, last + 30, last] {
            bytes.truncate(last + 30);
            fs::write(&log, &bytes[..length.min(bytes.len())]).unwrap();
            assert!(!is_cut(&log).unwrap(), "{length}");
        }
    }
}
