//! Connecting as the agent.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rustix::io::Errno;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpSocket, TcpStream};

use crate::{MissingNetAdmin, TcpOptions};

/// Makes the agent's own connections.
#[derive(Clone, Copy, Debug)]
pub struct Dialer {
    /// The mark (`SO_MARK`) that tells these connections from the database's, so that the
    /// interception rules let them pass; absent where nothing is intercepted.
    pub mark: Option<u32>,
    /// How long to wait for the peer. Default 2 s, Cassandra's `internode_tcp_connect_timeout`:
    /// the database learns of an unreachable peer when it would have learnt of it by itself. In
    /// that time a lost SYN is sent again once (after 1 s); the next try would come after 3 s, so
    /// anything between gains nothing.
    pub timeout: Duration,
    /// What is set on each connection, before it is made.
    pub options: TcpOptions,
}

/// Why a connection could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The mark may not be set. Without it the connection would be redirected back to the agent.
    #[error("a connection cannot be marked as the agent's own: {0}")]
    Mark(#[source] MissingNetAdmin),
    /// The peer did not answer in time.
    #[error("{address} did not answer within {after:?}")]
    TimedOut {
        /// Who was dialled.
        address: SocketAddr,
        /// The time that it had.
        after: Duration,
    },
    /// Nobody listens there, or a firewall says so.
    #[error("{address} refused the connection")]
    Refused {
        /// Who was dialled.
        address: SocketAddr,
    },
    /// The source address that was asked for is not ours.
    #[error("{address} cannot be dialled from {source_address}: {error}")]
    Source {
        /// Who was dialled.
        address: SocketAddr,
        /// The source address that was asked for.
        source_address: IpAddr,
        /// What the kernel says.
        #[source]
        error: io::Error,
    },
    /// Anything else: no route, no descriptor left.
    #[error("{address} cannot be dialled: {error}")]
    Failed {
        /// Who was dialled.
        address: SocketAddr,
        /// What the kernel says.
        #[source]
        error: io::Error,
    },
}

impl Default for Dialer {
    fn default() -> Self {
        Self {
            mark: None,
            timeout: Duration::from_secs(2),
            options: TcpOptions::default(),
        }
    }
}

impl Dialer {
    /// Connects to `address` from whatever address the kernel chooses.
    ///
    /// # Errors
    /// [`DialError`].
    pub async fn dial(&self, address: SocketAddr) -> Result<TcpStream, DialError> {
        self.connect(self.socket(address)?, address).await
    }

    /// Connects to `address` from `source`, with any port.
    ///
    /// The peer then sees the address that the database itself dialled from, also on a host with
    /// several. `source` and `address` must be of one family.
    ///
    /// # Errors
    /// [`DialError`]; [`DialError::Source`] when `source` is no address of this network namespace.
    pub async fn dial_from(
        &self,
        source: IpAddr,
        address: SocketAddr,
    ) -> Result<TcpStream, DialError> {
        let socket = self.socket(address)?;
        socket
            .bind(&SocketAddr::new(source, 0).into())
            .map_err(|error| DialError::Source {
                address,
                source_address: source,
                error,
            })?;
        self.connect(socket, address).await
    }

    fn socket(&self, address: SocketAddr) -> Result<Socket, DialError> {
        let failed = |error| DialError::Failed { address, error };
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM.nonblocking(),
            None,
        )
        .map_err(failed)?;
        if let Some(mark) = self.mark {
            socket
                .set_mark(mark)
                .map_err(|error| match Errno::from_io_error(&error) {
                    Some(Errno::PERM) => DialError::Mark(MissingNetAdmin::after_refusal()),
                    _ => failed(error),
                })?;
        }
        self.options.apply(&socket).map_err(failed)?;
        Ok(socket)
    }

    async fn connect(&self, socket: Socket, address: SocketAddr) -> Result<TcpStream, DialError> {
        let connecting = TcpSocket::from_std_stream(socket.into()).connect(address);
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Err(DialError::Refused { address })
            }
            Ok(Err(error)) => Err(DialError::Failed { address, error }),
            Err(_) => Err(DialError::TimedOut {
                address,
                after: self.timeout,
            }),
        }
    }
}
