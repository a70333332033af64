//! The clipboard of the desktop.

use std::sync::{Mutex, PoisonError};

use arboard::Clipboard;

/// What was copied. On some systems whoever copied it gives it to whoever pastes
/// it, so it is kept for as long as the application runs.
#[derive(Default)]
pub(crate) struct Copied(Mutex<Option<Clipboard>>);

impl Copied {
    /// Puts a text into the clipboard. Waits for the desktop.
    ///
    /// # Errors
    /// When there is no clipboard, or it takes nothing.
    pub(crate) fn copy(&self, text: &str) -> Result<(), arboard::Error> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clipboard = match held.as_mut() {
            Some(clipboard) => clipboard,
            None => held.insert(Clipboard::new()?),
        };
        clipboard.set_text(text)
    }
}
