//! How the web engine draws, which must be settled before it is loaded.

/// Draws into shared memory instead of the graphics card's own.
const NO_DMABUF: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Draws without the graphics card.
const NO_COMPOSITING: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";

/// Sets what the web engine reads from the environment, by starting this
/// program anew in its own place when something has to change.
///
/// # Errors
/// A sentence for the user when the program cannot be started anew.
#[cfg(target_os = "linux")]
pub(crate) fn settle(safe: bool) -> Result<(), String> {
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;
    use std::{env, path::PathBuf};

    // The proprietary driver cannot share its memory with the web engine: the
    // window would stay empty.
    let is_nvidia = Path::new("/proc/driver/nvidia/version").exists();
    let missing: Vec<_> = wanted(safe, is_nvidia)
        .iter()
        .copied()
        // What the user set is the user's decision, and what was set here
        // must not be set again for ever.
        .filter(|name| env::var_os(name).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let program = env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
    let error = Command::new(program)
        .args(env::args_os().skip(1))
        .envs(missing.iter().map(|name| (*name, "1")))
        .exec();
    Err(format!(
        "The program cannot start itself with {}=1: {error}. Set it by hand.",
        missing.join("=1 and ")
    ))
}

/// The other web engines need no such help.
#[cfg(not(target_os = "linux"))]
pub(crate) fn settle(_safe: bool) -> Result<(), String> {
    Ok(())
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn wanted(safe: bool, is_nvidia: bool) -> &'static [&'static str] {
    match (safe, is_nvidia) {
        (true, _) => &[NO_DMABUF, NO_COMPOSITING],
        (false, true) => &[NO_DMABUF],
        (false, false) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_turned_off() {
        let table: [(bool, bool, &[&str]); 4] = [
            (false, false, &[]),
            (false, true, &[NO_DMABUF]),
            (true, false, &[NO_DMABUF, NO_COMPOSITING]),
            (true, true, &[NO_DMABUF, NO_COMPOSITING]),
        ];
        for (safe, is_nvidia, expected) in table {
            assert_eq!(wanted(safe, is_nvidia), expected, "{safe} {is_nvidia}");
        }
    }
}
