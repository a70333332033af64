//! The devices that are known, over all starts of the application and of the
//! machine: of whoever is not among them, the first message is news.

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use moustique_broker::Speaker;
use moustique_store::private;
use serde::{Deserialize, Serialize};

/// The file, in the folder of the data.
pub(crate) const FILE: &str = "devices.json";

/// Devices that are remembered. Of more, the one that was silent for the longest
/// is forgotten, and would be new again.
const MAX_DEVICES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// More than as many devices take, with names as long as they may be, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What is in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    /// Names and addresses, the one that was silent for the longest first.
    devices: Vec<String>,
}

/// The devices that are known.
#[derive(Debug)]
pub(crate) struct Devices {
    path: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    devices: LruCache<String, ()>,
    /// Whether the devices that are in the store count: before that, everybody
    /// would be new.
    is_begun: bool,
    is_written: bool,
}

impl Devices {
    /// Reads the file. One that cannot be read is begun anew, with those that are
    /// in the store: a list of devices is worth no question.
    pub(crate) fn read(path: PathBuf) -> Self {
        let mut devices = LruCache::new(MAX_DEVICES);
        let is_begun = match read(&path) {
            Ok(written) => {
                let is_begun = written.is_some();
                for device in written.into_iter().flat_map(|written| written.devices) {
                    devices.push(device, ());
                }
                is_begun
            }
            Err(error) => {
                tracing::warn!(
                    "The devices that were known are forgotten: {} cannot be read: {error}.",
                    path.display()
                );
                false
            }
        };
        Self {
            path,
            known: Mutex::new(Known {
                devices,
                is_begun,
                is_written: true,
            }),
        }
    }

    /// Whether it is known who is in the store.
    pub(crate) fn is_begun(&self) -> bool {
        self.lock().is_begun
    }

    /// From now on, who is not known is new.
    pub(crate) fn begin(&self) {
        let mut known = self.lock();
        known.is_begun = true;
        known.is_written = false;
    }

    /// Takes somebody who was heard. The name, when that is the first time.
    pub(crate) fn hear(&self, speaker: &Speaker) -> Option<String> {
        let name = match speaker {
            Speaker::Named(name) => name.to_string(),
            Speaker::At(address) => address.to_string(),
        };
        let mut known = self.lock();
        // Moves it to the end of those that may be forgotten.
        if known.devices.get(&name).is_some() {
            return None;
        }
        known.devices.push(name.clone(), ());
        known.is_written = false;
        Some(name)
    }

    /// Writes the file, when there is something new. Waits for the disk.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn write(&self) -> io::Result<()> {
        let written = {
            let mut known = self.lock();
            if known.is_written || !known.is_begun {
                return Ok(());
            }
            // Also when it fails: the next device tries again, not the next look.
            known.is_written = true;
            let devices = known.devices.iter().rev();
            Written {
                devices: devices.map(|(device, ())| device.clone()).collect(),
            }
        };
        if let Some(folder) = self.path.parent() {
            private::create_folder(folder)?;
        }
        private::replace(&self.path, &serde_json::to_vec(&written)?)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Each change is one step: no panic leaves half of it.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> io::Result<Option<Written>> {
    let file = match private::open_to_read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use moustique_core::{Limits, PublisherName};

    use super::*;

    fn named(name: &str) -> Speaker {
        Speaker::Named(PublisherName::parse(name, &Limits::default()).unwrap())
    }

    fn at(last_octet: u8) -> Speaker {
        Speaker::At([10, 0, 0, last_octet].into())
    }

    #[test]
    fn everybody_is_new_once_over_all_starts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join(FILE);
        let devices = Devices::read(path.clone());
        assert!(!devices.is_begun());
        devices.hear(&named("lamp"));
        devices.write().unwrap();
        assert!(!path.exists(), "nothing is known of the store yet");
        devices.begin();

        assert_eq!(devices.hear(&named("lamp")), None);
        assert_eq!(devices.hear(&named("door")), Some("door".into()));
        assert_eq!(devices.hear(&at(7)), Some("10.0.0.7".into()));
        assert_eq!(devices.hear(&at(7)), None);
        devices.write().unwrap();

        let again = Devices::read(path);
        assert!(again.is_begun());
        for speaker in [named("lamp"), named("door"), at(7)] {
            assert_eq!(again.hear(&speaker), None);
        }
        assert_eq!(again.hear(&at(8)), Some("10.0.0.8".into()));
    }

    #[test]
    fn the_file_is_written_when_there_is_something_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let devices = Devices::read(path.clone());
        devices.begin();
        devices.write().unwrap();
        assert!(path.exists());
        fs::remove_file(&path).unwrap();

        devices.write().unwrap();
        assert!(!path.exists());
        devices.hear(&named("lamp"));
        devices.write().unwrap();
        assert!(path.exists());
    }

    #[test]
    fn who_was_silent_for_the_longest_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let devices = Devices::read(path.clone());
        devices.begin();
        devices.hear(&named("first"));
        devices.hear(&named("second"));
        for number in 0..MAX_DEVICES.get() - 2 {
            devices.hear(&named(&number.to_string()));
        }
        devices.hear(&named("first"));
        devices.hear(&named("more"));
        devices.write().unwrap();

        // The file keeps who was heard when.
        let again = Devices::read(path);
        assert_eq!(again.hear(&named("first")), None);
        assert_eq!(again.hear(&named("more")), None);
        assert_eq!(again.lock().devices.len(), MAX_DEVICES.get());
        assert_eq!(again.hear(&named("second")), Some("second".into()));
        assert_eq!(again.hear(&named("0")), Some("0".into()));
        assert_eq!(again.hear(&named("5")), None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_begun_anew() {
        for text in ["", "{", "[1]", r#"{"devices": 1}"#] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(FILE);
            fs::write(&path, text).unwrap();

            let devices = Devices::read(path.clone());
            assert!(!devices.is_begun());
            devices.begin();
            devices.write().unwrap();

            assert!(Devices::read(path).is_begun());
        }
    }
}
