//! Options that every connection of the agent carries, dialled or accepted.

use std::{io, os::fd::AsFd, time::Duration};

use socket2::{SockRef, TcpKeepalive};

/// How TCP treats a connection: the database's own settings, so that a dead peer is noticed no
/// later than without the agent.
///
/// `TCP_NODELAY` is always set, as Cassandra sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOptions {
    /// How long sent data may stay unacknowledged before the connection is given up
    /// (`TCP_USER_TIMEOUT`). Default 30 s: `internode_tcp_user_timeout` of Cassandra 4.0 and later.
    pub user_timeout: Duration,
    /// How long a connection is idle before it is probed. Default 60 s. It must stay below the
    /// time for which connection tracking remembers an idle connection (five days by default),
    /// since a redirected connection lives by that memory.
    pub keepalive_idle: Duration,
    /// The time between two probes. Default 10 s. With a `user_timeout`, the kernel gives up when
    /// that has passed without an answer, whatever the number of probes.
    pub keepalive_interval: Duration,
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self {
            user_timeout: Duration::from_secs(30),
            keepalive_idle: Duration::from_secs(60),
            keepalive_interval: Duration::from_secs(10),
        }
    }
}

impl TcpOptions {
    /// Sets the options on a connection, dialled or accepted.
    ///
    /// # Errors
    /// The first option that the kernel refuses.
    pub fn apply(&self, connection: &impl AsFd) -> io::Result<()> {
        let socket = SockRef::from(connection);
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_user_timeout(Some(self.user_timeout))?;
        let keepalive = TcpKeepalive::new()
            .with_time(self.keepalive_idle)
            .with_interval(self.keepalive_interval);
        socket.set_tcp_keepalive(&keepalive)
    }
}

/// Makes the close of `connection` a reset (`SO_LINGER` of zero).
///
/// So a failure behind the agent reaches the database as a failure, at once, and never as an
/// orderly end. Bytes that were not sent yet are thrown away.
///
/// # Errors
/// What the kernel says.
pub fn reset_on_close(connection: &impl AsFd) -> io::Result<()> {
    SockRef::from(connection).set_linger(Some(Duration::ZERO))
}

/// Makes the close of `connection` an orderly one again, after [`reset_on_close`].
///
/// # Errors
/// What the kernel says.
pub fn orderly_on_close(connection: &impl AsFd) -> io::Result<()> {
    SockRef::from(connection).set_linger(None)
}
