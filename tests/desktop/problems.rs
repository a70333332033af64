//! What keeps the broker from serving is shown, and can be mended.

use std::net::{Ipv4Addr, TcpListener};

use crate::support::Desk;

#[test]
fn a_taken_port_is_shown_and_retry_works_once_it_is_free() {
    let desk = Desk::new();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, desk.port)).unwrap();
    let page = desk.drive(&[]);
    let item = desk.tray().item();
    let told = format!("Port {} is in use", desk.port);

    page.wait_for_text("[data-testid=problem]", &told);
    item.wait_for(&told);
    let failed = item.icon();
    // Retried too early, it is shown again.
    page.find("[data-testid=retry]").click();
    page.wait_for_text("[data-testid=problem]", &told);
    drop(other);
    page.find("[data-testid=retry]").click();

    page.find("[data-testid=state][data-state=running]");
    item.wait_for("Running");
    desk.device.publish("/home/door", "open");
    assert_ne!(item.icon(), failed, "the icon tells the state");
}

#[test]
fn start_in_the_tray_works_once_the_port_is_free() {
    let desk = Desk::new();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, desk.port)).unwrap();
    let _app = desk.launch(&["--hidden"]);
    let item = desk.tray().item();
    item.wait_for(&format!("Port {} is in use", desk.port));

    drop(other);
    item.click("Start broker");

    item.wait_for("Running");
    desk.wait_until_open();
}

#[test]
fn a_wrong_configuration_is_shown_with_its_line_and_read_again() {
    let desk = Desk::new();
    desk.configure("server:\n  port: 33334\n  prot: 1\n");
    let page = desk.drive(&[]);
    let item = desk.tray().item();

    page.wait_for_text("[data-testid=problem]", "config.yaml, line 3");
    page.wait_for_text("[data-testid=problem]", "prot");
    item.wait_for("The configuration is not valid");
    desk.configure(&format!(
        "server:\n  host: 127.0.0.1\n  port: {}\n",
        desk.port
    ));
    page.find("[data-testid=retry]").click();

    page.find("[data-testid=state][data-state=running]");
    desk.wait_until_open();
}

#[test]
fn a_window_that_opens_later_is_told_of_the_problem() {
    let desk = Desk::new();
    let _other = TcpListener::bind((Ipv4Addr::LOCALHOST, desk.port)).unwrap();
    let mut app = desk.launch(&["--hidden"]);
    desk.tray().item().wait_for("Port ");

    desk.tray().item().click("Open monitor");

    desk.wait_for_window();
    assert!(app.is_running());
    assert!(app.said().contains("in use"), "{}", app.said());
}
