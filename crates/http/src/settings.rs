//! What a configuration may change while the server runs.

use std::sync::Arc;

use moustique_protocol::{Encoding, RequestLimits};
use tokio_rustls::rustls::ServerConfig;

use crate::access::PasswordHash;
use crate::guard::SiteRules;
use crate::limits::HttpLimits;
use crate::peers::PeerRules;

/// What holds for connections and requests.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The bounds of what requests say. Beyond a form's, and for a field that is
    /// there twice: 400 (`Form`).
    pub requests: RequestLimits,
    /// The bounds of connections and requests.
    pub http: HttpLimits,
    /// Who may connect.
    pub peers: PeerRules,
    /// Under which names the broker is asked, and by which web pages.
    pub sites: SiteRules,
    /// The encoding of requests that do not show one.
    pub encoding: Encoding,
    /// The password that opens what the broker tells of itself; `None` when
    /// that is for this machine alone.
    pub password: Option<PasswordHash>,
    /// Certificate and key of the port for TLS, for connections that are opened
    /// from now on. `None` leaves the ones that hold: a port that is open does
    /// not lose them.
    pub tls: Option<Arc<ServerConfig>>,
}
