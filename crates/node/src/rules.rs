//! What of a configuration holds for a broker that runs.

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
