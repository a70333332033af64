//! What the tray shows, as plain data made from the state of the broker.

use moustique_monitor::{BrokerState, BrokerStatus};

use crate::text::shown;

/// Most characters of the status line: a menu is as wide as its longest line.
const MAX_STATUS_CHARACTERS: usize = 80;

/// All that changes in the tray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Menu {
    pub(crate) icon: Icon,
    /// How the broker is, in one line.
    pub(crate) status: String,
    /// Where devices reach it; a click copies it.
    pub(crate) address: String,
    pub(crate) can_copy: bool,
    pub(crate) can_start: bool,
    pub(crate) can_stop: bool,
    pub(crate) can_open_in_browser: bool,
    /// The topics that were published to last, one line each, the newest first;
    /// at most [`super::recent::MAX_LINES`].
    pub(crate) recent: Vec<String>,
    pub(crate) is_paused: bool,
    pub(crate) starts_at_login: bool,
    /// The line that quits, with what that would end.
    pub(crate) quit: String,
}

/// The icon, by the shape it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Running,
    Stopped,
    Draining,
    Error,
}

/// How busy the broker is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Activity {
    pub(crate) clients: usize,
    pub(crate) messages_per_second: f64,
    pub(crate) recent: Vec<String>,
}

/// What is not the broker's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// Whether the address was copied a moment ago.
    pub(crate) was_copied: bool,
    pub(crate) starts_at_login: bool,
    /// Whether there are no notifications for the time being.
    pub(crate) is_paused: bool,
}

impl Menu {
    /// The menu for a state of the broker and what is around it.
    pub(crate) fn of(
        status: &BrokerStatus,
        activity: Activity,
        surroundings: Surroundings,
    ) -> Self {
        let state = status.state;
        let is_running = state == BrokerState::Running;
        let address = status.addresses.first().filter(|_| is_running);
        Self {
            icon: match state {
                BrokerState::Running => Icon::Running,
                BrokerState::Stopped | BrokerState::Starting => Icon::Stopped,
                BrokerState::Draining => Icon::Draining,
                BrokerState::Failed => Icon::Error,
            },
            status: status_line(status, &activity),
            address: match address {
                Some(address) if surroundings.was_copied => format!("Copied {address}"),
                Some(address) => address.clone(),
                None => "No address while it does not run".to_owned(),
            },
            can_copy: address.is_some(),
            can_start: matches!(state, BrokerState::Stopped | BrokerState::Failed),
            can_stop: is_running,
            can_open_in_browser: is_running,
            is_paused: surroundings.is_paused,
            starts_at_login: surroundings.starts_at_login,
            quit: match activity.clients {
                0 => "Quit".to_owned(),
                1 => "Quit (1 client is served)".to_owned(),
                clients => format!("Quit ({clients} clients are served)"),
            },
            recent: activity.recent,
        }
    }
}

fn status_line(status: &BrokerStatus, activity: &Activity) -> String {
    match status.state {
        BrokerState::Running => format!(
            "Running: {} {}, {:.0} msg/s",
            activity.clients,
            if activity.clients == 1 {
                "client"
            } else {
                "clients"
            },
            activity.messages_per_second,
        ),
        BrokerState::Stopped => "Stopped".to_owned(),
        BrokerState::Starting => "Starting…".to_owned(),
        BrokerState::Draining => "Stopping…".to_owned(),
        BrokerState::Failed => shown(
            status
                .problem
                .as_ref()
                .map_or("Failed", |problem| &problem.what),
            MAX_STATUS_CHARACTERS,
        ),
    }
}

#[cfg(test)]
mod tests {
    use moustique_monitor::Problem;

    use super::*;

    const ADDRESS: &str = "http://192.168.1.20:33334";

    fn status(state: BrokerState) -> BrokerStatus {
        BrokerStatus {
            state,
            addresses: match state {
                BrokerState::Running | BrokerState::Draining => {
                    vec![ADDRESS.to_owned(), "http://10.0.0.2:33334".to_owned()]
                }
                _ => Vec::new(),
            },
            tls: None,
            problem: (state == BrokerState::Failed).then(|| Problem {
                code: "port_taken".to_owned(),
                what: "Port 33334 is in use by another program.".to_owned(),
                remedy: "Stop that program.".to_owned(),
            }),
            retries_at: None,
            configuration: None,
            version: "1.0.0".to_owned(),
        }
    }

    fn menu(status: &BrokerStatus, activity: Activity) -> Menu {
        Menu::of(status, activity, Surroundings::default())
    }

    #[test]
    fn what_is_around_the_broker_is_shown() {
        let running = status(BrokerState::Running);
        let around = |surroundings| Menu::of(&running, Activity::default(), surroundings);
        let nothing = Surroundings::default;
        let copied = around(Surroundings {
            was_copied: true,
            ..nothing()
        });
        assert_eq!(copied.address, format!("Copied {ADDRESS}"));
        assert!(!copied.starts_at_login && !copied.is_paused);
        let at_login = around(Surroundings {
            starts_at_login: true,
            ..nothing()
        });
        assert_eq!(at_login.address, ADDRESS);
        assert!(at_login.starts_at_login && !at_login.is_paused);
        let paused = around(Surroundings {
            is_paused: true,
            ..nothing()
        });
        assert!(!paused.starts_at_login && paused.is_paused);
    }

    #[test]
    fn what_was_published_last_is_shown() {
        let recent = vec![
            "/a: 1 (just now)".to_owned(),
            "/b: 2 (1 min ago)".to_owned(),
        ];
        let activity = Activity {
            recent: recent.clone(),
            ..Activity::default()
        };
        assert_eq!(menu(&status(BrokerState::Running), activity).recent, recent);
    }

    #[test]
    fn every_state_has_its_icon_its_line_and_its_orders() {
        use BrokerState::*;
        // State, icon, line, can start, can stop, can open in the browser.
        let table = [
            (Stopped, Icon::Stopped, "Stopped", true, false, false),
            (Starting, Icon::Stopped, "Starting…", false, false, false),
            (
                Running,
                Icon::Running,
                "Running: 0 clients, 0 msg/s",
                false,
                true,
                true,
            ),
            (Draining, Icon::Draining, "Stopping…", false, false, false),
            (
                Failed,
                Icon::Error,
                "Port 33334 is in use by another program.",
                true,
                false,
                false,
            ),
        ];
        for (state, icon, line, can_start, can_stop, can_open_in_browser) in table {
            let menu = menu(&status(state), Activity::default());

            assert_eq!(menu.icon, icon, "{state:?}");
            assert_eq!(menu.status, line, "{state:?}");
            assert_eq!(menu.can_start, can_start, "{state:?}");
            assert_eq!(menu.can_stop, can_stop, "{state:?}");
            assert_eq!(menu.can_open_in_browser, can_open_in_browser, "{state:?}");
        }
    }

    #[test]
    fn the_lines_count_in_good_grammar() {
        let table = [
            (0, 0.0, "Running: 0 clients, 0 msg/s", "Quit"),
            (
                1,
                0.4,
                "Running: 1 client, 0 msg/s",
                "Quit (1 client is served)",
            ),
            (
                3,
                12.3,
                "Running: 3 clients, 12 msg/s",
                "Quit (3 clients are served)",
            ),
            (
                200,
                9_999.6,
                "Running: 200 clients, 10000 msg/s",
                "Quit (200 clients are served)",
            ),
        ];
        for (clients, messages_per_second, line, quit) in table {
            let activity = Activity {
                clients,
                messages_per_second,
                ..Activity::default()
            };
            let menu = menu(&status(BrokerState::Running), activity);

            assert_eq!(menu.status, line);
            assert_eq!(menu.quit, quit);
        }
    }

    #[test]
    fn the_best_address_is_shown_while_running_alone() {
        use BrokerState::*;
        for state in [Stopped, Starting, Running, Draining, Failed] {
            let menu = menu(&status(state), Activity::default());

            assert_eq!(menu.address == ADDRESS, state == Running, "{state:?}");
            assert_eq!(menu.can_copy, state == Running, "{state:?}");
        }
    }

    #[test]
    fn a_long_problem_is_cut_between_characters() {
        let mut failed = status(BrokerState::Failed);
        if let Some(problem) = &mut failed.problem {
            problem.what = "é".repeat(MAX_STATUS_CHARACTERS + 1);
        }

        let line = menu(&failed, Activity::default()).status;

        assert_eq!(line.chars().count(), MAX_STATUS_CHARACTERS);
        assert!(line.ends_with("é…"), "{line}");
    }

    #[test]
    fn a_failure_without_a_problem_is_still_told() {
        let mut failed = status(BrokerState::Failed);
        failed.problem = None;

        assert_eq!(menu(&failed, Activity::default()).status, "Failed");
    }
}
