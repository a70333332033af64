//! What keeps a broker from serving, in words for the user.

use std::io;
use std::net::SocketAddr;

use moustique_broker::Repair;
use moustique_core::safe;
use moustique_monitor::Problem;
use moustique_store::OpenError;

use crate::config::ConfigError;
use crate::logging::LoggingError;
use crate::password_file::PasswordFileError;
use crate::tls::TlsError;

pub(crate) fn configuration(error: &ConfigError) -> Problem {
    Problem {
        code: "configuration".into(),
        what: format!("The configuration is not valid: {error}."),
        remedy: "Correct the file, then start again.".into(),
    }
}

pub(crate) fn log(error: &LoggingError) -> Problem {
    Problem {
        code: "log_unwritable".into(),
        what: format!("The configuration cannot be used: {error}."),
        remedy: "Set logging.file to a file that may be written to, or leave it out.".into(),
    }
}

pub(crate) fn password(error: &PasswordFileError) -> Problem {
    Problem {
        code: "password_unusable".into(),
        what: format!("The password file cannot be used: {error}."),
        remedy: "Set a password with `moustique passwd`, or take security.password_file out."
            .into(),
    }
}

pub(crate) fn tls(error: &TlsError) -> Problem {
    Problem {
        code: "certificate_unusable".into(),
        what: format!("The certificate cannot be used: {error}."),
        remedy: "Set server.tls.certificate and server.tls.key to PEM files that belong together, \
                 or leave both out."
            .into(),
    }
}

pub(crate) fn store(error: &OpenError) -> Problem {
    let (code, remedy) = match error {
        OpenError::InUse { .. } => (
            "data_in_use",
            "Stop the other one, or give this one a data folder of its own.",
        ),
        OpenError::Foreign { .. } => (
            "data_foreign",
            "Set database.path to a file of its own; this one was not changed.",
        ),
        OpenError::Newer { .. } => (
            "data_newer",
            "Install the newer version; the file was not changed.",
        ),
        OpenError::Damaged { .. } => (
            "data_damaged",
            "Move the file aside and start again, or restore it from a backup.",
        ),
        OpenError::Files { .. } | OpenError::Sqlite { .. } => (
            "data_unreadable",
            "Check that the folder exists, may be written to, and has space left.",
        ),
    };
    Problem {
        code: code.into(),
        what: format!("{error}."),
        remedy: remedy.into(),
    }
}

/// What a broker that runs has to say about its start.
pub(crate) fn repaired(repair: &Repair) -> Problem {
    let (what, remedy) = match repair {
        Repair::Begun { aside, rescued, .. } => (
            format!("The database was damaged; a new one was begun with {rescued} of it."),
            format!(
                "The damaged one is kept as {}; restore a backup if you have one, and check the \
                 disk.",
                aside.display()
            ),
        ),
        Repair::Cut { aside } => (
            "The end of the write-ahead log could not be read: the last messages are lost.".into(),
            format!(
                "After a power failure that is what durability: process risks; otherwise check \
                 the disk. A copy of the log is kept as {}.",
                aside.display()
            ),
        ),
    };
    Problem {
        code: "data_repaired".into(),
        what,
        remedy,
    }
}

pub(crate) fn bind(address: SocketAddr, error: &io::Error) -> Problem {
    let port = address.port();
    let (code, what, remedy) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            "port_taken",
            format!("Port {port} is in use by {}.", holder(port)),
            "Stop that program or set another server.port, then start again.",
        ),
        // Nobody listens there: Windows gives ranges of ports to Hyper-V and others.
        io::ErrorKind::PermissionDenied if cfg!(windows) => (
            "port_reserved",
            format!("Windows keeps port {port} for itself."),
            "Set another server.port, then start again; `netsh interface ipv4 show \
             excludedportrange tcp` lists the ports that are kept.",
        ),
        io::ErrorKind::PermissionDenied => (
            "port_forbidden",
            format!("The system does not let this user listen on port {port}."),
            "Set a server.port of 1024 or more, then start again.",
        ),
        io::ErrorKind::AddrNotAvailable => (
            "address_missing",
            format!("This machine does not have the address {}.", address.ip()),
            "Set server.host to an address of this machine, or to 0.0.0.0 for all.",
        ),
        _ => (
            "port_unusable",
            format!("{address} cannot be listened on: {error}."),
            "Set another server.port or server.host, then start again.",
        ),
    };
    Problem {
        code: code.into(),
        what,
        remedy: remedy.into(),
    }
}

/// Who listens on a port, as far as this user may know.
fn holder(port: u16) -> String {
    match listeners::get_process_by_port(port, listeners::Protocol::TCP) {
        Ok(process) => format!("{} (process {})", safe(&process.name), process.pid),
        Err(_) => "another program".into(),
    }
}

pub(crate) fn ended() -> Problem {
    Problem {
        code: "broker_ended".into(),
        what: "The broker ended by a fault of its own.".into(),
        remedy: "Start it again; what was acknowledged is stored. The log says more.".into(),
    }
}
