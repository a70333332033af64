//! What the desktop shows beside the window, and what closing that does.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{App, Desk, LONG, Notices, Page, SHORT, until};

const RUNNING: &str = "[data-testid=state][data-state=running]";

/// Publishes as a device that has a name.
fn publish_as(desk: &Desk, device: &str, topic: &str, message: &str) {
    let fields = [("topic", topic), ("message", message), ("from", device)];
    assert_eq!(desk.device.post("POST", &fields).status, 200);
}

/// Writes the preferences, as an earlier launch would have.
fn prefer(desk: &Desk, preferences: &Value) {
    fs::write(desk.data().join("desktop.json"), preferences.to_string()).unwrap();
}

fn preferences(desk: &Desk) -> Value {
    let text = fs::read(desk.data().join("desktop.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Starts the application and waits until its tray can be used.
fn serve(desk: &Desk) -> App {
    let app = desk.serve();
    desk.tray().item().wait_for("Running");
    app
}

/// What a request of the page is answered with.
fn ask(page: &Page, request: &Value) -> Value {
    page.run(&format!(
        "window.answered = null;
         window.__TAURI_INTERNALS__.invoke('rpc', {{ request: {request} }}).then(
             (answer) => (window.answered = {{ answer }}),
             (refusal) => (window.answered = {{ refusal }}))"
    ));
    until(SHORT, "an answer", || {
        let answered = page.run("return window.answered");
        (!answered.is_null()).then_some(answered)
    })
}

#[test]
fn a_failure_is_told_once_with_what_to_do() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, desk.port)).unwrap();
    let app = desk.launch(&["--hidden"]);

    let told = notices.wait_for(0);
    assert_eq!(told.application, "Moustique");
    assert_eq!(told.title, "The broker cannot serve");
    let taken = format!("Port {} is in use", desk.port);
    assert!(told.body.starts_with(&taken), "{}", told.body);

    // Tried again, it fails for the same reason: that is no news.
    let item = desk.tray().item();
    let failures = || app.said().matches(&taken).count();
    for tries in 1..=3 {
        item.click("Start broker");
        until(SHORT, "it fails again", || {
            (failures() > tries).then_some(())
        });
    }
    drop(other);
    item.click("Start broker");
    desk.wait_until_open();
    publish_as(&desk, "lamp", "/home/lamp", "on");

    // Whatever had been held back would be in it.
    let next = notices.wait_for(1);
    assert_eq!(
        (next.title.as_str(), next.body.as_str()),
        ("New device", "lamp")
    );
}

#[test]
fn a_new_device_is_told_once_over_all_starts() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let mut app = serve(&desk);
    for number in 0..1_000 {
        publish_as(&desk, "lamp", "/home/lamp", &number.to_string());
    }
    let first = notices.wait_for(0);
    assert_eq!(
        (first.title.as_str(), first.body.as_str()),
        ("New device", "lamp")
    );

    // A pause of the broker makes nobody new.
    let item = desk.tray().item();
    item.click("Stop broker");
    desk.wait_until_closed();
    item.click("Start broker");
    desk.wait_until_open();
    publish_as(&desk, "lamp", "/home/lamp", "again");
    for device in ["a", "b", "c", "d"] {
        publish_as(&desk, device, "/home/all", "x");
    }
    let second = notices.wait_for(1);
    assert_eq!(second.title, "4 new devices");
    assert!(second.body.ends_with(" and 1 other"), "{}", second.body);

    // Nor does a start of the application.
    app.signal("TERM");
    assert_eq!(app.wait(SHORT).code(), Some(0));
    desk.wait_until_closed();
    let _app = desk.serve();
    for device in ["lamp", "a", "d", "door"] {
        publish_as(&desk, device, "/home/all", "x");
    }
    let third = notices.wait_for(2);
    assert_eq!(
        (third.title.as_str(), third.body.as_str()),
        ("New device", "door")
    );
    assert_eq!(notices.all().len(), 3);
}

#[test]
fn who_is_in_the_store_when_it_first_starts_is_no_news() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let mut app = desk.serve();
    publish_as(&desk, "lamp", "/home/lamp", "on");
    publish_as(&desk, "door", "/home/lamp", "off");
    notices.wait_for(0);
    app.signal("TERM");
    assert_eq!(app.wait(SHORT).code(), Some(0));
    // As after the headless program, which keeps no such list.
    fs::remove_file(desk.data().join("devices.json")).unwrap();

    let shown = notices.all().len();
    desk.wait_until_closed();
    let _app = desk.serve();
    for device in ["lamp", "door", "window"] {
        publish_as(&desk, device, "/home/all", "x");
    }

    let told = notices.wait_for(shown);
    assert_eq!(
        (told.title.as_str(), told.body.as_str()),
        ("New device", "window")
    );
}

#[test]
fn a_flood_of_names_is_one_notification_and_then_a_summary() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let _app = serve(&desk);
    for number in 0..2_000 {
        publish_as(&desk, &format!("device-{number}"), "/flood", "x");
    }
    publish_as(&desk, "last", "/flood", "x");

    let begun = notices.wait_for(0);
    let summary = notices.wait_for(1);

    assert!(begun.title.contains("new device") || begun.title == "New device");
    assert!(summary.title.ends_with(" new devices"), "{}", summary.title);
    assert!(summary.body.chars().count() < 200, "{}", summary.body);
}

#[test]
fn nothing_is_shown_while_notifications_are_paused() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let mut app = serve(&desk);
    let item = desk.tray().item();
    assert!(!item.wait_for("Pause notifications").is_checked);

    item.click("Pause notifications");
    until(SHORT, "a mark in the menu", || {
        item.wait_for("Pause notifications")
            .is_checked
            .then_some(())
    });
    publish_as(&desk, "lamp", "/home/lamp", "on");
    app.signal("TERM");
    assert_eq!(app.wait(SHORT).code(), Some(0));

    // It is remembered.
    desk.wait_until_closed();
    let mut desk = desk;
    desk.take_tray();
    desk.put_tray();
    let _app = serve(&desk);
    let item = desk.tray().item();
    assert!(item.wait_for("Pause notifications").is_checked);
    item.click("Pause notifications");
    until(SHORT, "no mark in the menu", || {
        (!item.wait_for("Pause notifications").is_checked).then_some(())
    });
    publish_as(&desk, "door", "/home/door", "open");

    let told = notices.wait_for(0);
    assert_eq!(
        (told.title.as_str(), told.body.as_str()),
        ("New device", "door")
    );
}

#[test]
fn what_a_device_says_is_text_and_no_markup() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let _app = serve(&desk);

    publish_as(&desk, "<a href='x'>&amp;\u{202e}", "/home/lamp", "on");

    assert_eq!(
        notices.wait_for(0).body,
        "&lt;a href='x'&gt;&amp;amp;\\u{202e}"
    );
}

#[test]
fn a_click_on_a_notification_opens_the_window() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let _app = serve(&desk);
    publish_as(&desk, "lamp", "/home/lamp", "on");
    let told = notices.wait_for(0);
    assert_eq!(told.actions, ["default", "Open"]);

    until(LONG, "the window", || {
        // It may not listen yet when the notification is there.
        notices.click(&told);
        desk.windows().first().copied()
    });
}

#[test]
fn without_anybody_to_show_them_it_is_said_once() {
    let desk = Desk::new();
    let app = serve(&desk);
    const SAID: &str = "Notifications cannot be shown";

    publish_as(&desk, "lamp", "/home/lamp", "on");
    until(LONG, "it is said", || {
        app.said().contains(SAID).then_some(())
    });
    publish_as(&desk, "door", "/home/door", "open");
    let notices = Notices::on(desk.bus());
    publish_as(&desk, "window", "/home/window", "open");

    // It goes on as soon as there is somebody.
    notices.wait_for(0);
    assert_eq!(app.said().matches(SAID).count(), 1);
    assert_eq!(desk.device.value("/home/door").as_deref(), Some("open"));
}

#[test]
fn somebody_who_never_answers_holds_nothing_up() {
    let desk = Desk::new();
    let notices = Notices::hanging_on(desk.bus());
    let mut app = serve(&desk);

    publish_as(&desk, "lamp", "/home/lamp", "on");
    notices.wait_for(0);
    publish_as(&desk, "lamp", "/home/lamp", "off");
    let item = desk.tray().item();
    item.click("Stop broker");
    desk.wait_until_closed();

    until(LONG, "it is said", || {
        app.said().contains("no answer within 5 s").then_some(())
    });
    app.signal("TERM");
    assert_eq!(app.wait(SHORT).code(), Some(0));
}

#[test]
fn closing_the_window_is_explained_the_first_time_only() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let mut app = desk.launch(&[]);
    let window = desk.wait_for_window();
    desk.wait_until_open();
    let item = desk.tray().item();
    item.wait_for("Running");

    desk.display().close(window);
    let told = notices.wait_for(0);
    assert_eq!(told.title, "Moustique goes on in the tray");
    until(SHORT, "it is remembered", || {
        (preferences(&desk)["knowsOfTray"] == true).then_some(())
    });

    desk.wait_for_no_window();
    item.activate();
    let window = desk.wait_for_window();
    desk.display().close(window);
    desk.wait_for_no_window();
    assert!(app.is_running());
    publish_as(&desk, "lamp", "/home/lamp", "on");

    // Whatever had been held back would be in it.
    let next = notices.wait_for(1);
    assert_eq!(
        (next.title.as_str(), next.body.as_str()),
        ("New device", "lamp")
    );
}

#[test]
fn closing_the_window_quits_where_that_is_preferred() {
    let desk = Desk::new();
    prefer(&desk, &json!({ "onClose": "quit" }));
    let mut app = desk.launch(&[]);
    let window = desk.wait_for_window();
    desk.wait_until_open();
    desk.tray().item().wait_for("Running");

    desk.display().close(window);

    assert_eq!(app.wait(SHORT).code(), Some(0), "{}", app.said());
    assert!(!desk.is_open());
}

#[test]
fn closing_the_window_asks_where_that_is_preferred() {
    let desk = Desk::new();
    prefer(&desk, &json!({ "onClose": "ask" }));
    let page = desk.drive(&[]);
    page.find(RUNNING);
    desk.tray().item().wait_for("Running");
    let window = desk.wait_for_window();

    desk.display().close(window);
    page.find("[data-testid=close-dialog][open]");
    page.find("[data-testid=close-cancel]").click();
    until(SHORT, "the question is gone", || {
        page.look("[data-testid=close-dialog][open]")
            .is_none()
            .then_some(())
    });
    assert_eq!(desk.windows(), [window], "the window stays");

    desk.display().close(window);
    page.find("[data-testid=close-dialog][open]");
    page.find("[data-testid=close-remember]").click();
    page.find("[data-testid=close-keep]").click();

    desk.wait_for_no_window();
    assert!(desk.is_open(), "the broker goes on");
    assert_eq!(preferences(&desk)["onClose"], "tray");
}

#[test]
fn a_window_that_has_no_answer_can_be_closed_all_the_same() {
    let desk = Desk::new();
    prefer(&desk, &json!({ "onClose": "ask", "knowsOfTray": true }));
    let mut app = desk.launch(&[]);
    let window = desk.wait_for_window();
    desk.wait_until_open();
    desk.tray().item().wait_for("Running");

    until(SHORT, "the window is closed", || {
        desk.display().close(window);
        desk.windows().is_empty().then_some(())
    });

    assert!(app.is_running());
    assert!(desk.is_open());
}

#[test]
fn a_rule_of_the_user_fires_when_it_becomes_true() {
    let desk = Desk::new();
    let notices = Notices::on(desk.bus());
    let page = desk.drive(&[]);
    page.find(RUNNING);
    let mut wanted = ask(&page, &json!({ "name": "application" }))["answer"]["preferences"].clone();
    wanted["notifications"]["newDevices"] = false.into();
    let rule = |value: &str| {
        json!([{
            "name": "Too hot",
            "filter": "/home/+/temperature",
            "comparison": "above",
            "value": value,
            "text": "{topic} is at {value}",
        }])
    };

    // One that is wrong is refused, and changes nothing.
    wanted["alerts"] = rule("warm");
    let refused = ask(
        &page,
        &json!({ "name": "setPreferences", "payload": wanted }),
    );
    assert_eq!(refused["refusal"]["code"], "rule_value", "{refused}");
    let detail = refused["refusal"]["detail"].as_str().unwrap();
    assert!(
        detail.contains("'Too hot'") && detail.contains("'warm'"),
        "{detail}"
    );

    wanted["alerts"] = rule("30");
    let set = ask(
        &page,
        &json!({ "name": "setPreferences", "payload": wanted }),
    );
    assert_eq!(set, json!({ "answer": null }));
    assert_eq!(preferences(&desk)["alerts"], rule("30"));

    for value in ["29", "31 <b>", "31", "32"] {
        desk.device.publish("/home/kitchen/temperature", value);
    }
    let told = notices.wait_for(0);
    assert_eq!(told.title, "Too hot");
    assert_eq!(told.body, "/home/kitchen/temperature is at 31");
    for value in ["33", "20", "34", "35"] {
        desk.device.publish("/home/kitchen/temperature", value);
    }
    let told = notices.wait_for(1);
    assert_eq!(told.body, "/home/kitchen/temperature is at 34");
}

#[test]
fn the_application_tells_how_it_stands() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find(RUNNING);
    desk.tray().item().wait_for("Running");
    let asked = || ask(&page, &json!({ "name": "application" }))["answer"].clone();

    let stands = asked();
    assert_eq!(stands["preferences"]["onClose"], "tray");
    assert_eq!(stands["startsAtLogin"], false);
    assert_eq!(stands["hasTray"], true);
    assert_eq!(stands["folders"]["data"], desk.data().to_str().unwrap());

    let set = json!({ "name": "setStartAtLogin", "payload": true });
    assert_eq!(ask(&page, &set), json!({ "answer": null }));
    assert_eq!(asked()["startsAtLogin"], true);
    until(Duration::from_secs(3), "the menu follows", || {
        desk.tray()
            .item()
            .wait_for("Start at login")
            .is_checked
            .then_some(())
    });
    let visited = desk.put_browser();
    ask(&page, &json!({ "name": "openFolder", "payload": "logs" }));
    let folder = until(SHORT, "the file manager is started", || {
        let folder = fs::read_to_string(&visited).ok()?;
        folder.ends_with('\n').then_some(folder)
    });
    assert_eq!(folder.trim(), desk.data().join("logs").to_str().unwrap());
}
