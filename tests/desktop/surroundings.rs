//! Desktops on which something is missing.

use std::time::Duration;

use crate::support::{Desk, Parts, SHORT, until};

#[test]
fn without_a_tray_the_window_works_and_closing_it_quits() {
    let desk = Desk::with(Parts::NO_TRAY);
    let mut app = desk.launch(&[]);
    let window = desk.wait_for_window();
    desk.wait_until_open();

    desk.display().close(window);

    assert_eq!(app.wait(SHORT).code(), Some(0), "{}", app.said());
    assert!(app.said().contains("no tray"), "{}", app.said());
}

#[test]
fn without_a_tray_a_hidden_launch_serves_until_it_is_ended() {
    let desk = Desk::with(Parts::NO_TRAY);
    let mut app = desk.serve();

    desk.device.publish("/home/door", "open");

    assert_eq!(desk.run(&[]).status.code(), Some(0));
    desk.wait_for_window();
    app.signal("TERM");
    assert_eq!(app.wait(SHORT).code(), Some(0));
}

#[test]
fn without_a_session_bus_it_serves_and_shows_its_window() {
    let desk = Desk::with(Parts::NO_BUS);
    let mut app = desk.launch(&[]);

    desk.wait_for_window();
    desk.wait_until_open();
    desk.device.publish("/home/door", "open");

    assert_eq!(desk.device.value("/home/door").as_deref(), Some("open"));
    app.signal("TERM");
    assert_eq!(app.wait(SHORT).code(), Some(0));
}

#[test]
fn without_a_session_bus_a_second_launch_leaves_the_data_alone() {
    let desk = Desk::with(Parts::NO_BUS);
    let _first = desk.serve();
    desk.device.publish("/home/door", "open");

    let page = desk.drive(&[]);

    page.wait_for_text("[data-testid=problem]", "moustique.db");
    assert_eq!(desk.device.value("/home/door").as_deref(), Some("open"));
}

#[test]
fn looking_for_a_tray_leaves_nothing_behind() {
    let desk = Desk::with(Parts::NO_TRAY);
    let app = desk.serve();
    let threads = || {
        let folder = format!("/proc/{}/task", app.id());
        std::fs::read_dir(folder).unwrap().count()
    };
    let looks = || desk.bus().connections_so_far();
    let first = looks();
    until(Duration::from_secs(30), "it looked once", || {
        (looks() > first).then_some(())
    });
    let before = threads();
    let seen = looks();

    until(Duration::from_secs(30), "it looked twice more", || {
        (looks() > seen + 1).then_some(())
    });

    assert!(
        threads() <= before + 1,
        "{before} threads became {}",
        threads()
    );
}
