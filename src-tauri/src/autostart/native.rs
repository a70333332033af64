//! Windows (a value below `Run` in the registry) and macOS (a launch agent).

use std::io;

use auto_launch::{AutoLaunch, AutoLaunchBuilder, WindowsEnableMode};

use super::{Autostart, encoding};

pub(super) fn is_on(autostart: &Autostart) -> bool {
    let entry = entry(autostart).and_then(|entry| Ok(entry.is_enabled()?));
    entry.unwrap_or_default()
}

pub(super) fn turn_on(autostart: &Autostart) -> io::Result<()> {
    entry(autostart)
        .and_then(|entry| Ok(entry.enable()?))
        .map_err(io::Error::other)
}

pub(super) fn turn_off(autostart: &Autostart) -> io::Result<()> {
    entry(autostart)
        .and_then(|entry| Ok(entry.disable()?))
        .map_err(io::Error::other)
}

fn entry(autostart: &Autostart) -> Result<AutoLaunch, Box<dyn std::error::Error + Send + Sync>> {
    let texts = autostart.arguments.iter();
    let arguments: Vec<_> = texts.map(|text| encoded(&text.to_string_lossy())).collect();
    let entry = AutoLaunchBuilder::new()
        .set_app_name("Moustique")
        .set_app_path(&program(&autostart.program.to_string_lossy())?)
        .set_args(&arguments)
        // Otherwise, where it may, it would start with the session of every user.
        .set_windows_enable_mode(WindowsEnableMode::CurrentUser)
        .build()?;
    Ok(entry)
}

#[cfg(windows)]
fn encoded(argument: &str) -> String {
    encoding::quoted(argument)
}

#[cfg(not(windows))]
fn encoded(argument: &str) -> String {
    encoding::escaped(argument)
}

#[cfg(windows)]
fn program(path: &str) -> io::Result<String> {
    Ok(encoding::quoted(path))
}

/// As it is, because whether the file is there is looked at before it is written
/// down, and then it is not escaped: such a launch agent would start nothing.
#[cfg(not(windows))]
fn program(path: &str) -> io::Result<String> {
    if encoding::escaped(path) == path {
        return Ok(path.to_owned());
    }
    Err(io::Error::other(format!(
        "{path}: macOS cannot be told of a path with &, < or > in it; move the program"
    )))
}
