//! The panels of the other systems look for windows themselves.

use tauri::{App, AppHandle, Runtime};

pub(crate) fn stay_out<R: Runtime>(_: &mut App<R>) {}

pub(crate) fn show<R: Runtime>(_: &AppHandle<R>, _is_shown: bool) {}
