//! The ways out.

use std::time::Duration;

use crate::support::{Desk, SHORT, until};

/// The longest that quitting may take.
const QUIT: Duration = Duration::from_secs(6);

/// What a busy machine may add where that time is used up.
const SLACK: Duration = Duration::from_secs(2);

/// The longest that giving up may take.
const AT_ONCE: Duration = Duration::from_secs(2);

#[test]
fn quit_in_the_menu_quits() {
    let desk = Desk::new();
    let mut app = desk.serve();
    desk.device.publish("/home/door", "open");

    desk.tray().item().click("Quit");

    assert_eq!(app.wait(QUIT).code(), Some(0));
    assert!(!desk.is_open());
    let _again = desk.serve();
    assert_eq!(
        desk.device.value("/home/door").as_deref(),
        Some("open"),
        "what was taken is kept"
    );
}

#[test]
fn quit_in_the_menu_takes_the_window_along() {
    let desk = Desk::new();
    let mut app = desk.launch(&[]);
    desk.wait_for_window();
    desk.wait_until_open();

    desk.tray().item().click("Quit");

    assert_eq!(app.wait(QUIT).code(), Some(0));
}

#[test]
fn the_signals_that_end_a_session_quit() {
    for signal in ["TERM", "INT", "HUP"] {
        let desk = Desk::new();
        let mut app = desk.serve();

        app.signal(signal);

        assert_eq!(app.wait(QUIT).code(), Some(0), "{signal}");
        assert!(!desk.is_open(), "{signal}");
    }
}

#[test]
fn a_signal_quits_while_the_broker_is_stopped() {
    let desk = Desk::new();
    let mut app = desk.serve();
    let item = desk.tray().item();
    item.click("Stop broker");
    item.wait_for("Stopped");

    app.signal("TERM");

    assert_eq!(app.wait(QUIT).code(), Some(0));
}

#[test]
fn a_request_that_never_ends_does_not_keep_the_program() {
    let desk = Desk::new();
    let mut app = desk.serve();
    let _endless = desk.begin_endless();

    app.signal("TERM");

    assert_eq!(app.wait(QUIT + SLACK).code(), Some(0));
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let desk = Desk::new();
    let mut app = desk.serve();
    let item = desk.tray().item();
    let _endless = desk.begin_endless();
    app.signal("TERM");
    until(SHORT, "the broker drains", || {
        (item.status() == "Stopping…").then_some(())
    });

    app.signal("TERM");

    assert_eq!(app.wait(AT_ONCE).code(), Some(128 + 15));
}
