//! What happens again and again, for long, or under load.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use moustique_tests::{Caller, Reply};

use crate::support::{App, Desk, LONG, SHORT, until};

/// How long a machine sleeps in the test.
const SLEEP: Duration = Duration::from_secs(30);

/// What a process holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    threads: usize,
    descriptors: usize,
    memory_kib: usize,
}

impl Held {
    fn by(app: &App) -> Self {
        let folder = format!("/proc/{}", app.id());
        let status = fs::read_to_string(format!("{folder}/status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            let mut words = line.split_whitespace().skip(1);
            words.next().unwrap().parse().unwrap()
        };
        Self {
            threads: number("Threads:"),
            descriptors: fs::read_dir(format!("{folder}/fd")).unwrap().count(),
            memory_kib: number("VmRSS:"),
        }
    }
}

#[test]
fn fifty_stops_and_starts_leave_nothing_behind() {
    /// What an allocator may keep free, one time more and one time less.
    const VARIES_KIB: usize = 6 * 1024;

    let desk = Desk::new();
    let app = desk.serve();
    let item = desk.tray().item();
    let stop_and_start = |times: usize| {
        for _ in 0..times {
            item.click("Stop broker");
            desk.wait_until_closed();
            item.click("Start broker");
            desk.wait_until_open();
            desk.device.publish("/home/door", "open");
        }
        item.wait_for("Running");
    };
    stop_and_start(10);
    let before = Held::by(&app);

    stop_and_start(50);

    let after = until(
        SHORT,
        "what was needed for the last start is let go",
        || {
            let after = Held::by(&app);
            let is_gone =
                after.threads <= before.threads && after.descriptors <= before.descriptors;
            is_gone.then_some(after)
        },
    );
    println!("before {before:?}, after {after:?}");
    assert!(
        after.memory_kib <= before.memory_kib + VARIES_KIB,
        "{before:?} {after:?}"
    );
}

#[test]
fn quitting_under_load_loses_nothing_that_was_acknowledged() {
    type Quit = fn(&Desk, &App);
    let ways: [(&str, Quit); 2] = [
        ("the menu", |desk, _| desk.tray().item().click("Quit")),
        ("a signal", |_, app| app.signal("TERM")),
    ];
    for (name, quit) in ways {
        let mut desk = Desk::new();
        let mut app = desk.serve();
        desk.tray().item().wait_for("Running");
        let acknowledged = publish_while(desk.port, || {
            sleep(Duration::from_secs(1));
            quit(&desk, &app);
            assert_eq!(app.wait(LONG).code(), Some(0), "{name}");
        });
        assert!(acknowledged.len() > 50, "{name}: {}", acknowledged.len());

        // The icon of before is gone with its program.
        desk.take_tray();
        desk.put_tray();
        let _again = desk.serve();
        let lost: Vec<_> = acknowledged
            .iter()
            .filter(|topic| desk.device.value(topic).as_deref() != Some("kept"))
            .collect();
        println!("{name}: {} acknowledged", acknowledged.len());
        assert_eq!(lost, [] as [&String; 0], "{name}");
    }
}

/// Publishes from many sides until something is done, each message to a topic of
/// its own. The topics of those that were acknowledged.
fn publish_while(port: u16, act: impl FnOnce()) -> Vec<String> {
    let is_over = AtomicBool::new(false);
    let publish = |writer: usize| {
        let caller = Caller::with_patience(port, LONG);
        let mut acknowledged = Vec::new();
        for number in 0.. {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            let topic = format!("/load/{writer}/{number}");
            let sent = caller.try_post("POST", &[("topic", &topic), ("message", "kept")]);
            match sent {
                Ok(Reply { status: 200, .. }) => acknowledged.push(topic),
                _ => break,
            }
        }
        acknowledged
    };
    scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| scope.spawn(move || publish(writer)))
            .collect();
        act();
        is_over.store(true, Ordering::Relaxed);
        let acknowledged = writers.into_iter().map(|writer| writer.join().unwrap());
        acknowledged.flatten().collect()
    })
}

#[test]
fn a_machine_that_slept_goes_on_as_if_nothing_had_been() {
    let desk = Desk::new();
    let app = desk.serve();
    let item = desk.tray().item();
    desk.device.subscribe("lamp", "/home/#");
    item.wait_for("Running: 1 client");
    let said = app.said();
    let held = Held::by(&app);

    app.signal("STOP");
    sleep(SLEEP);
    app.signal("CONT");

    desk.device.publish("/home/door", "open");
    assert_eq!(desk.device.value("/home/door").as_deref(), Some("open"));
    item.wait_for("Running: 1 client");
    // Nothing is caught up with: no line, no thread, no connection for each of
    // the seconds that were slept through.
    assert_eq!(app.said(), said);
    let after = Held::by(&app);
    assert!(after.threads <= held.threads + 2, "{held:?} {after:?}");
    assert!(
        after.descriptors <= held.descriptors + 8,
        "{held:?} {after:?}"
    );
}
