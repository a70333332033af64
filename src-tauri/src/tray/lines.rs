//! The lines of recent activity, in a menu of their own.

use std::sync::{Mutex, PoisonError};

use tauri::menu::{MenuItem, Submenu};
use tauri::{AppHandle, Runtime};

use super::clicks::RECENT;
use super::recent::MAX_LINES;

/// What is there when nothing was published.
const NOTHING: &str = "Nothing has been published yet";

/// The menu and all the lines that it may have. They are made once; of the menu
/// are as many as there is something to say.
pub(super) struct Recent<R: Runtime> {
    menu: Submenu<R>,
    nothing: MenuItem<R>,
    lines: Vec<MenuItem<R>>,
    shown: Mutex<Vec<String>>,
}

impl<R: Runtime> Recent<R> {
    pub(super) fn new(app: &AppHandle<R>, texts: &[String]) -> tauri::Result<Self> {
        let item =
            |id: String, is_enabled| MenuItem::with_id(app, id, NOTHING, is_enabled, None::<&str>);
        let nothing = item(format!("{RECENT}-nothing"), false)?;
        let lines = (0..MAX_LINES).map(|line| item(format!("{RECENT}-{line}"), true));
        let recent = Self {
            menu: Submenu::with_items(app, "Recent activity", true, &[&nothing])?,
            nothing,
            lines: lines.collect::<tauri::Result<_>>()?,
            shown: Mutex::default(),
        };
        recent.show(texts)?;
        Ok(recent)
    }

    pub(super) fn submenu(&self) -> &Submenu<R> {
        &self.menu
    }

    /// Changes what is different.
    pub(super) fn show(&self, texts: &[String]) -> tauri::Result<()> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, line) in self.lines.iter().enumerate() {
            match (texts.get(index), shown.get(index)) {
                (Some(text), before) => {
                    if before != Some(text) {
                        line.set_text(label(text))?;
                    }
                    if before.is_none() {
                        self.menu.append(line)?;
                    }
                }
                (None, Some(_)) => self.menu.remove(line)?,
                (None, None) => {}
            }
        }
        match (texts.is_empty(), shown.is_empty()) {
            (false, true) => self.menu.remove(&self.nothing)?,
            (true, false) => self.menu.append(&self.nothing)?,
            _ => {}
        }
        *shown = texts.iter().take(MAX_LINES).cloned().collect();
        Ok(())
    }
}

/// A single `&` would underline the letter after it.
pub(super) fn label(text: &str) -> String {
    text.replace('&', "&&")
}
