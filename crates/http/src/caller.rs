//! Who asks.

use std::net::IpAddr;

/// Who makes a request, as its connection and its head tell. Addresses are
/// canonical: no IPv4 address is written as IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Where it comes from.
    pub(crate) address: IpAddr,
    /// The address of ours that it came to.
    pub(crate) local: IpAddr,
}
