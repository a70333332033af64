//! The ways in.

use std::fs;
use std::time::Duration;

use crate::support::{Desk, Parts, SHORT, until};

#[test]
fn help_and_version_need_no_display() {
    let desk = Desk::with(Parts::NONE);

    let help = desk.run(&["--help"]);
    let version = desk.run(&["--version"]);

    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    for option in ["--hidden", "--data-dir", "--safe-graphics", "--version"] {
        assert!(help.contains(option), "{option} in {help}");
    }
    assert!(version.status.success());
    let version = String::from_utf8(version.stdout).unwrap();
    assert_eq!(
        version.trim(),
        concat!("moustique-desktop ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn an_unknown_option_is_refused() {
    let output = Desk::with(Parts::NONE).run(&["--port=1"]);

    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--port"));
}

#[test]
fn without_a_display_it_names_the_program_that_needs_none() {
    let output = Desk::with(Parts::NONE).run(&[]);

    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("neither DISPLAY nor WAYLAND_DISPLAY"),
        "{said}"
    );
    assert!(said.contains("`moustique`"), "{said}");
}

#[test]
fn a_display_that_cannot_be_opened_is_named() {
    let desk = Desk::with(Parts::NONE);

    let output = desk.command(&[]).env("DISPLAY", ":99999").output().unwrap();

    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(":99999") && said.contains("`moustique`"),
        "{said}"
    );
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn hidden_serves_without_a_window() {
    let desk = Desk::new();
    let app = desk.serve();
    desk.tray().item().wait_for("Running");

    assert!(desk.windows().is_empty());
    assert!(app.children().is_empty(), "no web engine without a window");
}

#[test]
fn the_window_opens_at_launch_and_the_broker_serves() {
    let desk = Desk::new();
    let _app = desk.launch(&[]);

    desk.wait_for_window();
    desk.wait_until_open();

    desk.device.publish("/home/door", "open");
    assert_eq!(desk.device.value("/home/door").as_deref(), Some("open"));
}

#[test]
fn everything_is_kept_in_the_folder_that_is_named() {
    let desk = Desk::new();
    let _app = desk.launch(&[]);
    desk.wait_for_window();
    desk.wait_until_open();

    assert!(desk.data().join("moustique.db").exists());
    let elsewhere: Vec<_> = [
        "config/moustique",
        "share/moustique",
        "share/org.moustique.desktop",
    ]
    .into_iter()
    .filter(|folder| desk.home().join(folder).exists())
    .collect();
    assert_eq!(elsewhere, [] as [&str; 0]);
}

#[test]
fn a_second_launch_shows_the_window_of_the_first() {
    let desk = Desk::new();
    let mut app = desk.serve();

    let second = desk.run(&[]);

    assert_eq!(second.status.code(), Some(0));
    let window = desk.wait_for_window();
    desk.display().close(window);
    desk.wait_for_no_window();
    assert_eq!(desk.run(&[]).status.code(), Some(0));
    desk.wait_for_window();
    assert!(app.is_running());
}

#[test]
fn a_second_launch_brings_a_covered_window_to_the_front() {
    let desk = Desk::new();
    let mut app = desk.launch(&[]);
    let window = desk.wait_for_window();
    let cover = desk.display().cover();
    assert_eq!(desk.display().top(), cover);

    assert_eq!(desk.run(&[]).status.code(), Some(0));

    until(SHORT, "the window is in front", || {
        (desk.display().top() == window).then_some(())
    });
    assert_eq!(desk.windows(), [window], "and no other one");
    assert!(app.is_running());
}

#[test]
fn two_launches_at_once_make_one_window() {
    let desk = Desk::new();
    let _app = desk.serve();

    let mut launches = [desk.launch(&[]), desk.launch(&[]), desk.launch(&[])];

    for launch in &mut launches {
        assert_eq!(launch.wait(SHORT).code(), Some(0));
    }
    desk.wait_for_window();
    assert_eq!(desk.windows().len(), 1);
}

#[test]
fn safe_graphics_reach_the_web_engine() {
    let desk = Desk::new();
    let app = desk.launch(&["--safe-graphics"]);
    desk.wait_for_window();

    let environment = fs::read_to_string(format!("/proc/{}/environ", app.id())).unwrap();

    for variable in [
        "WEBKIT_DISABLE_DMABUF_RENDERER=1",
        "WEBKIT_DISABLE_COMPOSITING_MODE=1",
    ] {
        assert!(
            environment.split('\0').any(|set| set == variable),
            "{variable}"
        );
    }
}

#[test]
fn the_broker_is_there_soon_after_the_launch() {
    let desk = Desk::new();
    let begun = std::time::Instant::now();
    let _app = desk.launch(&["--hidden"]);

    until(Duration::from_secs(5), "the port is open", || {
        desk.is_open().then_some(())
    });

    println!("the port was open after {:?}", begun.elapsed());
}
