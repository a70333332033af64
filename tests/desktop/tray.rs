//! The icon in the tray and its menu.

use crate::support::{Desk, Parts, SHORT, until};

#[test]
fn the_menu_says_how_the_broker_is_and_what_can_be_done() {
    let desk = Desk::new();
    let _app = desk.serve();
    let item = desk.tray().item();

    item.wait_for("Running: 0 clients, 0 msg/s");

    let lines: Vec<_> = item
        .entries()
        .into_iter()
        .map(|entry| (entry.label, entry.is_enabled))
        .collect();
    let address = format!("http://127.0.0.1:{}", desk.port);
    let expected = [
        ("Running: 0 clients, 0 msg/s", false),
        (&address, true),
        ("Start broker", false),
        ("Stop broker", true),
        ("Open monitor", true),
        ("Open in browser", true),
        ("Recent activity", true),
        ("Pause notifications", true),
        ("Start at login", true),
        ("Open log folder", true),
        ("Open data folder", true),
        ("Settings…", true),
        ("Quit", true),
    ];
    assert_eq!(
        lines,
        expected.map(|(label, is_enabled)| (label.to_owned(), is_enabled))
    );
    assert_eq!(item.title(), "Moustique");
    let (width, height, pixels) = item.icon();
    assert_eq!((width, height), (44, 44));
    assert!(
        pixels.chunks(4).any(|pixel| pixel[0] != 0),
        "an icon that can be seen"
    );
}

#[test]
fn stop_closes_the_port_and_start_opens_it_with_everything_kept() {
    let desk = Desk::new();
    let _app = desk.serve();
    let item = desk.tray().item();
    item.wait_for("Running");
    let running = item.icon();
    desk.device.publish("/home/kitchen/temperature", "21.5");

    item.click("Stop broker");
    desk.wait_until_closed();
    item.wait_for("Stopped");
    let stopped = item.icon();
    item.click("Start broker");
    desk.wait_until_open();
    item.wait_for("Running");

    assert_eq!(
        desk.device.value("/home/kitchen/temperature").as_deref(),
        Some("21.5")
    );
    assert_ne!(running, stopped, "the icon tells the state");
    until(SHORT, "the icon of a running broker", || {
        (item.icon() == running).then_some(())
    });
}

#[test]
fn the_figures_follow_the_clients_and_the_messages() {
    let desk = Desk::new();
    let _app = desk.serve();
    let item = desk.tray().item();

    desk.device.subscribe("lamp", "/home/#");
    item.wait_for("Running: 1 client, ");
    item.wait_for("Quit (1 client is served)");
    desk.device.subscribe("heating", "/home/#");
    item.wait_for("Running: 2 clients, ");
    item.wait_for("Quit (2 clients are served)");

    until(SHORT, "messages in the status line", || {
        desk.device.publish("/home/door", "open");
        let status = item.status();
        (!status.ends_with(" 0 msg/s")).then_some(())
    });
}

#[test]
fn a_click_on_the_icon_opens_the_window() {
    let desk = Desk::new();
    let _app = desk.serve();
    let item = desk.tray().item();
    assert!(desk.windows().is_empty(), "started hidden");

    item.activate();

    desk.wait_for_window();
}

#[test]
fn the_monitor_is_opened_from_the_menu() {
    let desk = Desk::new();
    let _app = desk.serve();
    let item = desk.tray().item();

    item.click("Open monitor");

    desk.wait_for_window();
}

#[test]
fn the_page_is_opened_in_the_users_browser() {
    let desk = Desk::new();
    let visited = desk.put_browser();
    let _app = desk.serve();
    let item = desk.tray().item();

    item.click("Open in browser");

    let url = until(SHORT, "the browser is started", || {
        std::fs::read_to_string(&visited)
            .ok()
            .filter(|url| url.ends_with('\n'))
    });
    assert_eq!(url.trim(), format!("http://127.0.0.1:{}/", desk.port));
}

#[test]
fn a_click_on_the_address_copies_it() {
    let desk = Desk::new();
    let _app = desk.serve();
    let item = desk.tray().item();
    let address = format!("http://127.0.0.1:{}", desk.port);
    item.wait_for(&address);

    item.click(&address);

    item.wait_for(&format!("Copied {address}"));
    assert_eq!(desk.display().clipboard(), address);
    item.wait_for(&address);
}

#[test]
fn the_folders_are_opened_in_the_users_file_manager() {
    let desk = Desk::new();
    let visited = desk.put_browser();
    let _app = desk.serve();
    let logs = desk.data().join("logs");

    for (label, expected) in [("Open data folder", desk.data()), ("Open log folder", logs)] {
        desk.tray().item().click(label);

        until(SHORT, "the file manager is started", || {
            let folder = std::fs::read_to_string(&visited).ok()?;
            (folder.trim_end() == expected.to_str().unwrap()).then_some(())
        });
        assert!(expected.is_dir(), "made where it is missing");
    }
}

#[test]
fn what_was_published_last_is_in_the_menu() {
    let desk = Desk::new();
    let _app = desk.serve();
    let item = desk.tray().item();
    item.wait_for("Running");
    let lines = || -> Vec<String> {
        let entries = item.entries_below("Recent activity");
        entries.into_iter().map(|entry| entry.label).collect()
    };
    assert_eq!(lines(), ["Nothing has been published yet"]);

    desk.device.publish("/home/door_1", "open & <wide>");
    until(SHORT, "the message is in the menu", || {
        (lines() == ["/home/door_1: open & <wide> (just now)"]).then_some(())
    });
    for topic in ["/a", "/b", "/c", "/d", "/e"] {
        desk.device.publish(topic, "\u{1b}[31m");
    }
    let expected =
        ["/e", "/d", "/c", "/b", "/a"].map(|topic| format!("{topic}: \\u{{1b}}[31m (just now)"));
    until(SHORT, "the newest are in the menu", || {
        (lines() == expected).then_some(())
    });

    let newest = item.entries_below("Recent activity");
    item.click_on(&newest[0]);
    desk.wait_for_window();
}

#[test]
fn the_settings_are_opened_from_the_menu() {
    let desk = Desk::new();
    let page = desk.drive(&[]);
    page.find("[data-testid=state][data-state=running]");
    page.run("window.isSame = true");
    let item = desk.tray().item();

    item.click("Settings…");

    until(SHORT, "the page is at its settings", || {
        (page.run("return location.hash") == "#/settings").then_some(())
    });
    assert_eq!(
        page.run("return window.isSame"),
        true,
        "it is not loaded anew"
    );
}

#[test]
fn the_session_starts_it_when_that_is_wanted() {
    let mut desk = Desk::new();
    let entry = desk.home().join("config/autostart/moustique.desktop");
    let app = desk.serve();
    let item = desk.tray().item();
    assert!(!item.wait_for("Start at login").is_checked);

    item.click("Start at login");

    until(SHORT, "a mark in the menu", || {
        item.wait_for("Start at login").is_checked.then_some(())
    });
    let text = std::fs::read_to_string(&entry).unwrap();
    let command = format!(
        "\" \"--hidden\" \"--data-dir\" \"{}\"",
        desk.data().display()
    );
    assert!(text.contains(&command), "{text}");

    // Switched off where the desktop has its own settings.
    std::fs::write(&entry, text.clone() + "Hidden=true\n").unwrap();
    until(SHORT, "no mark in the menu", || {
        (!item.wait_for("Start at login").is_checked).then_some(())
    });
    item.click("Start at login");
    until(SHORT, "the mark again", || {
        item.wait_for("Start at login").is_checked.then_some(())
    });
    drop(app);

    // The program was moved since: the entry names the one that runs.
    let moved = text.replace("moustique-desktop\"", "moustique-of-before\"");
    assert_ne!(moved, text);
    std::fs::write(&entry, moved).unwrap();
    desk.take_tray();
    desk.put_tray();
    let _app = desk.serve();
    assert_eq!(std::fs::read_to_string(&entry).unwrap(), text);

    let item = desk.tray().item();
    item.click("Start at login");
    until(SHORT, "no entry", || (!entry.exists()).then_some(()));
}

#[test]
fn a_tray_that_appears_later_gets_the_icon() {
    let mut desk = Desk::with(Parts::NO_TRAY);
    let _app = desk.serve();

    desk.put_tray();

    desk.tray().item().wait_for("Running");
}

#[test]
fn an_icon_comes_back_when_the_tray_is_started_again() {
    let mut desk = Desk::new();
    let _app = desk.serve();
    desk.tray().item().wait_for("Running");

    desk.take_tray();
    desk.put_tray();

    let item = desk.tray().item();
    item.wait_for("Running");
    item.click("Stop broker");
    desk.wait_until_closed();
}
