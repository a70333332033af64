//! A broker of one's own, that can go away and come back.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use moustique_client::Client;
use moustique_node::{ConfigSource, Node, Paths};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time;

/// The longest that anything may take on a busy machine; less than the wait
/// of a patient pickup.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A broker with its folder and its port.
pub(crate) struct Home {
    node: Node,
    folder: TempDir,
    port: u16,
}

impl Home {
    /// Starts a broker on any free port.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = start(folder.path(), 0).await;
        let url = node.local_url().unwrap();
        let (_, port) = url.trim_end_matches('/').rsplit_once(':').unwrap();
        Self {
            port: port.parse().unwrap(),
            node,
            folder,
        }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A client of it.
    pub(crate) fn client(&self, name: &str) -> Client {
        Client::new(&self.url(), name).unwrap()
    }

    /// Stops it; its port is closed then.
    pub(crate) async fn stop(&self) {
        self.node.stop().await;
    }

    /// Gives it a fresh folder for its next start.
    pub(crate) fn forget_everything(&mut self) {
        self.folder = tempfile::tempdir().unwrap();
    }

    /// Starts it on the port that it had.
    pub(crate) async fn start_again(&mut self) {
        self.node = start(self.folder.path(), self.port).await;
    }

    /// Returns when somebody has connected to the port of the broker, which
    /// is away.
    pub(crate) async fn wait_for_an_attempt(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let attempt = time::timeout(PATIENCE, listener.accept());
        attempt.await.unwrap().unwrap();
    }

    /// Returns when the broker knows the client with exactly these filters.
    pub(crate) async fn wait_for_filters(&self, client: &str, filters: &[&str]) {
        let begun = Instant::now();
        loop {
            let broker = self.node.source().borrow().broker.clone().unwrap();
            let known = broker.clients(usize::MAX).rows;
            let known = known.iter().find(|known| known.name.as_str() == client);
            if let Some(known) = known
                && filters.len() == known.filters.len()
                && filters
                    .iter()
                    .all(|filter| known.filters.iter().any(|known| known.as_str() == *filter))
            {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{known:?}");
            tokio::task::yield_now().await;
        }
    }
}

async fn start(folder: &Path, port: u16) -> Node {
    let paths = Paths::in_folder(folder);
    let config = format!("server:\n  host: 127.0.0.1\n  port: {port}\n");
    fs::write(&paths.config, config).unwrap();
    let node = Node::new(ConfigSource {
        paths,
        required: true,
        log: None,
    });
    node.start().await.unwrap();
    node
}
