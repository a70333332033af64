//! The addresses in the tray follow the network: an application in a network of
//! its own. It takes root.

use std::process::Command;

use crate::support::{App, Desk};

/// A network of its own, with nothing but loopback. A network without even that
/// takes every address for its own.
const ALONE: [&str; 6] = [
    "unshare",
    "--net",
    "sh",
    "-c",
    "ip link set lo up && exec \"$@\"",
    "sh",
];

/// Runs `ip` in the network of the application.
fn ip(app: &App, arguments: &str) {
    let output = Command::new("nsenter")
        .args(["--net", "--target", &app.id().to_string(), "ip"])
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(output.status.success(), "ip {arguments}: {output:?}");
}

#[test]
fn the_address_in_the_menu_is_the_one_that_the_machine_has_now() {
    let desk = Desk::new();
    let port = desk.port;
    desk.configure(&format!("server:\n  port: {port}\n  announce: false\n"));
    let app = desk.launch_within(&ALONE, &["--hidden"]);
    let item = desk.tray().item();
    item.wait_for("Running");
    item.wait_for(&format!("http://127.0.0.1:{port}"));

    ip(&app, "link add cable type veth peer name end");
    ip(&app, "link set cable up");
    ip(&app, "address add 10.77.3.1/24 dev cable");
    item.wait_for(&format!("http://10.77.3.1:{port}"));

    // Another network gives another one.
    ip(&app, "address add 192.168.77.5/24 dev cable");
    ip(&app, "address del 10.77.3.1/24 dev cable");
    item.wait_for(&format!("http://192.168.77.5:{port}"));

    ip(&app, "link del cable");
    item.wait_for(&format!("http://127.0.0.1:{port}"));
    item.wait_for("Running");
}

#[test]
fn an_address_that_comes_back_brings_the_broker_back() {
    let desk = Desk::new();
    let port = desk.port;
    desk.configure(&format!(
        "server:\n  host: 10.77.4.1\n  port: {port}\n  announce: false\n"
    ));
    let app = desk.launch_within(&ALONE, &["--hidden"]);
    let item = desk.tray().item();
    item.wait_for("This machine does not have the address 10.77.4.1");

    ip(&app, "link add cable type veth peer name end");
    ip(&app, "link set cable up");
    ip(&app, "address add 10.77.4.1/24 dev cable");

    item.wait_for("Running");
    item.wait_for(&format!("http://10.77.4.1:{port}"));
}
