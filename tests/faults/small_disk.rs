//! A disk of a few megabytes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use moustique_tests::Setup;
use tempfile::TempDir;

/// Room for the database and everything beside it.
const BYTES: u64 = 3 * 1024 * 1024;

/// What stands in the way at first, and can be taken away.
const BALLAST: usize = 2 * 1024 * 1024;

/// A disk that becomes full, and room on it that comes back.
///
/// Whoever may mount gets a tmpfs. For others no file may grow beyond a bound
/// (`RLIMIT_FSIZE`), which is raised for the running broker when room is to come
/// back: the same refusal by the system, though under another name.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    /// Holds the configuration, too, which must not be kept from being written.
    folder: TempDir,
    disk: PathBuf,
    is_mounted: bool,
}

impl SmallDisk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={BYTES},mode=0700")])
            .arg("moustique-test")
            .arg(&disk)
            .output();
        let is_mounted = mount.is_ok_and(|mount| mount.status.success());
        if is_mounted {
            std::fs::write(disk.join("ballast"), vec![0; BALLAST]).unwrap();
        } else {
            println!("tmpfs cannot be mounted: files are bounded by RLIMIT_FSIZE instead");
        }
        Self {
            folder,
            disk,
            is_mounted,
        }
    }

    /// The folder to start the broker in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.disk.join("moustique.db")
    }

    /// How to start the broker while the disk is small.
    pub(crate) fn setup(&self) -> Setup {
        // SIGXFSZ would end the process, where a full disk only fails a call.
        let script = format!(
            "trap '' XFSZ; exec prlimit --fsize={}:unlimited \"$@\"",
            BYTES / 2
        );
        let shell = ["sh", "-c", &script, "sh"].map(OsString::from);
        Setup {
            wrapper: if self.is_mounted {
                Vec::new()
            } else {
                shell.into()
            },
            ..self.roomy_setup()
        }
    }

    /// How to start it when there is room.
    pub(crate) fn roomy_setup(&self) -> Setup {
        Setup {
            more: format!("database:\n  path: {}\n", self.database().display()),
            ..Setup::default()
        }
    }

    /// What the broker answers while there is no room.
    pub(crate) fn assert_says_full(&self, reply: &moustique_tests::Reply) {
        if self.is_mounted {
            assert_eq!(reply.status, 507, "{reply:?}");
            assert!(reply.body.contains("full"), "{reply:?}");
        }
    }

    /// What it answers to those who ask whether it can store.
    pub(crate) fn assert_says_what_to_do(&self, reply: &moustique_tests::Reply) {
        if self.is_mounted {
            assert_eq!(reply.json()["code"], "disk_full", "{reply:?}");
            assert!(reply.body.contains("make room"), "{reply:?}");
        }
    }

    /// Gives room back, for a broker that runs and for others.
    pub(crate) fn make_room(&self, running: Option<u32>) {
        if self.is_mounted {
            std::fs::remove_file(self.disk.join("ballast")).unwrap();
        } else if let Some(pid) = running {
            let raised = Command::new("prlimit")
                .args(["--fsize=unlimited:unlimited", "--pid", &pid.to_string()])
                .status();
            assert!(raised.unwrap().success());
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.is_mounted {
            // Lazily: the broker of a test that failed may not have gone yet.
            let _ = Command::new("umount").arg("-l").arg(&self.disk).status();
        }
    }
}
