//! What of a configuration holds for a broker that runs, and what waits for the
//! next start.

use std::path::Path;

use moustique_broker::Options;
use moustique_core::{Limits, Retention};
use moustique_http::{PeerRules, Settings, SiteRules};
use moustique_monitor::{Certificate, Problem};
use moustique_protocol::RequestLimits;

use crate::addresses;
use crate::config::Config;
use crate::{password_file, problem, tls};

/// What can be changed while the broker runs.
pub(crate) struct Rules {
    /// What holds for connections and requests.
    pub(crate) settings: Settings,
    /// What holds in the broker.
    pub(crate) options: Options,
    /// What stays in the log. Other filters wait for the next start, which
    /// numbers the log by them.
    pub(crate) retention: Retention,
    /// What is told of the certificate of the port for TLS.
    pub(crate) certificate: Option<Certificate>,
}

impl Rules {
    /// Reads the files that the configuration names, and makes a certificate in
    /// the folder where none is named: not for an async thread.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub(crate) fn read(config: &Config, folder: &Path) -> Result<Self, Problem> {
        let password = config.security.password_file.as_deref();
        let password = password
            .map(password_file::read)
            .transpose()
            .map_err(|error| problem::password(&error))?;
        let limits = Limits {
            client_silence: config.performance.message_queue_timeout,
            publisher_silence: config.performance.poster_stats_timeout,
            ..config.limits.core()
        };
        let tls = config.server.tls.as_ref();
        let certificate = tls
            .map(|tls| tls::read(tls, folder))
            .transpose()
            .map_err(|error| problem::tls(&error))?;
        let facts = certificate.as_ref().map(|tls| tls.facts.clone());
        let settings = Settings {
            password,
            tls: certificate.map(|certificate| certificate.config),
            ..settings(config, limits.clone())
        };
        Ok(Self {
            settings,
            certificate: facts,
            options: Options {
                limits,
                maintenance_interval: config.performance.maintenance_interval,
            },
            retention: config.retention.core(),
        })
    }
}

/// The keys that have another value than at the start, and take effect only at
/// the next one.
pub(crate) fn waiting(started: &Config, wanted: &Config) -> Vec<&'static str> {
    let (before, now) = (&started.server, &wanted.server);
    let (had, has) = (&started.database, &wanted.database);
    let (kept, keeps) = (started.retention.core(), wanted.retention.core());
    let tls_port = |config: &Config| config.server.tls.as_ref().map(|tls| tls.port);
    let keys = [
        ("server.port", before.port != now.port),
        ("server.host", before.host != now.host),
        ("server.tls.port", tls_port(started) != tls_port(wanted)),
        ("database.path", had.path != has.path),
        ("database.durability", had.durability != has.durability),
        ("retention.policies", !kept.has_filters_of(&keeps)),
    ];
    let changed = keys.into_iter().filter(|(_, is_changed)| *is_changed);
    changed.map(|(key, _)| key).collect()
}

fn settings(config: &Config, limits: Limits) -> Settings {
    Settings {
        requests: RequestLimits {
            form: config.limits.form(),
            broker: limits,
        },
        http: config.limits.http(
            config.server.max_connections.get(),
            config.server.timeout.get(),
        ),
        peers: PeerRules {
            allowed: config.security.allowed_ips.clone(),
            blocked: config.security.blocked_peers.clone(),
            tailscale: config.security.tailscale_enabled,
            proxies: config.security.trusted_proxies.clone(),
        },
        sites: SiteRules {
            hosts: addresses::names()
                .chain(config.security.allowed_hosts.iter().cloned())
                .collect(),
            origins: config.security.allowed_origins.clone(),
        },
        encoding: config.server.encoding.into(),
        password: None,
        tls: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_at_the_start_waits_and_the_rest_does_not() {
        let started = Config::default();
        for (text, expected) in [
            ("", &[][..]),
            ("server:\n  timeout: 1s\n  max_connections: 1\n", &[]),
            ("logging:\n  level: debug\n", &[]),
            ("retention:\n  total: 2 MiB\n  default:\n    age: 1s\n", &[]),
            (
                "server:\n  port: 1\n  host: 127.0.0.1\n",
                &["server.port", "server.host"],
            ),
            ("server:\n  tls:\n    port: 1\n", &["server.tls.port"]),
            (
                "database:\n  path: a.db\n  durability: power\n",
                &["database.path", "database.durability"],
            ),
            (
                "retention:\n  policies:\n    - filter: /a\n",
                &["retention.policies"],
            ),
        ] {
            let wanted = Config::parse(text, Path::new("c.yaml")).unwrap();
            assert_eq!(waiting(&started, &wanted), expected, "{text}");
        }
    }
}
