//! A session bus with nothing on it and nothing to start.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use zbus::blocking::connection;

use super::process::Process;

const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A private session bus.
pub(crate) struct Bus {
    _daemon: Process,
    _folder: TempDir,
    address: String,
    own: AtomicUsize,
}

impl Bus {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bus.conf");
        let configuration =
            CONFIGURATION.replace("FOLDER", folder.path().to_str().expect("a plain path"));
        fs::write(&file, configuration).unwrap();
        let mut daemon = Process::start(
            Command::new("dbus-daemon")
                .arg(format!("--config-file={}", file.display()))
                .args(["--nofork", "--print-address=1"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        );
        Self {
            address: daemon.first_line(),
            own: AtomicUsize::new(0),
            _daemon: daemon,
            _folder: folder,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How often anyone but this has connected.
    pub(crate) fn connections_so_far(&self) -> usize {
        let own = self.own.fetch_add(1, Ordering::Relaxed);
        let connection = connection::Builder::address(self.address());
        let connection = connection.unwrap().build().unwrap();
        // The bus counts: `:1.0`, `:1.1`, ...
        let name = connection.unique_name().expect("a name on the bus");
        let number: usize = name.rsplit('.').next().unwrap().parse().unwrap();
        number - own
    }
}
