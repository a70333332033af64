//! Which executable is running.

use std::env;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::task;

use crate::refusal::Refusal;

/// The digest of the executable that is running, made when it is asked for first.
#[derive(Debug, Default)]
pub(crate) struct Executable {
    digest: OnceCell<String>,
}

impl Executable {
    /// The SHA-256 of the file, in hexadecimal digits. Made once, off the async
    /// threads; whoever asks meanwhile waits for it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) async fn digest(&self) -> Result<&str, Refusal> {
        let made = self.digest.get_or_try_init(|| async {
            match task::spawn_blocking(digest).await {
                Ok(digest) => digest.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        });
        made.await
            .map(String::as_str)
            .map_err(|error| Refusal::Failed(format!("the executable cannot be read: {error}")))
    }
}

fn digest() -> io::Result<String> {
    let mut file = File::open(running_file()?)?;
    let mut digest = Sha256::new();
    io::copy(&mut file, &mut Hasher(&mut digest))?;
    let mut text = String::with_capacity(64);
    for byte in digest.finalize() {
        // Writing into a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The file that is running, where the system keeps it at hand even after another
/// has taken its place; else the file that stands in its place.
fn running_file() -> io::Result<PathBuf> {
    let itself = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && itself.exists() {
        return Ok(itself);
    }
    env::current_exe()
}

struct Hasher<'d>(&'d mut Sha256);

impl io::Write for Hasher<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
