//! Linux: an entry in the autostart folder of the user (the Desktop Application
//! Autostart Specification of freedesktop.org).
//!
//! Written here because the crates for it leave a path with a space unquoted,
//! know one place of the folder alone, and take an entry that the user has
//! switched off in the settings of the desktop for one that is on.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Autostart;

const FILE: &str = "moustique.desktop";

/// An entry of ours is shorter; one that is not is not read to its end.
const MAX_BYTES: u64 = 64 * 1024;

pub(super) fn is_on(_: &Autostart) -> bool {
    file().is_some_and(|file| is_entry_on(&file))
}

pub(super) fn turn_on(autostart: &Autostart) -> io::Result<()> {
    let file = file().ok_or(io::ErrorKind::NotFound)?;
    write(&file, &entry(autostart))
}

pub(super) fn turn_off(_: &Autostart) -> io::Result<()> {
    let file = file().ok_or(io::ErrorKind::NotFound)?;
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn file() -> Option<PathBuf> {
    let configured = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = configured
        .filter(|path| path.is_absolute())
        .or_else(|| Some(env::home_dir()?.join(".config")))?;
    Some(folder.join("autostart").join(FILE))
}

fn is_entry_on(file: &Path) -> bool {
    use io::Read;

    let mut text = String::new();
    let read = fs::File::open(file).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
    // How desktops write down that it is off.
    let is_off = |line: &str| {
        let line: String = line.split_whitespace().collect();
        line == "Hidden=true" || line == "X-GNOME-Autostart-enabled=false"
    };
    read.is_ok() && !text.lines().any(is_off)
}

fn write(file: &Path, entry: &[u8]) -> io::Result<()> {
    if fs::read(file).is_ok_and(|written| written == entry) {
        return Ok(());
    }
    let folder = file.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(folder)?;
    // Renamed when it is whole: half an entry would start nothing.
    let new = file.with_extension("new");
    let written = fs::File::create(&new).and_then(|mut new| new.write_all(entry));
    written.and_then(|()| fs::rename(&new, file))
}

fn entry(autostart: &Autostart) -> Vec<u8> {
    let mut entry = b"[Desktop Entry]\n\
        Type=Application\n\
        Name=Moustique\n\
        Comment=A message broker for everything on the network\n\
        Icon=moustique-desktop\n\
        Terminal=false\n\
        Exec="
        .to_vec();
    quote(autostart.program.as_os_str().as_bytes(), &mut entry);
    for argument in &autostart.arguments {
        entry.push(b' ');
        quote(argument.as_bytes(), &mut entry);
    }
    entry.push(b'\n');
    entry
}

/// Appends an argument as the key `Exec` has it: what is special within quotes
/// is escaped, and then, as in every string of such a file, each backslash; `%`
/// begins a code, unless it is there twice.
fn quote(argument: &[u8], entry: &mut Vec<u8>) {
    entry.push(b'"');
    for byte in argument {
        match byte {
            b'\\' => entry.extend(br"\\\\"),
            b'"' | b'`' | b'$' => entry.extend([b'\\', b'\\', *byte]),
            b'%' => entry.extend(b"%%"),
            b'\n' => entry.extend(br"\n"),
            _ => entry.push(*byte),
        }
    }
    entry.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_act_on_is_escaped() {
        for (argument, quoted) in [
            ("/opt/My Apps/moustique", r#""/opt/My Apps/moustique""#),
            ("50%", r#""50%%""#),
            ("a\"b`c$d", r#""a\\"b\\`c\\$d""#),
            (r"a\b", r#""a\\\\b""#),
        ] {
            let mut entry = Vec::new();
            quote(argument.as_bytes(), &mut entry);
            assert_eq!(String::from_utf8(entry).unwrap(), quoted);
        }
    }

    #[test]
    fn an_entry_that_the_desktop_has_switched_off_is_off() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/moustique.desktop");
        let autostart = Autostart {
            program: "/usr/bin/moustique-desktop".into(),
            arguments: vec!["--hidden".into()],
        };
        assert!(!is_entry_on(&file));
        write(&file, &entry(&autostart)).unwrap();
        assert!(is_entry_on(&file));
        for off in ["Hidden=true", "X-GNOME-Autostart-enabled = false"] {
            let mut text = entry(&autostart);
            text.extend(off.as_bytes());
            fs::write(&file, text).unwrap();
            assert!(!is_entry_on(&file), "{off}");
        }
        write(&file, &entry(&autostart)).unwrap();
        assert!(is_entry_on(&file));
    }
}
