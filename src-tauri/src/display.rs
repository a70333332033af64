//! Whether there is a display to show a window on.

/// Opens the display, which the toolkit would otherwise panic about later.
///
/// # Errors
/// A sentence for the user when there is none or it cannot be opened.
#[cfg(target_os = "linux")]
pub(crate) fn open() -> Result<(), String> {
    use std::env::var_os;

    const INSTEAD: &str =
        "To run the broker without a window, use the headless program, `moustique`.";

    let is_set = |name: &str| var_os(name).is_some_and(|value| !value.is_empty());
    if !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Err(format!(
            "There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set. {INSTEAD}"
        ));
    }
    gtk::init().map_err(|_| {
        let value = |name: &str| match var_os(name) {
            Some(value) => format!("{name} is {value:?}"),
            None => format!("{name} is not set"),
        };
        format!(
            "The display cannot be opened: {}, {}. {INSTEAD}",
            value("DISPLAY"),
            value("WAYLAND_DISPLAY"),
        )
    })
}

/// Always there on the other systems.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open() -> Result<(), String> {
    Ok(())
}
