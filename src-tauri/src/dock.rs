//! The dock of macOS, which has the program only while there is a window: what
//! runs in the menu bar alone has no place among the open programs.

use tauri::{AppHandle, Runtime};

/// Puts the program into the dock, with a menu bar of its own, or takes it out.
#[cfg(target_os = "macos")]
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>, is_shown: bool) {
    use tauri::ActivationPolicy;

    let policy = match is_shown {
        true => ActivationPolicy::Regular,
        false => ActivationPolicy::Accessory,
    };
    if let Err(error) = app.set_activation_policy(policy) {
        tracing::warn!("The dock cannot be told whether there is a window: {error}.");
    }
}

/// The panels of the other systems look for windows themselves.
#[cfg(not(target_os = "macos"))]
pub(crate) fn show<R: Runtime>(_: &AppHandle<R>, _is_shown: bool) {}
