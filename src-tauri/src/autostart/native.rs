//! Windows (a value below `Run` in the registry) and macOS (a launch agent).

use std::io;

use auto_launch::{AutoLaunch, AutoLaunchBuilder};

use super::Autostart;

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
    let arguments: Vec<_> = texts.map(|text| text.to_string_lossy()).collect();
    let entry = AutoLaunchBuilder::new()
        .set_app_name("Moustique")
        .set_app_path(&autostart.program.to_string_lossy())
        .set_args(&arguments)
        .build()?;
    Ok(entry)
}
