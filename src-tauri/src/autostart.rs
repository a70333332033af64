//! Whether the application starts with the session.
//!
//! The system knows, and nobody else: the user may change it there, so it is
//! asked each time and remembered nowhere.

// Each system needs one of its two functions; they are tested on all.
#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(not(test), allow(dead_code))]
mod encoding;
#[cfg_attr(not(target_os = "linux"), path = "autostart/native.rs")]
#[cfg_attr(target_os = "linux", path = "autostart/xdg.rs")]
mod system;

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// How the application is started with the session.
#[derive(Clone, Debug)]
pub(crate) struct Autostart {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Autostart {
    /// As this process was started, but without a window. `None` when the system
    /// does not say where the program is.
    pub(crate) fn of_this_program(data_dir: Option<PathBuf>) -> Option<Self> {
        // An AppImage is unpacked elsewhere each time.
        let image = env::var_os("APPIMAGE").map(PathBuf::from);
        let image = image.filter(|path| path.is_absolute() && path.exists());
        let program = image.or_else(|| env::current_exe().ok())?;
        let mut arguments = vec![OsString::from("--hidden")];
        if let Some(folder) = data_dir {
            arguments.extend([OsString::from("--data-dir"), folder.into_os_string()]);
        }
        Some(Self { program, arguments })
    }

    /// Whether the session will start the application.
    pub(crate) fn is_on(&self) -> bool {
        system::is_on(self)
    }

    /// Has the session start the application, or not.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn set(&self, is_on: bool) -> io::Result<()> {
        if is_on {
            system::turn_on(self)
        } else {
            system::turn_off(self)
        }
    }

    /// Names this program where the session starts the application: it may have
    /// been moved since.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn refresh(&self) -> io::Result<()> {
        if self.is_on() {
            system::turn_on(self)?;
        }
        Ok(())
    }
}
