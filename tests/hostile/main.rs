//! What comes to the port that no friend would send: requests that can be read
//! in two ways, pages of other sites, addresses that may not connect, clients
//! that take their time, and a proxy in front.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::print_stdout)]

mod framing;
mod malformed;
#[cfg(target_os = "linux")]
mod networks;
#[cfg(target_os = "linux")]
mod proxy;
mod sealed;
mod sites;
mod slow;
