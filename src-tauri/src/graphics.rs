//! How the web engine draws, which must be settled before it is loaded.

/// A variable of the environment, and what it is set to.
type Variable = (&'static str, &'static str);

/// Draws into shared memory instead of the graphics card's own.
const NO_DMABUF: Variable = ("WEBKIT_DISABLE_DMABUF_RENDERER", "1");

/// Draws without the graphics card.
const NO_COMPOSITING: Variable = ("WEBKIT_DISABLE_COMPOSITING_MODE", "1");

/// Loads no OpenGL. Without a graphics card the processor would do its work: the
/// compiler for that takes 30 MiB as soon as the display is opened, also where
/// there is never a window.
const NO_OPENGL: Variable = ("GDK_GL", "disable");

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
    let has_card = is_nvidia || Path::new("/dev/dri").exists();
    let missing: Vec<_> = wanted(safe, is_nvidia, has_card)
        .into_iter()
        // What the user set is the user's decision, and what was set here
        // must not be set again for ever.
        .filter(|(name, _)| env::var_os(name).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let program = env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
    let error = Command::new(program)
        .args(env::args_os().skip(1))
        .envs(missing.iter().copied())
        .exec();
    let missing: Vec<_> = missing
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Err(format!(
        "The program cannot start itself with {}: {error}. Set it by hand.",
        missing.join(" and ")
    ))
}

/// The other web engines need no such help.
#[cfg(not(target_os = "linux"))]
pub(crate) fn settle(_safe: bool) -> Result<(), String> {
    Ok(())
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn wanted(safe: bool, is_nvidia: bool, has_card: bool) -> Vec<Variable> {
    let mut wanted = Vec::new();
    if safe || is_nvidia {
        wanted.push(NO_DMABUF);
    }
    if safe {
        wanted.push(NO_COMPOSITING);
    }
    if safe || !has_card {
        wanted.push(NO_OPENGL);
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_turned_off() {
        let everything = [NO_DMABUF, NO_COMPOSITING, NO_OPENGL];
        let table: [(bool, bool, bool, &[Variable]); 6] = [
            (false, false, true, &[]),
            (false, true, true, &[NO_DMABUF]),
            (false, false, false, &[NO_OPENGL]),
            (true, false, true, &everything),
            (true, true, true, &everything),
            (true, false, false, &everything),
        ];
        for (safe, is_nvidia, has_card, expected) in table {
            let wanted = wanted(safe, is_nvidia, has_card);
            assert_eq!(wanted, expected, "{safe} {is_nvidia} {has_card}");
        }
    }
}
