//! The policies of `NSApplication`: a regular program is in the dock and has a menu
//! bar, an accessory has neither.

use tauri::{ActivationPolicy, App, AppHandle, Runtime};

/// Begins without a place in the dock. Called before the event loop: later, the
/// program would be there for a moment.
pub(crate) fn stay_out<R: Runtime>(app: &mut App<R>) {
    app.set_activation_policy(ActivationPolicy::Accessory);
}

/// Puts the program into the dock, or takes it out.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>, is_shown: bool) {
    let policy = match is_shown {
        true => ActivationPolicy::Regular,
        false => ActivationPolicy::Accessory,
    };
    if let Err(error) = app.set_activation_policy(policy) {
        tracing::warn!("The dock cannot be told whether there is a window: {error}.");
    }
}
