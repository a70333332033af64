//! What a configuration may change while the server runs.

use moustique_protocol::{Encoding, RequestLimits};

use crate::access::PasswordHash;
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
    /// The encoding of requests that do not show one.
    pub encoding: Encoding,
    /// The password that opens what the broker tells of itself; `None` when
    /// that is for this machine alone.
    pub password: Option<PasswordHash>,
}
