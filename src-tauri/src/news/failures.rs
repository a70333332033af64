//! That the broker cannot serve, or that the application itself has failed.

use std::time::Duration;

use moustique_monitor::{BrokerState, BrokerStatus, Problem};
use tauri::{AppHandle, Manager, Runtime};
use tokio::time::Instant;

use crate::crash;
use crate::notifications::{News, Notifier};
use crate::orders;
use crate::preferences::Chosen;

/// How long the broker serves before a problem that it had is over. One that
/// fails again before that is still the same.
const STEADY: Duration = Duration::from_secs(60);

/// Tells of failures.
pub(super) async fn watch<R: Runtime>(app: AppHandle<R>) {
    let mut source = orders::node(&app).source();
    let mut failures = Failures::default();
    if crash::untold(&app).is_some() {
        tell(&app, News::Crashed);
    }
    loop {
        let status = source.borrow_and_update().status.clone();
        if let Some(problem) = failures.note(&status, Instant::now()) {
            tell(&app, News::Failed(problem));
        }
        if source.changed().await.is_err() {
            return;
        }
    }
}

fn tell<R: Runtime>(app: &AppHandle<R>, news: News) {
    let is_wanted = app
        .state::<Chosen>()
        .held()
        .preferences()
        .notifications
        .failures;
    if is_wanted {
        app.state::<Notifier>().tell(news);
    }
}

/// What was told.
#[derive(Debug, Default)]
struct Failures {
    told: Option<Problem>,
    serves_since: Option<Instant>,
}

impl Failures {
    /// Takes a state of the broker. The problem, when it is news.
    fn note(&mut self, status: &BrokerStatus, now: Instant) -> Option<Problem> {
        if status.state == BrokerState::Running {
            self.serves_since.get_or_insert(now);
            return None;
        }
        let served = self.serves_since.take();
        if served.is_some_and(|since| now.duration_since(since) >= STEADY) {
            self.told = None;
        }
        if status.state != BrokerState::Failed {
            return None;
        }
        let problem = status.problem.clone()?;
        if self.told.as_ref() == Some(&problem) {
            return None;
        }
        self.told = Some(problem.clone());
        Some(problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: BrokerState, problem: Option<&str>) -> BrokerStatus {
        BrokerStatus {
            state,
            addresses: Vec::new(),
            tls: None,
            problem: problem.map(|what| Problem {
                code: "code".into(),
                what: what.into(),
                remedy: "remedy".into(),
            }),
            retries_at: None,
            configuration: None,
            version: "1.0.0".into(),
        }
    }

    #[test]
    fn a_problem_is_told_once_until_the_broker_has_served_for_a_while() {
        use BrokerState::*;
        // Seconds, state, problem, whether it is told.
        let table = [
            (0, Starting, None, false),
            (1, Failed, Some("port"), true),
            (1, Starting, None, false),
            (2, Failed, Some("port"), false),
            (4, Starting, None, false),
            (5, Failed, Some("disk"), true),
            (6, Starting, None, false),
            (7, Failed, Some("port"), true),
            (8, Running, None, false),
            // It ends by the same fault again and again.
            (9, Failed, Some("port"), false),
            (10, Running, None, false),
            // Running with something to say is running still.
            (12, Running, Some("repaired"), false),
            (71, Failed, Some("port"), true),
            (72, Stopped, None, false),
        ];
        let begun = Instant::now();
        let mut failures = Failures::default();
        for (seconds, state, problem, is_told) in table {
            let now = begun + Duration::from_secs(seconds);
            let told = failures.note(&status(state, problem), now);
            let expected = problem.filter(|_| is_told).map(str::to_owned);
            assert_eq!(told.map(|told| told.what), expected, "{seconds} s");
        }
    }
}
