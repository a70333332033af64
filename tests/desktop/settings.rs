//! Settings are changed in the window while the broker runs.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use moustique_tests::free_port;

use crate::support::{Desk, LONG, Page, SHORT, until};

const RUNNING: &str = "[data-testid=state][data-state=running]";

/// The page of the settings, in a window whose broker runs.
fn settings(desk: &Desk) -> Page {
    let page = desk.drive(&[]);
    page.find(RUNNING);
    go_to_settings(&page);
    page
}

fn go_to_settings(page: &Page) {
    page.find("a[href='#/settings']").click();
    page.find("[data-testid=settings-file]");
}

fn field(key: &str) -> String {
    format!("[data-testid='setting-{key}']")
}

fn file(desk: &Desk) -> String {
    fs::read_to_string(desk.data().join("config.yaml")).unwrap()
}

/// What somebody has written by hand.
fn by_hand(desk: &Desk) -> String {
    format!(
        "# The broker in the shed.\nserver:\n  host: 127.0.0.1 # nobody else\n  port: {}\n",
        desk.port
    )
}

#[test]
fn a_limit_holds_at_once_and_what_was_written_by_hand_stays() {
    let desk = Desk::new();
    desk.configure(&by_hand(&desk));
    let page = settings(&desk);
    page.keep("settings");

    page.find("details summary").click();
    page.find(&field("limits.message_bytes")).enter("10 B");

    page.wait_for_text("[data-testid=settings-said]", "from now on");
    let text = file(&desk);
    assert!(text.starts_with(&by_hand(&desk)), "{text}");
    assert!(text.ends_with("limits:\n  message_bytes: 10 B\n"), "{text}");
    let publish = |message| {
        let fields = [("topic", "/home/door"), ("message", message)];
        desk.device.post("POST", &fields).status
    };
    assert_eq!(publish("eleven byte"), 413);
    assert_eq!(publish("ten bytes!"), 200);
}

#[test]
fn another_port_is_listened_on_without_a_restart_of_the_application() {
    let desk = Desk::new();
    desk.configure(&by_hand(&desk));
    let page = settings(&desk);
    let port = free_port();

    page.find(&field("server.port")).enter(&port.to_string());

    page.wait_for_text_within(LONG, "[data-testid=settings-said]", "started anew");
    desk.wait_until_closed();
    let moved = moustique_tests::Caller::new(port);
    moved.publish("/home/door", "open");
    let address = format!("http://127.0.0.1:{port}");
    desk.tray().item().wait_for(&address);
    let expected = by_hand(&desk).replace(&desk.port.to_string(), &port.to_string());
    assert_eq!(file(&desk), expected);
}

#[test]
fn a_port_that_another_program_has_is_refused_and_nothing_changes() {
    let desk = Desk::new();
    desk.configure(&by_hand(&desk));
    let page = settings(&desk);
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = other.local_addr().unwrap().port();

    page.find(&field("server.port")).enter(&taken.to_string());

    let outcome = "[data-testid='outcome-server.port']";
    page.wait_for_text_within(LONG, outcome, &format!("Port {taken} is in use"));
    page.wait_for_text(outcome, "What held before holds again.");
    page.keep("settings-refused");
    desk.device.publish("/home/door", "open");
    assert_eq!(file(&desk), by_hand(&desk));
}

#[test]
fn a_password_is_set_and_removed() {
    let desk = Desk::new();
    let page = settings(&desk);
    let metrics = || desk.device.get("/metrics", &[]).status;
    assert_eq!(metrics(), 200);

    page.find("[data-testid=new-password]").fill("open sesame");
    page.find("[data-testid=set-password]").click();

    page.find("[data-testid=remove-password]");
    assert_eq!(metrics(), 401);
    page.find("[data-testid=remove-password]").click();
    until(SHORT, "no password is wanted", || {
        (metrics() == 200).then_some(())
    });
}

#[test]
fn a_taken_port_is_left_for_a_free_one_that_is_remembered() {
    let desk = Desk::new();
    desk.configure(&by_hand(&desk));
    let _other = TcpListener::bind((Ipv4Addr::LOCALHOST, desk.port)).unwrap();
    let page = desk.drive(&[]);
    page.wait_for_text("[data-testid=problem]", "is in use by");
    page.keep("port-taken");

    page.find("[data-testid=free-port]").click();

    page.find(RUNNING);
    let text = file(&desk);
    assert!(!text.contains(&desk.port.to_string()), "{text}");
    let port = text.lines().last().unwrap().trim();
    let port = port.strip_prefix("port: ").unwrap().parse().unwrap();
    moustique_tests::Caller::new(port).publish("/home/door", "open");
}

#[test]
fn a_wrong_configuration_is_put_right_in_the_settings() {
    let desk = Desk::new();
    desk.configure(&by_hand(&desk).replace("port: ", "port: 9"));
    let page = desk.drive(&[]);
    page.wait_for_text("[data-testid=problem]", "is not a port");

    page.find("[data-testid=problem] a[href='#/settings']")
        .click();
    page.find(&field("server.port"))
        .enter(&desk.port.to_string());
    page.wait_for_text("[data-testid=settings-said]", "when the broker is started");
    page.find("a[href='#/']").click();
    page.find("[data-testid=retry]").click();

    page.find(RUNNING);
    desk.device.publish("/home/door", "open");
}
