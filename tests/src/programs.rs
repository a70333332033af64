//! Where the programs under test are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The top folder of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_owned()
}

/// A release binary: in `MOUSTIQUE_BIN_DIR`, else in the target folder.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let target = || match env::var_os("CARGO_TARGET_DIR") {
        Some(target) => PathBuf::from(target),
        None => root().join("target"),
    };
    let folder =
        env::var_os("MOUSTIQUE_BIN_DIR").map_or_else(|| target().join("release"), PathBuf::from);
    let path = folder.join(name).with_extension(env::consts::EXE_EXTENSION);
    assert!(
        path.is_file(),
        "{} is not there: `npm run build` makes it",
        path.display()
    );
    path
}

/// A program of another project that the tests run: the one that `npm test` takes
/// out of its package, else the one in `PATH`.
#[must_use]
pub fn tool(name: &str) -> PathBuf {
    let unpacked = root().join(".tools").join(name);
    if unpacked.is_file() {
        unpacked
    } else {
        name.into()
    }
}

/// The Python that has the packages of `requirements.txt`: in
/// `MOUSTIQUE_PYTHON`, else the one that `npm test` sets up.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn python() -> PathBuf {
    let path = env::var_os("MOUSTIQUE_PYTHON")
        .map_or_else(|| root().join(".venv/bin/python"), PathBuf::from);
    assert!(
        path.is_file(),
        "{} is not there: `npm test` sets it up",
        path.display()
    );
    path
}

/// Whether this user is the one who may make networks of their own.
///
/// # Panics
/// When the system does not say who it is.
#[must_use]
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}
