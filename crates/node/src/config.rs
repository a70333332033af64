//! What can be configured, checked as it is read.
//!
//! Each value is of a type that can only hold what is allowed, so there is no
//! second place that checks, and a message about a bad one has its line.

mod bounded;
#[cfg(test)]
mod example;
mod limits;
mod parse;
mod retention;
mod sites;
mod tls;

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use moustique_http::{HostName, Origin};
use moustique_protocol::Encoding;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub use bounded::{Count, Size, Time};
#[cfg(test)]
pub(crate) use example::keys_of;
pub use limits::Limits;
pub use parse::ConfigError;
pub use retention::{KeepOptions, Policy, Retention};
pub use tls::{CertificateFiles, Tls};

use bounded::above_zero;

/// Most connections that can be configured.
const MAX_CONNECTIONS: usize = 20_000;

/// The configuration of a broker. The keys are documented in the file that
/// `moustique -generate-config` prints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How it is reached.
    #[serde(deserialize_with = "section")]
    pub server: Server,
    /// Where it keeps its data.
    #[serde(deserialize_with = "section")]
    pub database: Database,
    /// Who is let in.
    #[serde(deserialize_with = "section")]
    pub security: Security,
    /// What it takes and keeps at most.
    #[serde(deserialize_with = "section")]
    pub limits: Limits,
    /// What stays in the log.
    #[serde(deserialize_with = "section")]
    pub retention: Retention,
    /// What it writes down.
    #[serde(deserialize_with = "section")]
    pub logging: Logging,
    /// How long it waits for what.
    #[serde(deserialize_with = "section")]
    pub performance: Performance,
}

/// How the broker is reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The port, or 0 for any free one.
    #[serde(deserialize_with = "port")]
    pub port: u16,
    /// The address to listen on.
    #[serde(deserialize_with = "address")]
    pub host: IpAddr,
    /// How long a new connection may take to send the head of its first
    /// request.
    pub timeout: Time<{ 60 * 60 }>,
    /// Connections that may be open at a time.
    #[serde(deserialize_with = "connections")]
    pub max_connections: NonZeroUsize,
    /// How values are encoded where a request does not show it.
    pub encoding: ServerEncoding,
    /// Whether others on the network can find the broker.
    pub announce: bool,
    /// The port for the same over TLS; `None` for no such port.
    #[serde(deserialize_with = "tls::section")]
    pub tls: Option<Tls>,
}

/// An encoding as the configuration names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerEncoding {
    /// Base64, then ROT13.
    #[default]
    Classic,
    /// ROT13, then Base64.
    Inner,
    /// As it is.
    Plain,
}

impl From<ServerEncoding> for Encoding {
    fn from(encoding: ServerEncoding) -> Self {
        match encoding {
            ServerEncoding::Classic => Self::Classic,
            ServerEncoding::Inner => Self::Inner,
            ServerEncoding::Plain => Self::Plain,
        }
    }
}

/// Where the broker keeps its data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// The database file; `None` for the one in the user's data folder.
    pub path: Option<PathBuf>,
    /// What an acknowledgement is worth.
    pub durability: Durability,
}

/// What an acknowledgement is worth, as the configuration names it: see
/// [`moustique_store::Durability`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Nothing survives a stop.
    Memory,
    /// It survives the death of the process.
    #[default]
    Process,
    /// It survives the failure of the power.
    Power,
}

impl From<Durability> for moustique_store::Durability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Memory => Self::Memory,
            Durability::Process => Self::Process,
            Durability::Power => Self::Power,
        }
    }
}

/// Who is let in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// Networks that may connect; `None` for the ones that are not public.
    #[serde(alias = "allowed_peers", deserialize_with = "some_networks")]
    pub allowed_ips: Option<Vec<IpNet>>,
    /// Networks that may not connect.
    #[serde(deserialize_with = "networks")]
    pub blocked_peers: Vec<IpNet>,
    /// Whether addresses of a Tailscale network may connect.
    #[serde(deserialize_with = "yes_or_no")]
    pub tailscale_enabled: bool,
    /// Networks of proxies that say truly for whom they speak.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Names by which the broker may be reached, besides those of this machine.
    #[serde(deserialize_with = "sites::hosts")]
    pub allowed_hosts: Vec<HostName>,
    /// Origins of other web pages that may use the broker.
    #[serde(deserialize_with = "sites::origins")]
    pub allowed_origins: Vec<Origin>,
    /// The file with the password's hash; `None` when there is no password.
    pub password_file: Option<PathBuf>,
}

/// What the broker writes down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// How much.
    pub level: Level,
    /// A file to write to as well.
    pub file: Option<PathBuf>,
}

/// How much is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What failed.
    Error,
    /// What may fail.
    Warn,
    /// A line a start, a stop, a problem.
    #[default]
    Info,
    /// Everything that helps to find a fault.
    Debug,
}

/// How long the broker waits for what.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Performance {
    /// How long a client may stay silent before it is forgotten.
    #[serde(deserialize_with = "duration")]
    pub message_queue_timeout: Duration,
    /// How long a publisher may stay silent before what is known of it is
    /// forgotten.
    #[serde(deserialize_with = "duration")]
    pub poster_stats_timeout: Duration,
    /// How often silent clients are forgotten and the log is pruned.
    #[serde(deserialize_with = "duration")]
    pub maintenance_interval: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            port: 33_334,
            host: Ipv4Addr::UNSPECIFIED.into(),
            timeout: Time::of(Duration::from_secs(5)),
            max_connections: const { NonZeroUsize::new(1_000).unwrap() },
            encoding: ServerEncoding::default(),
            announce: true,
            tls: None,
        }
    }
}

impl Default for Performance {
    fn default() -> Self {
        Self {
            message_queue_timeout: Duration::from_secs(5 * 60),
            poster_stats_timeout: Duration::from_secs(60 * 60),
            maintenance_interval: Duration::from_secs(30),
        }
    }
}

/// A section whose keys are all commented out has no value: it has the
/// defaults.
fn section<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a scalar as text first, so that an error can say what was given.
fn parsed<'de, D, T>(
    deserializer: D,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("'{text}' is not {expected}")))
}

fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    parsed(deserializer, "a port from 0 to 65535", |text| {
        text.parse().ok()
    })
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpAddr, D::Error> {
    let expected = "an IP address of this machine, such as 0.0.0.0, 127.0.0.1 or \"::\"";
    parsed(deserializer, expected, |text| text.parse().ok())
}

fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parsed(deserializer, "true or false", |text| text.parse().ok())
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let expected = "a time above zero with its unit, such as 500ms, 5s, 5m or 1h";
    above_zero(deserializer, expected, |text| {
        humantime::parse_duration(text)
            .ok()
            .filter(|duration| !duration.is_zero())
    })
}

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroUsize, D::Error> {
    let expected = format!("a number of connections from 1 to {MAX_CONNECTIONS}");
    above_zero(deserializer, &expected, |text| {
        let count: NonZeroUsize = text.parse().ok()?;
        (count.get() <= MAX_CONNECTIONS).then_some(count)
    })
}

fn some_networks<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<IpNet>>, D::Error> {
    networks(deserializer).map(Some)
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let entries = Vec::<Network>::deserialize(deserializer)?;
    Ok(entries
        .into_iter()
        .map(|Network(network)| network)
        .collect())
}

/// A network, or an address as the network of itself.
struct Network(IpNet);

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "an address or a network, such as 192.168.1.7 or 192.168.1.0/24";
        parsed(deserializer, expected, |text| {
            let address = || text.parse().map(|address: IpAddr| address.into());
            text.parse().or_else(|_| address()).ok().map(Self)
        })
    }
}
