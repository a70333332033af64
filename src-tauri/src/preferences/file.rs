//! The file with the preferences, as a whole.

use std::io::{self, Read};
use std::path::Path;

use moustique_store::private;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// More than all rules that there may be, each as long as it may be, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// All that is in the file. What only another version understands stays there
/// when this one writes: whoever goes back and forth between two loses nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Document(Map<String, Value>);

impl Document {
    /// Reads the file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, is too long, or is no JSON object.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let file = match private::open_to_read(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            let problem = format!("it has more than {MAX_BYTES} bytes, which is the most");
            return Err(io::Error::other(problem));
        }
        let map = serde_json::from_slice(&bytes)?;
        Ok(Some(Self(map)))
    }

    /// What this version understands of it.
    ///
    /// # Errors
    /// When a key that it knows has a value that it does not.
    pub(super) fn kept<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_value(Value::Object(self.0.clone()))
    }

    /// Takes over what this version has to say, key by key.
    ///
    /// # Errors
    /// When that is no JSON.
    pub(super) fn merge(&mut self, kept: &impl Serialize) -> io::Result<()> {
        if let Value::Object(news) = serde_json::to_value(kept)? {
            merge(&mut self.0, news);
        }
        Ok(())
    }

    /// Replaces the file, and makes its folder where that is missing.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            private::create_folder(folder)?;
        }
        let mut text = serde_json::to_vec_pretty(&self.0)?;
        text.push(b'\n');
        private::replace(path, &text)
    }
}

/// A list is taken over whole: nothing tells which of its entries are the same.
fn merge(old: &mut Map<String, Value>, news: Map<String, Value>) {
    for (key, new) in news {
        match (old.get_mut(&key), new) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, new) => {
                old.insert(key, new);
            }
        }
    }
}
