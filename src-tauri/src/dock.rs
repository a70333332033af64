//! The dock of macOS, which has the program only while there is a window: what
//! runs in the menu bar alone has no place among the open programs.

#[cfg_attr(not(target_os = "macos"), path = "dock/none.rs")]
#[cfg_attr(target_os = "macos", path = "dock/macos.rs")]
mod system;

pub(crate) use self::system::{show, stay_out};
