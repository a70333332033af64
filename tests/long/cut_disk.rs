//! A disk whose power can be cut.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Room for the database at its largest.
const BYTES: u64 = 1024 * 1024 * 1024;

/// What keeps most machines from this.
const NEEDS: &str = "power cuts need root, a loop device and the package xfsprogs";

/// An ext4 in a file. Cutting its power (`FS_IOC_SHUTDOWN` without flushing its
/// journal) leaves on it what had been written out until then, as it is left
/// on a real disk. What the disk itself holds back and loses is not simulated.
///
/// Freeze whoever writes to it before. A real cut ends the processor with the
/// disk; here a sync that is under way in that moment may return and say that
/// all went well, although the disk has nothing (seen with a program that does
/// nothing but write and sync).
#[derive(Debug)]
pub(crate) struct CutDisk {
    folder: TempDir,
}

impl CutDisk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Self { folder };
        std::fs::create_dir(disk.mount_point()).unwrap();
        let image = std::fs::File::create_new(disk.image()).unwrap();
        image.set_len(BYTES).unwrap();
        run("mkfs.ext4", &["-q", "-F"], &[&disk.image()]);
        disk.mount();
        disk
    }

    /// The folder on it.
    pub(crate) fn mount_point(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// With a loop device that goes when the mount does.
    fn mount(&self) {
        let arguments = ["-t", "ext4", "-o", "loop"];
        run("mount", &arguments, &[&self.image(), &self.mount_point()]);
    }

    /// Cuts the power: from now on nothing reaches it.
    pub(crate) fn cut(&self) {
        // Of XFS by its name only: the call is the same for every file system.
        run("xfs_io", &["-x", "-c", "shutdown"], &[&self.mount_point()]);
    }

    /// Gives the power back, when nobody uses the disk any more: the journal is
    /// replayed.
    pub(crate) fn power_up(&self) {
        run("umount", &[], &[&self.mount_point()]);
        self.mount();
    }
}

impl Drop for CutDisk {
    fn drop(&mut self) {
        // Lazily: the broker of a test that failed may not have gone yet.
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.mount_point())
            .status();
    }
}

fn run(program: &str, arguments: &[&str], paths: &[&Path]) {
    let output = Command::new(program).args(arguments).args(paths).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}: {NEEDS}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}: {NEEDS}");
}
