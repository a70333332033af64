//! What one test has on its desk.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use moustique_tests::{Caller, free_port};
use tempfile::TempDir;

use super::app::{App, program};
use super::bus::Bus;
use super::display::Display;
use super::driver::Page;
use super::request::{begin_endless, is_open};
use super::tray::TrayHost;
use super::wait::{LONG, SHORT, until};

/// Which parts of a desktop there are.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) bus: bool,
    pub(crate) display: bool,
    /// Needs the bus.
    pub(crate) tray: bool,
}

impl Parts {
    pub(crate) const ALL: Self = Self {
        bus: true,
        display: true,
        tray: true,
    };
    pub(crate) const NONE: Self = Self {
        bus: false,
        display: false,
        tray: false,
    };
    pub(crate) const NO_TRAY: Self = Self {
        tray: false,
        ..Self::ALL
    };
    pub(crate) const NO_BUS: Self = Self {
        display: true,
        ..Self::NONE
    };
}

/// A home folder, a data folder, a port, and the parts of a desktop.
pub(crate) struct Desk {
    home: TempDir,
    pub(crate) port: u16,
    /// A device on the network.
    pub(crate) device: Caller,
    display: Option<Display>,
    tray: Option<TrayHost>,
    bus: Option<Bus>,
    theme: Option<&'static str>,
}

impl Desk {
    /// A desk with everything.
    pub(crate) fn new() -> Self {
        Self::with(Parts::ALL)
    }

    pub(crate) fn with(parts: Parts) -> Self {
        let bus = parts.bus.then(Bus::start);
        let port = free_port();
        let desk = Self {
            home: tempfile::tempdir().unwrap(),
            port,
            device: Caller::new(port),
            display: parts.display.then(Display::start),
            tray: bus.as_ref().filter(|_| parts.tray).map(TrayHost::on),
            bus,
            theme: None,
        };
        for folder in ["bin", "data", "run"] {
            fs::create_dir(desk.home.path().join(folder)).unwrap();
        }
        desk.configure(&format!("server:\n  host: 127.0.0.1\n  port: {port}\n"));
        desk
    }

    /// Gives the programs on this desk a theme of the toolkit.
    #[must_use]
    pub(crate) fn with_theme(mut self, theme: &'static str) -> Self {
        self.theme = Some(theme);
        self
    }

    pub(crate) fn bus(&self) -> &Bus {
        self.bus.as_ref().expect("a desk with a bus")
    }

    pub(crate) fn display(&self) -> &Display {
        self.display.as_ref().expect("a desk with a display")
    }

    pub(crate) fn tray(&self) -> &TrayHost {
        self.tray.as_ref().expect("a desk with a tray")
    }

    /// Makes a tray appear.
    pub(crate) fn put_tray(&mut self) {
        self.tray = Some(TrayHost::on(self.bus()));
    }

    /// Takes the tray away.
    pub(crate) fn take_tray(&mut self) {
        self.tray = None;
    }

    /// Installs a browser, which writes the address it is to show into the
    /// file that is returned.
    pub(crate) fn put_browser(&self) -> PathBuf {
        let visited = self.home.path().join("visited");
        let browser = self.home.path().join("bin/xdg-open");
        let script = format!("#!/bin/sh\necho \"$1\" > '{}'\n", visited.display());
        fs::write(&browser, script).unwrap();
        fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
        visited
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.data().join("config.yaml"), text).unwrap();
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts the application.
    pub(crate) fn launch(&self, arguments: &[&str]) -> App {
        App::start(&mut self.command(arguments))
    }

    /// Starts the application by another program, which becomes it.
    pub(crate) fn launch_within(&self, wrapper: &[&str], arguments: &[&str]) -> App {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(program());
        command.arg("--data-dir").arg(self.data()).args(arguments);
        self.surround(&mut command);
        App::start(&mut command)
    }

    /// Starts the application, hidden, and waits until it serves.
    #[track_caller]
    pub(crate) fn serve(&self) -> App {
        let app = self.launch(&["--hidden"]);
        self.wait_until_open();
        app
    }

    /// Starts the application under a driver of its window.
    pub(crate) fn drive(&self, arguments: &[&str]) -> Page {
        let data = self.data();
        let mut all = vec!["--data-dir", data.to_str().unwrap()];
        all.extend(arguments);
        let mut command = Command::new("WebKitWebDriver");
        self.surround(&mut command);
        Page::open(&program(), &all, &mut command)
    }

    /// Runs the application to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Whether the broker listens.
    pub(crate) fn is_open(&self) -> bool {
        is_open(self.port)
    }

    /// A request that keeps the broker busy.
    pub(crate) fn begin_endless(&self) -> TcpStream {
        begin_endless(self.port)
    }

    #[track_caller]
    pub(crate) fn wait_until_open(&self) {
        until(LONG, "the port is open", || self.is_open().then_some(()));
    }

    #[track_caller]
    pub(crate) fn wait_until_closed(&self) {
        until(LONG, "the port is closed", || {
            (!self.is_open()).then_some(())
        });
    }

    /// Waits until the window of the application can be seen.
    #[track_caller]
    pub(crate) fn wait_for_window(&self) -> u32 {
        until(LONG, "the window", || self.windows().first().copied())
    }

    #[track_caller]
    pub(crate) fn wait_for_no_window(&self) {
        until(SHORT, "no window", || {
            self.windows().is_empty().then_some(())
        });
    }

    /// The windows of the application that can be seen.
    pub(crate) fn windows(&self) -> Vec<u32> {
        self.display().windows("Moustique")
    }

    /// How the application is started on this desk.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--data-dir").arg(self.data()).args(arguments);
        self.surround(&mut command);
        command
    }

    /// Gives a command this desk for its environment, and nothing else.
    fn surround(&self, command: &mut Command) {
        let home = self.home.path();
        command
            .env_clear()
            .env(
                "PATH",
                format!("{}/bin:/usr/local/bin:/usr/bin:/bin", home.display()),
            )
            .env("LANG", "C.UTF-8")
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("share"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_RUNTIME_DIR", home.join("run"))
            .env("NO_AT_BRIDGE", "1");
        if let Some(display) = &self.display {
            command.env("DISPLAY", display.name());
        }
        if let Some(theme) = self.theme {
            command.env("GTK_THEME", theme);
        }
        match &self.bus {
            Some(bus) => command.env("DBUS_SESSION_BUS_ADDRESS", bus.address()),
            // Without this, libraries start a bus of their own.
            None => command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"),
        };
    }
}
