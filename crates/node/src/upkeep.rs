//! What is done beside the serving, for as long as the broker runs.

use std::sync::Arc;
use std::time::Duration;

use moustique_http::ReloadOrder;
use tokio::sync::mpsc;
use tokio::task;
use tokio::time::{self, Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::presence::{self, Announced, Listening};
use crate::run::{Inner, Running, folder_of};
use crate::{certificate, self_signed};

/// How often the end of the certificate is looked at.
const CERTIFICATE_LOOKS: Duration = Duration::from_secs(24 * 60 * 60);

/// Carries out what the monitor asks for, one order after another, and looks
/// after the certificate and the network, until the broker stops. In a task of
/// its own: whoever asked may go away meanwhile.
pub(crate) async fn run(
    node: Arc<Inner>,
    mut orders: mpsc::Receiver<ReloadOrder>,
    listening: Listening,
    stop: CancellationToken,
) {
    let every = |length| {
        let mut looks = time::interval_at(Instant::now() + length, length);
        // After a sleep of the machine there is nothing to catch up with.
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks
    };
    let mut certificate_looks = every(CERTIFICATE_LOOKS);
    let mut network_looks = every(presence::LOOKS);
    network_looks.reset_immediately();
    let mut announced = Announced::No;
    loop {
        // Whoever stops the broker holds the lock that some of it waits for, and
        // waits for the end of it. What has the lock is not cut by a stop, which
        // waits for the lock first; only the end by a fault may cut it.
        let work = async {
            tokio::select! {
                Some(reply) = orders.recv() => {
                    // An error would say that nobody waits any more.
                    let _ = reply.send(node.reload().await);
                    None
                }
                _ = certificate_looks.tick() => {
                    node.look_after_certificate().await;
                    None
                }
                _ = network_looks.tick() => {
                    listening.tell(&node.source);
                    Some(node.is_to_be_found().await)
                }
            }
        };
        match stop.run_until_cancelled(work).await {
            Some(Some(is_wanted)) => announced = listening.announce(announced, is_wanted).await,
            Some(None) => {}
            None => break,
        }
    }
    listening.announce(announced, false).await;
}

impl Inner {
    /// Whether the configuration wants others to find the broker.
    async fn is_to_be_found(&self) -> bool {
        let running = self.running.lock().await;
        let held = running.as_ref().map(|running| &running.held);
        held.is_some_and(|held| held.config.server.announce)
    }

    /// Makes a certificate of our own anew before it ends, and warns of the end
    /// of another.
    async fn look_after_certificate(&self) {
        let mut running = self.running.lock().await;
        let Some(running) = running.as_mut() else {
            return;
        };
        let is_ours = |tls: &crate::config::Tls| tls.files.is_none();
        if running.held.config.server.tls.as_ref().is_some_and(is_ours) {
            self.renew_certificate(running).await;
        }
        if let Some(certificate) = &running.held.certificate {
            certificate::warn(certificate);
        }
    }

    async fn renew_certificate(&self, running: &mut Running) {
        let folder = folder_of(&self.database(&running.config));
        let kept = match task::spawn_blocking(move || self_signed::kept(&folder)).await {
            Ok(Ok(kept)) => kept,
            Ok(Err(error)) => {
                tracing::error!("the certificate cannot be made anew: {error}");
                return;
            }
            Err(error) => {
                tracing::error!(%error, "looking after the certificate failed");
                return;
            }
        };
        let held = running.held.certificate.replace(kept.facts.clone());
        if held.as_ref() != Some(&kept.facts) {
            running.app.change_certificate(kept.config);
            self.tell_certificate(kept.facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::ConfigSource;
    use crate::node::Node;
    use crate::paths::Paths;
    use moustique_monitor::Source;
    use std::fs;
    use std::path::Path;
    use tokio::net::TcpStream;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::crypto::ring::default_provider;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    fn fingerprint(source: &Source) -> &str {
        &source.status.tls.as_ref().unwrap().certificate.fingerprint
    }

    /// Whether the port answers to somebody who trusts what is in the file alone.
    async fn is_served(source: &Source, file: &Path) -> bool {
        let certificate = CertificateDer::from_pem_file(file).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = source.status.tls.as_ref().unwrap();
        let address = tls.addresses[0].strip_prefix("https://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream);
        connected.await.is_ok()
    }

    #[tokio::test]
    async fn a_certificate_of_our_own_is_made_anew_while_the_broker_runs() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_folder(folder.path());
        let text = "server:\n  host: 127.0.0.1\n  port: 0\n  tls:\n    port: 0\n";
        fs::write(&paths.config, text).unwrap();
        let node = Node::new(ConfigSource {
            paths,
            required: true,
            log: None,
        });
        node.start().await.unwrap();
        let mut source = node.source();
        let first = fingerprint(&source.borrow()).to_owned();
        let (kept, old) = (folder.path().join("tls.pem"), folder.path().join("old.pem"));
        fs::copy(&kept, &old).unwrap();
        // One that is good for three weeks, as it would be years from now.
        fs::write(&kept, self_signed::tests::good_for(20)).unwrap();
        time::pause();
        time::advance(CERTIFICATE_LOOKS - Duration::from_secs(1)).await;
        assert_eq!(fingerprint(&source.borrow()), first);
        time::advance(Duration::from_secs(2)).await;
        let changed = source.wait_for(|source| fingerprint(source) != first);
        let changed = changed.await.unwrap().clone();
        time::resume();
        assert!(is_served(&changed, &kept).await);
        assert!(!is_served(&changed, &old).await);
        let days = |ends_at: i64| {
            let end = jiff::Timestamp::from_millisecond(ends_at).unwrap();
            end.duration_since(jiff::Timestamp::now()).as_hours() / 24
        };
        let ends_at = changed.status.tls.unwrap().certificate.ends_at;
        assert!(days(ends_at) > 800, "{}", days(ends_at));
        node.stop().await;
    }
}
