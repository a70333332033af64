//! What the application costs while nobody looks at it. It takes minutes, so
//! `npm run test:long` runs it.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use moustique_tests::figure;

use crate::support::{App, Desk, LONG, SHORT, children, until};

/// Most memory without a window, MiB.
const MEMORY: f64 = 60.0;

/// What twenty windows may leave behind, MiB.
const LEFT_BEHIND: f64 = 10.0;

/// Most of a processor without a window, as a share of one.
const PROCESSOR: f64 = 0.002;

/// How long the processor is watched.
const MINUTE: Duration = Duration::from_secs(60);

/// How long what was begun may take to come to an end.
const SETTLING: Duration = Duration::from_secs(5);

/// Parts of a second in which the system counts the time of a processor.
const TICKS: f64 = 100.0;

/// The application and everything that it started.
fn processes(app: &App) -> Vec<u32> {
    let mut all = vec![app.id()];
    let mut seen = 0;
    while let Some(id) = all.get(seen) {
        all.extend(children(*id));
        seen += 1;
    }
    all
}

/// The memory of all of it, what is shared counted by its share, MiB.
fn memory(app: &App) -> f64 {
    let kib: f64 = processes(app)
        .iter()
        .filter_map(|id| fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok())
        .filter_map(|text| {
            let line = text.lines().find(|line| line.starts_with("Pss:"))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        })
        .sum();
    kib / 1024.0
}

/// The time of a processor that all of it has taken, seconds.
fn processor(app: &App) -> f64 {
    let ticks: f64 = processes(app)
        .iter()
        .filter_map(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok())
        .filter_map(|text| {
            // The name before it may have spaces.
            let (_, fields) = text.rsplit_once(") ")?;
            let mut times = fields
                .split(' ')
                .skip(11)
                .map_while(|field| field.parse().ok());
            let (user, system): (f64, f64) = (times.next()?, times.next()?);
            Some(user + system)
        })
        .sum();
    ticks / TICKS
}

#[test]
fn nobody_pays_for_a_window_that_is_closed() {
    let desk = Desk::new();
    let app = desk.serve();
    let item = desk.tray().item();
    item.wait_for("Running");
    sleep(SETTLING);
    let never = memory(&app);
    figure(&format!(
        "memory, never a window: {never:.1} MiB (at most {MEMORY})"
    ));

    let open_and_close = || {
        item.activate();
        let window = desk.wait_for_window();
        let shown = memory(&app);
        desk.display().close(window);
        desk.wait_for_no_window();
        until(SHORT, "the page is gone", || {
            (!app.has_page()).then_some(())
        });
        shown
    };
    let shown = open_and_close();
    sleep(SETTLING);
    let once = memory(&app);
    for _ in 0..20 {
        open_and_close();
    }
    sleep(SETTLING);
    let often = memory(&app);
    figure(&format!(
        "memory, a window {shown:.1} MiB, closed once {once:.1}, closed 20 times more {often:.1} \
         (at most {LEFT_BEHIND} more)"
    ));
    assert!(never <= MEMORY, "{never} MiB");
    assert!(often - once <= LEFT_BEHIND, "{once} MiB, then {often} MiB");
}

#[test]
fn nobody_pays_for_a_broker_that_has_nothing_to_do() {
    let desk = Desk::new();
    let app = desk.serve();
    desk.tray().item().wait_for("Running");
    sleep(SETTLING);
    let before = processor(&app);

    sleep(MINUTE);

    let share = (processor(&app) - before) / MINUTE.as_secs_f64();
    let percent = 100.0 * share;
    figure(&format!(
        "processor, idle without a window: {percent:.2} % of one (at most {})",
        100.0 * PROCESSOR
    ));
    assert!(share <= PROCESSOR, "{percent} %");
}

#[test]
fn the_port_is_open_at_once() {
    /// How often it is started; the time in the middle counts.
    const LAUNCHES: usize = 9;

    let desk = Desk::new();
    let mut times: Vec<_> = (0..LAUNCHES)
        .map(|_| {
            let begun = Instant::now();
            let mut app = desk.launch(&["--hidden"]);
            while !desk.is_open() {
                assert!(begun.elapsed() < LONG, "{}", app.said());
                sleep(Duration::from_millis(1));
            }
            let time = begun.elapsed();
            app.signal("TERM");
            assert_eq!(app.wait(LONG).code(), Some(0));
            time
        })
        .collect();
    times.sort();
    let (median, longest) = (times[LAUNCHES / 2], times[LAUNCHES - 1]);
    figure(&format!(
        "from the launch to the open port: {median:.0?}, at most {longest:.0?} (300 ms)"
    ));
}
