//! A run that ended without being told to is told of by the next one.

use std::fs;

use crate::support::{Desk, LONG, Notices, SHORT, until};

/// What the log file says, once it says that.
fn log(desk: &Desk, part: &str) -> String {
    let file = desk.data().join("logs/moustique.log");
    until(SHORT, &format!("{part:?} in the log"), || {
        fs::read_to_string(&file)
            .ok()
            .filter(|log| log.contains(part))
    })
}

#[test]
fn a_run_that_was_killed_is_told_of_once() {
    let desk = Desk::new();
    let mut app = desk.serve();
    log(&desk, "started: version");
    app.signal("KILL");
    app.wait(SHORT);

    for told in [1, 1] {
        let mut again = desk.serve();
        let log = log(&desk, "ended without being told to");
        let count = log.matches("ended without being told to").count();
        assert_eq!(count, told, "{log}");
        again.signal("TERM");
        assert_eq!(again.wait(LONG).code(), Some(0));
    }
}

#[test]
fn the_window_and_a_notification_tell_of_it_until_that_is_dismissed() {
    let desk = Desk::new();
    let mut app = desk.serve();
    log(&desk, "started: version");
    app.signal("KILL");
    app.wait(SHORT);
    let notices = Notices::on(desk.bus());

    let page = desk.drive(&[]);

    page.wait_for_text("[data-testid=crash]", "ended without being told to");
    page.keep("crash");
    let told = notices.wait_for(0);
    assert_eq!(told.title, "Moustique ended without being told to");
    page.find("[data-testid=crash-dismiss]").click();
    until(SHORT, "it is dismissed", || {
        page.look("[data-testid=crash]").is_none().then_some(())
    });
    page.run("location.reload()");
    page.find("[data-testid=state][data-state=running]");
    assert!(page.look("[data-testid=crash]").is_none(), "told once");
}
