//! What a configuration may change while the server runs.

use moustique_protocol::{Encoding, RequestLimits};

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
}
