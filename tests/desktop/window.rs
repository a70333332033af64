//! The page in the window, used as a person uses it.

use std::time::{Duration, Instant};

use crate::support::{Desk, LONG, Place, SHORT, until};

const RUNNING: &str = "[data-testid=state][data-state=running]";

fn row(topic: &str) -> String {
    format!("[data-testid=topic-row][data-topic='{topic}']")
}

#[test]
fn what_a_device_publishes_is_seen_within_a_second() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find(RUNNING);
    page.find("[data-testid=empty]");
    let value = format!(
        "{} [data-testid=topic-value]",
        row("/home/kitchen/temperature")
    );

    for message in ["21.5", "21.6", "é → 雪 & <b>"] {
        desk.device.publish("/home/kitchen/temperature", message);
        let published = Instant::now();
        page.wait_for_text_within(Duration::from_secs(1), &value, message);
        println!("{message} was seen after {:?}", published.elapsed());
    }
}

#[test]
fn the_broker_is_stopped_and_started_with_the_buttons() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find(RUNNING);
    desk.device.publish("/home/door", "open");
    page.find(&row("/home/door"));

    page.find("[data-testid=stop]").click();
    page.find("[data-testid=state][data-state=stopped]");
    desk.wait_until_closed();
    page.find("[data-testid=start]").click();
    page.find(RUNNING);
    desk.wait_until_open();

    page.find(&row("/home/door"));
}

#[test]
fn the_form_publishes() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find(RUNNING);

    page.find("[data-testid=publish-topic]")
        .fill("/home/lamp/set");
    page.find("[data-testid=publish-message]")
        .fill("on & <off> é");
    page.find("[data-testid=publish-submit]").click();

    page.wait_for_text(&row("/home/lamp/set"), "on & <off> é");
    assert_eq!(
        desk.device.value("/home/lamp/set").as_deref(),
        Some("on & <off> é")
    );
}

#[test]
fn a_topic_that_breaks_a_rule_is_refused_in_the_form() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find(RUNNING);

    page.find("[data-testid=publish-topic]").fill("/home/+/set");
    page.find("[data-testid=publish-submit]").click();

    page.wait_for_text("[data-testid=publish-result]", "topic");
    assert!(page.look(&row("/home/+/set")).is_none());
}

#[test]
fn closing_the_window_frees_the_page_and_leaves_the_broker() {
    let desk = Desk::new();
    let mut app = desk.launch(&[]);
    let window = desk.wait_for_window();
    desk.wait_until_open();
    let item = desk.tray().item();
    item.wait_for("Running");
    assert!(app.has_page());

    desk.display().close(window);
    desk.wait_for_no_window();

    until(SHORT, "the page is freed", || {
        (!app.has_page()).then_some(())
    });
    desk.device.publish("/home/door", "open");
    assert_eq!(desk.device.value("/home/door").as_deref(), Some("open"));
    assert!(app.is_running());
    item.activate();
    desk.wait_for_window();
}

#[test]
fn the_window_comes_back_where_it_was() {
    let desk = Desk::new();
    let mut app = desk.launch(&[]);
    let window = desk.wait_for_window();
    desk.tray().item().wait_for("Running");
    let place = Place {
        x: 123,
        y: 45,
        width: 700,
        height: 600,
    };

    desk.display().put(window, place);
    until(SHORT, "the window is where it was put", || {
        (desk.display().place(window) == Some(place)).then_some(())
    });
    desk.display().close(window);
    desk.wait_for_no_window();
    desk.tray().item().activate();
    let window = desk.wait_for_window();
    until(SHORT, "the window is back", || {
        (desk.display().place(window) == Some(place)).then_some(())
    });

    app.signal("TERM");
    assert_eq!(app.wait(SHORT).code(), Some(0));
    let _again = desk.launch(&[]);
    let window = desk.wait_for_window();
    until(SHORT, "the window is back in the next session", || {
        (desk.display().place(window) == Some(place)).then_some(())
    });
}

#[test]
fn a_page_that_is_loaded_anew_goes_on() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find(RUNNING);
    // More often than streams may be open at a time.
    for _ in 0..10 {
        page.run("location.reload()");
        page.find(RUNNING);
    }

    desk.device.publish("/home/door", "open");

    page.find(&row("/home/door"));
}

#[test]
fn a_thousand_topics_arrive_whole() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find(RUNNING);
    for number in 0..1_000 {
        desk.device
            .publish(&format!("/bulk/{number:04}"), &"x".repeat(100));
    }

    page.run("location.reload()");

    until(SHORT, "all of them are counted", || {
        let summary = page.look("[data-testid=topics-summary]")?.text()?;
        // However the user's language groups digits.
        let digits = summary.replace(|character: char| !character.is_ascii_digit(), "");
        (digits == "1000").then_some(())
    });
    page.find(&row("/bulk/0000"));
}

#[test]
fn nothing_but_the_programs_own_page_is_let_in() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find(RUNNING);

    assert_eq!(page.run("return typeof window.__TAURI__"), "undefined");
    assert_eq!(page.run("return Object.isFrozen(Object.prototype)"), true);
    let loaded = page.run(
        "return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)",
    );
    for origin in loaded.as_array().unwrap() {
        let origin = origin.as_str().unwrap();
        assert!(
            origin == "tauri://localhost" || origin.starts_with("ipc:") || origin == "null",
            "{origin}"
        );
    }
}

#[test]
fn pictures_are_taken_in_light_and_dark() {
    for theme in ["Adwaita", "Adwaita:dark"] {
        let desk = Desk::new().with_theme(theme);
        let page = desk.drive(&[]);
        page.find(RUNNING);
        desk.device.publish("/home/kitchen/temperature", "21.5");
        desk.device.publish("/home/hall/motion", "detected");
        page.find(&row("/home/hall/motion"));

        let is_dark = page.run("return matchMedia('(prefers-color-scheme: dark)').matches");
        assert_eq!(is_dark, theme.ends_with("dark"), "{theme}");
        page.keep(&format!(
            "window-{}",
            theme.replace(':', "-").to_lowercase()
        ));
    }
}

#[test]
fn a_dark_window_opens_dark() {
    const PAPER: [u8; 3] = [0x10, 0x16, 0x1c];
    let desk = Desk::new().with_theme("Adwaita:dark");
    let _app = desk.launch(&[]);
    let mut seen = Vec::new();

    // Looked at without a pause: a flash is short.
    let end = Instant::now() + LONG;
    while seen.last() != Some(&PAPER) {
        assert!(Instant::now() < end, "the page is not seen: {seen:?}");
        let colour = desk.display().colour(5, 700);
        if seen.last() != Some(&colour) {
            seen.push(colour);
        }
    }

    let is_bright = |colour: &&[u8; 3]| colour.iter().any(|part| *part > 0x80);
    assert_eq!(seen.iter().find(is_bright), None, "of {seen:02x?}");
}
