//! What a notification says.

use moustique_monitor::Problem;

use super::Notification;
use super::limiter::{Held, KEPT, Several};
use crate::alerts::Alert;
use crate::text::shown;

/// Most characters of a title.
const MAX_TITLE: usize = 80;

/// Most characters of a name among others.
const MAX_NAME: usize = 40;

/// Most characters of what one alert or failure says.
const MAX_TEXT: usize = 200;

/// One notification of all that was held back.
pub(super) fn notification(held: Held) -> Notification {
    let mut parts: Vec<Part> = Vec::new();
    parts.extend(held.failure.map(|problem| failure(&problem)));
    if held.crashed {
        parts.push(crashed());
    }
    parts.extend(alerts(&held.alerts));
    parts.extend(devices(&held.devices));
    if held.stays_in_tray {
        parts.push(stays_in_tray());
    }
    let (title, body) = match <[Part; 1]>::try_from(parts) {
        Ok([Part { title, body, .. }]) => (title, body),
        Err(parts) => {
            let lines: Vec<_> = parts.into_iter().map(|part| part.line).collect();
            ("Moustique".to_owned(), lines.join("\n"))
        }
    };
    Notification {
        title,
        body,
        tells_of_tray: held.stays_in_tray,
    }
}

/// News of one kind: alone, or as a line among others.
struct Part {
    title: String,
    body: String,
    line: String,
}

fn failure(problem: &Problem) -> Part {
    let what = shown(&problem.what, MAX_TEXT);
    let remedy = shown(&problem.remedy, MAX_TEXT);
    Part {
        title: "The broker cannot serve".to_owned(),
        line: format!("The broker cannot serve: {what}"),
        body: format!("{what} {remedy}"),
    }
}

fn crashed() -> Part {
    let title = "Moustique ended without being told to";
    Part {
        title: title.to_owned(),
        line: format!("{title}."),
        body: "It is there again; what was acknowledged is stored. The window says more."
            .to_owned(),
    }
}

fn devices(devices: &Several<String>) -> Option<Part> {
    let names = devices.first.iter().map(|name| shown(name, MAX_NAME));
    let names: Vec<_> = names.collect();
    let names = match devices.count.saturating_sub(KEPT) {
        0 => names.join(", "),
        1 => format!("{} and 1 other", names.join(", ")),
        others => format!("{} and {others} others", names.join(", ")),
    };
    let title = match devices.count {
        0 => return None,
        1 => "New device".to_owned(),
        count => format!("{count} new devices"),
    };
    Some(Part {
        line: format!("{title}: {names}"),
        title,
        body: names,
    })
}

fn alerts(alerts: &Several<Alert>) -> Option<Part> {
    let said = |alert: &Alert| {
        let rule = shown(&alert.rule, MAX_NAME);
        format!("{rule}: {}", shown(&alert.text, MAX_TEXT))
    };
    if alerts.count <= 1 {
        let alert = alerts.first.first()?;
        return Some(Part {
            title: shown(&alert.rule, MAX_TITLE),
            body: shown(&alert.text, MAX_TEXT),
            line: said(alert),
        });
    }
    let mut lines: Vec<_> = alerts.first.iter().map(said).collect();
    match alerts.count.saturating_sub(KEPT) {
        0 => {}
        1 => lines.push("and 1 other".to_owned()),
        others => lines.push(format!("and {others} others")),
    }
    let lines = lines.join("\n");
    Some(Part {
        title: format!("{} alerts", alerts.count),
        line: lines.clone(),
        body: lines,
    })
}

fn stays_in_tray() -> Part {
    let body = "The window is closed, and the broker goes on. Quit it by its icon in the tray.";
    Part {
        title: "Moustique goes on in the tray".to_owned(),
        body: body.to_owned(),
        line: body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn several<T>(first: Vec<T>, count: usize) -> Several<T> {
        Several { first, count }
    }

    fn alert(rule: &str, text: &str) -> Alert {
        Alert {
            rule: rule.into(),
            text: text.into(),
        }
    }

    fn problem() -> Problem {
        Problem {
            code: "port_taken".into(),
            what: "Port 33334 is in use by 'other'.".into(),
            remedy: "Stop that program.".into(),
        }
    }

    fn names(names: &[&str], count: usize) -> Several<String> {
        several(names.iter().map(ToString::to_string).collect(), count)
    }

    #[test]
    fn news_of_one_kind_has_its_own_words() {
        let nothing = Held::default;
        let table = [
            (
                Held {
                    failure: Some(problem()),
                    ..nothing()
                },
                "The broker cannot serve",
                "Port 33334 is in use by 'other'. Stop that program.",
            ),
            (
                Held {
                    crashed: true,
                    ..nothing()
                },
                "Moustique ended without being told to",
                "It is there again; what was acknowledged is stored. The window says more.",
            ),
            (
                Held {
                    devices: names(&["lamp"], 1),
                    ..nothing()
                },
                "New device",
                "lamp",
            ),
            (
                Held {
                    devices: names(&["a", "b", "c"], 3),
                    ..nothing()
                },
                "3 new devices",
                "a, b, c",
            ),
            (
                Held {
                    devices: names(&["a", "b", "c"], 4),
                    ..nothing()
                },
                "4 new devices",
                "a, b, c and 1 other",
            ),
            (
                Held {
                    devices: names(&["a", "b", "c"], 10_000),
                    ..nothing()
                },
                "10000 new devices",
                "a, b, c and 9997 others",
            ),
            (
                Held {
                    alerts: several(vec![alert("hot", "31 °C")], 1),
                    ..nothing()
                },
                "hot",
                "31 °C",
            ),
            (
                Held {
                    alerts: several(vec![alert("hot", "31"), alert("door", "open")], 2),
                    ..nothing()
                },
                "2 alerts",
                "hot: 31\ndoor: open",
            ),
            (
                Held {
                    alerts: several(vec![alert("hot", "31")], 5),
                    ..nothing()
                },
                "5 alerts",
                "hot: 31\nand 2 others",
            ),
            (
                Held {
                    stays_in_tray: true,
                    ..nothing()
                },
                "Moustique goes on in the tray",
                "The window is closed, and the broker goes on. Quit it by its icon in the tray.",
            ),
        ];
        for (held, title, body) in table {
            let tells_of_tray = held.stays_in_tray;
            let shown = notification(held);
            assert_eq!((shown.title.as_str(), shown.body.as_str()), (title, body));
            assert_eq!(shown.tells_of_tray, tells_of_tray);
        }
    }

    #[test]
    fn news_of_several_kinds_is_one_line_each_with_the_worst_first() {
        let shown = notification(Held {
            failure: Some(problem()),
            crashed: false,
            devices: names(&["a", "b"], 2),
            alerts: several(vec![alert("hot", "31")], 1),
            stays_in_tray: true,
        });

        assert_eq!(shown.title, "Moustique");
        let lines: Vec<_> = shown.body.lines().collect();
        assert_eq!(
            lines,
            [
                "The broker cannot serve: Port 33334 is in use by 'other'.",
                "hot: 31",
                "2 new devices: a, b",
                "The window is closed, and the broker goes on. Quit it by its icon in the tray.",
            ]
        );
        assert!(shown.tells_of_tray);
    }

    #[test]
    fn what_comes_from_outside_is_short_and_does_nothing() {
        let hostile = format!("\u{1b}[31m\u{202e}evil\n{}", "é".repeat(100_000));
        let shown = notification(Held {
            failure: Some(Problem {
                what: hostile.clone(),
                remedy: hostile.clone(),
                ..problem()
            }),
            crashed: false,
            devices: several(vec![hostile.clone(); 3], 3),
            alerts: several(vec![alert(&hostile, &hostile); 3], 3),
            stays_in_tray: false,
        });

        assert_eq!(shown.body.lines().count(), 5, "{}", shown.body);
        assert!(shown.body.chars().count() < 1_200);
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.body.contains(acts), "{:?}", shown.body);
        assert!(shown.body.contains("\\u{1b}[31m\\u{202e}evil"));
        let alone = notification(Held {
            alerts: several(vec![alert(&hostile, &hostile)], 1),
            ..Held::default()
        });
        assert!(alone.title.chars().count() <= MAX_TITLE);
        assert!(!alone.title.contains(char::is_control));
    }
}
