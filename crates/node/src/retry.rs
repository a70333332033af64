//! A broker that is started again by itself, where what kept it from serving may
//! be over without anybody's doing.

use std::time::Duration;

use jiff::Timestamp;
use moustique_monitor::{BrokerState, Source};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::node::Node;

/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait; each is twice the one before.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A broker that has run for as long is sound, and what comes later is another
/// matter.
const SOUND: Duration = Duration::from_secs(60);

/// Whether waiting may help: an address may come back with its network, and a
/// fault may have been one of the moment. All other problems wait for the user.
fn may_heal(code: &str) -> bool {
    matches!(code, "address_missing" | "broker_ended")
}

impl Node {
    /// Starts the broker again, after longer and longer waits, whenever it has
    /// failed for a reason that may be over by itself. The state tells when. Never
    /// ends; a start or a stop in between has its way.
    pub async fn start_again(&self) {
        let mut source = self.source();
        let mut waits = Waits::default();
        while let Some(wait) = next_failure(&mut source, &mut waits).await {
            self.announce_retry(wait);
            let other = source.wait_for(|source| !is_failed(source));
            let is_due = timeout(wait, other).await.is_err();
            if is_due {
                // How it went is the state.
                let _ = self.start().await;
            }
        }
    }

    fn announce_retry(&self, wait: Duration) {
        let at = Timestamp::now() + wait;
        tracing::info!("trying again in {} s", wait.as_secs());
        self.inner.source.send_if_modified(|source| {
            let waits = is_failed(source);
            if waits {
                source.status.retries_at = Some(at.as_millisecond());
            }
            waits
        });
    }
}

/// Waits for a failure that may heal, and says how long to wait then. `None` when
/// the node is gone.
async fn next_failure(source: &mut watch::Receiver<Source>, waits: &mut Waits) -> Option<Duration> {
    loop {
        let (state, heals) = {
            let source = source.borrow_and_update();
            let problem = source.status.problem.as_ref();
            let heals = problem.is_some_and(|problem| may_heal(&problem.code));
            (source.status.state, heals)
        };
        match state {
            BrokerState::Running => waits.run(),
            BrokerState::Failed if heals => return Some(waits.next()),
            _ => {}
        }
        source.changed().await.ok()?;
    }
}

fn is_failed(source: &Source) -> bool {
    source.status.state == BrokerState::Failed
}

/// How long to wait before each attempt.
#[derive(Debug, Default)]
struct Waits {
    last: Option<Duration>,
    running_since: Option<Instant>,
}

impl Waits {
    /// The broker runs.
    fn run(&mut self) {
        self.running_since.get_or_insert_with(Instant::now);
    }

    /// The broker has failed: how long to wait.
    fn next(&mut self) -> Duration {
        let ran = self.running_since.take().map(|since| since.elapsed());
        if ran.is_some_and(|ran| ran >= SOUND) {
            self.last = None;
        }
        let next = self
            .last
            .map_or(FIRST_WAIT, |last| (last * 2).min(LONGEST_WAIT));
        self.last = Some(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::ConfigSource;
    use crate::paths::Paths;
    use std::fs;
    use tempfile::TempDir;
    use tokio::time;

    /// An address that no machine has (RFC 5737).
    const GONE: &str = "server:\n  host: 192.0.2.1\n  port: 0\n  announce: false\n";
    const THERE: &str = "server:\n  host: 127.0.0.1\n  port: 0\n  announce: false\n";

    fn desk(config: &str) -> (TempDir, Node) {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_folder(folder.path());
        fs::write(&paths.config, config).unwrap();
        let node = Node::new(ConfigSource {
            paths,
            required: true,
            log: None,
        });
        (folder, node)
    }

    #[tokio::test(start_paused = true)]
    async fn waits_are_longer_and_longer_until_the_broker_has_run_for_a_while() {
        let mut waits = Waits::default();
        let seconds: Vec<_> = (0..8).map(|_| waits.next().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        waits.run();
        time::advance(SOUND - Duration::from_secs(1)).await;
        assert_eq!(waits.next(), LONGEST_WAIT, "it has not run for long");
        waits.run();
        time::advance(SOUND).await;
        assert_eq!(waits.next(), FIRST_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_broker_comes_back_with_its_address() {
        let (folder, node) = desk(GONE);
        let mut source = node.source();
        let retrying = node.clone();
        tokio::spawn(async move { retrying.start_again().await });
        assert_eq!(node.start().await.unwrap_err().code, "address_missing");
        let told = source.wait_for(|source| source.status.retries_at.is_some());
        let at = told.await.unwrap().status.retries_at.unwrap();
        let wait = at - Timestamp::now().as_millisecond();
        assert!((-10_000..=1_000).contains(&wait), "{wait} ms from now");
        // Several attempts later the network is back.
        time::sleep(Duration::from_secs(20)).await;
        assert_ne!(source.borrow().status.state, BrokerState::Running);
        fs::write(folder.path().join("config.yaml"), THERE).unwrap();
        let running = source.wait_for(|source| source.status.state == BrokerState::Running);
        running.await.unwrap();
        node.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_needs_the_user_is_not_tried_again() {
        let (folder, node) = desk("server:\n  port: none\n");
        let retrying = node.clone();
        tokio::spawn(async move { retrying.start_again().await });
        assert_eq!(node.start().await.unwrap_err().code, "configuration");
        fs::write(folder.path().join("config.yaml"), THERE).unwrap();
        time::sleep(LONGEST_WAIT * 10).await;
        let status = node.source().borrow().status.clone();
        assert_eq!(
            (status.state, status.retries_at),
            (BrokerState::Failed, None)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_attempts() {
        let (folder, node) = desk(GONE);
        let retrying = node.clone();
        tokio::spawn(async move { retrying.start_again().await });
        assert!(node.start().await.is_err());
        time::sleep(Duration::from_secs(5)).await;
        node.stop().await;
        fs::write(folder.path().join("config.yaml"), THERE).unwrap();
        time::sleep(LONGEST_WAIT * 10).await;
        assert_eq!(node.source().borrow().status.state, BrokerState::Stopped);
    }
}
