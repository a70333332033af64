//! The accept loop.

use std::future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::UNGUARDED;
use crate::app::App;
use crate::connection::{self, Transport};
use crate::places::{Place, Places};

/// Connections that the system holds ready before they are accepted.
const BACKLOG: i32 = 1_024;

/// Bytes of a reply that the system may hold for a reader that does not read;
/// Linux takes twice as much. Left to itself it takes some MB, which would be
/// lost with the connection: it says that they have gone out when it takes
/// them. It is enough for any reader that reads.
const SEND_BUFFER: usize = 64 * 1024;

/// The pause after the system refuses to accept, because it has no more file
/// descriptors: some connections may have ended by then.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bound ports that do not answer yet.
#[derive(Debug)]
pub struct Server {
    plain: Port,
    tls: Option<Port>,
}

#[derive(Debug)]
struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every request under way was answered.
    Whole,
    /// The time was over; this many connections were cut.
    Cut {
        /// Connections that were cut.
        connections: usize,
    },
}

impl Port {
    fn bind(address: SocketAddr) -> io::Result<Self> {
        if UNGUARDED && !address.ip().is_loopback() {
            return Err(io::Error::other(
                "a broker without its guards listens on loopback alone",
            ));
        }
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        // A stopped broker's port is free again at once. On Windows the same
        // option would let two programs share the port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            // `::` is every address, also on systems where it is not.
            socket.set_only_v6(false)?;
        }
        // Connections that are accepted have what the port has.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }
}

impl Server {
    /// Binds the port.
    ///
    /// # Errors
    /// What the system says, such as that the port is taken.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            plain: Port::bind(address)?,
            tls: None,
        })
    }

    /// Binds another port for the same over TLS, with what is in
    /// [`crate::Settings::tls`] when a connection is opened.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_tls(&mut self, address: SocketAddr) -> io::Result<()> {
        self.tls = Some(Port::bind(address)?);
        Ok(())
    }

    /// The address that is bound, with its real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.plain.address
    }

    /// The same of the port for TLS, if there is one.
    #[must_use]
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls.as_ref().map(|port| port.address)
    }

    /// Serves until `stop` is cancelled; then accepts nothing more, lets
    /// requests that are under way be answered for at most `grace`, and cuts
    /// what is left.
    pub async fn serve(self, app: App, stop: CancellationToken, grace: Duration) -> Drained {
        let mut connections = JoinSet::new();
        let ending = CancellationToken::new();
        self.accept_until(&app, &stop, &mut connections, &ending)
            .await;
        ending.cancel();
        let ended = async { while connections.join_next().await.is_some() {} };
        if time::timeout(grace, ended).await.is_ok() {
            return Drained::Whole;
        }
        let cut = connections.len();
        connections.shutdown().await;
        Drained::Cut { connections: cut }
    }

    /// Accepts connections; the port is closed when this returns.
    async fn accept_until(
        self,
        app: &App,
        stop: &CancellationToken,
        connections: &mut JoinSet<()>,
        ending: &CancellationToken,
    ) {
        let places = Places::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                // Those that have ended would otherwise pile up.
                Some(_) = connections.join_next() => continue,
                accepted = self.plain.listener.accept() => (accepted, Transport::Plain),
                accepted = accept_at(self.tls.as_ref()) => (accepted, Transport::Tls),
            };
            let (accepted, transport) = accepted;
            let (stream, peer) = match accepted {
                Ok((stream, address)) => (stream, address.ip().to_canonical()),
                Err(error) if is_of_one_connection(&error) => continue,
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = time::sleep(ACCEPT_PAUSE) => continue,
                    }
                }
            };
            let counters = app.inner().broker.counters();
            match places.take(peer, &app.inner().settings().http) {
                Ok(place) => {
                    counters.connection_opened();
                    let open = Open {
                        app: app.clone(),
                        _place: place,
                    };
                    connections.spawn(hold(open, stream, peer, transport, ending.clone()));
                }
                Err(bound) => {
                    counters.bound_hit(bound);
                    drop(stream);
                }
            }
        }
    }
}

/// Serves a connection and gives its place back, also when it is cut.
async fn hold(
    open: Open,
    stream: TcpStream,
    peer: IpAddr,
    transport: Transport,
    ending: CancellationToken,
) {
    connection::serve(stream, peer, transport, &open.app, &ending).await;
}

/// The next connection of a port; none ever where there is no port.
async fn accept_at(port: Option<&Port>) -> io::Result<(TcpStream, SocketAddr)> {
    match port {
        Some(port) => port.listener.accept().await,
        None => future::pending().await,
    }
}

/// A connection that counts as open.
struct Open {
    app: App,
    _place: Place,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.app.inner().broker.counters().connection_closed();
    }
}

/// Whether the connection broke before it was accepted, which says nothing
/// about the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
