//! The kernel's own view of connections: which are there, what is in flight on them, where they
//! really lead; and the end of one.
//!
//! Sockets are listed, looked up and destroyed by sock_diag (`linux/inet_diag.h`); where a
//! redirected connection leads is asked of connection tracking. Every call opens its own netlink
//! socket in the network namespace of the calling thread, and blocks for as long as the kernel
//! takes to walk its tables; [`refresh`] and [`destroy`] need no walk.

mod farewell;
mod tracking;
mod wire;

use std::{
    collections::HashSet,
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rustix::{io::Errno, net::netlink};

pub use self::farewell::{FarewellError, end_stream};
use self::wire::{Family, SocketId};
use crate::{
    MissingNetAdmin, Process,
    intercept::Rules,
    netlink::{Netlink, NetlinkError},
};

/// A TCP socket of this network namespace that is, or was when asked, connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// This end. An IPv4 address is given as one, also on a socket of both families.
    pub local: SocketAddr,
    /// The other end, as the owner of the socket knows it: on a redirected connection that is the
    /// address which was dialled, not the agent's. See [`destination`].
    pub remote: SocketAddr,
    /// How far the connection has come.
    pub state: State,
    /// Bytes that have arrived and that the owner has not read.
    pub rqueue: u32,
    /// Bytes that the owner has written and the other end has not acknowledged, sent or not.
    pub wqueue: u32,
    /// The owner's user id.
    pub uid: u32,
    /// The inode, as in `/proc/PID/fd`; 0 when no process holds the socket any more.
    pub inode: u32,
    /// The kernel's number of this very socket (`SO_COOKIE`), which is never used again.
    pub cookie: u64,
    /// The mark (`SO_MARK`); absent when the caller lacks `CAP_NET_ADMIN`.
    pub mark: Option<u32>,
    /// What TCP knows; absent when the kernel does not tell.
    pub info: Option<TcpInfo>,
    id: SocketId,
}

/// A TCP socket of this network namespace that waits for connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listening {
    /// Where; of a socket of both families that is bound to every address, `[::]`.
    pub address: SocketAddr,
    /// The kernel's number of this very socket, which is never used again.
    pub cookie: u64,
    /// The inode, as in `/proc/PID/fd`.
    pub inode: u32,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Open both ways.
    Established,
    /// The other end has closed its direction, the owner has not.
    CloseWait,
}

/// What TCP knows of a connection (`struct tcp_info`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// Segments sent and not acknowledged.
    pub unacked: u32,
    /// Bytes written and not sent yet.
    pub notsent_bytes: u32,
    /// Time since data were last sent, to a millisecond.
    pub last_data_sent: Duration,
    /// Time since data last arrived, to a millisecond.
    pub last_data_recv: Duration,
    /// The smoothed round-trip time.
    pub rtt: Duration,
}

/// What became of a socket that was to be destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destroyed {
    /// It was there, and its peer was sent a reset.
    Now,
    /// It had gone already; nothing was done.
    Before,
}

/// Why the kernel could not be asked, or would not do it.
#[derive(Debug, thiserror::Error)]
pub enum DiagError {
    /// Destroying a socket and reading connection tracking need a capability.
    #[error("{0}")]
    NoPrivilege(#[source] MissingNetAdmin),
    /// The kernel was built, or is run, without it.
    #[error("this kernel does not offer {0}")]
    Unsupported(&'static str),
    /// The table changed during every attempt to list it.
    #[error("the kernel's list of sockets changed during every attempt to read it")]
    Unsteady,
    /// The answer is not in the documented format.
    #[error("the kernel's answer about sockets cannot be read: {0}")]
    Malformed(&'static str),
    /// Anything else.
    #[error("the kernel cannot be asked about sockets: {0}")]
    Failed(#[source] io::Error),
}

impl Socket {
    /// Whether nothing is in flight that this end knows of: all that its owner wrote has been
    /// acknowledged, and all that arrived has been read.
    ///
    /// What the other end has written and this one has not received yet shows only there.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.rqueue == 0
            && self.wqueue == 0
            && self
                .info
                .is_none_or(|info| info.unacked == 0 && info.notsent_bytes == 0)
    }
}

/// The connections of this network namespace, IPv4 and IPv6, with one of `ports` at either end.
///
/// Loopback is included, so a connection within the namespace is there twice, once from each end.
/// Open sockets only ([`State`]); no privilege is needed, except for [`Socket::mark`].
///
/// # Errors
/// [`DiagError`].
pub fn established(ports: &[u16]) -> Result<Vec<Socket>, DiagError> {
    let mut netlink = Netlink::open(netlink::SOCK_DIAG)?;
    let mut found = Vec::new();
    for family in [Family::V4, Family::V6] {
        let request = wire::list_request(family, wire::CONNECTED);
        found.extend(
            netlink
                .dump(wire::SOCK_DIAG_BY_FAMILY, &request, |answer| {
                    let socket = wire::parse_socket(answer)?;
                    Ok(socket.filter(|s| has_port(s, ports)))
                })
                .map_err(|error| unsupported(error, "TCP socket diagnosis (module tcp_diag)"))?,
        );
    }
    Ok(found)
}

/// The sockets of this network namespace, IPv4 and IPv6, that listen on one of `ports`, sorted.
///
/// No privilege is needed. Another socket has another [`Listening::cookie`], also one of the same
/// program at the same address.
///
/// # Errors
/// [`DiagError`].
pub fn listening(ports: &[u16]) -> Result<Vec<Listening>, DiagError> {
    let mut netlink = Netlink::open(netlink::SOCK_DIAG)?;
    let mut found = Vec::new();
    for family in [Family::V4, Family::V6] {
        let request = wire::list_request(family, wire::LISTENING);
        found.extend(
            netlink
                .dump(wire::SOCK_DIAG_BY_FAMILY, &request, |answer| {
                    let socket = wire::parse_listener(answer)?;
                    Ok(ports.contains(&socket.address.port()).then_some(socket))
                })
                .map_err(|error| unsupported(error, "TCP socket diagnosis (module tcp_diag)"))?,
        );
    }
    found.sort_unstable();
    Ok(found)
}

/// The connections on intercepted ports that go past the agent: they were there before `rules`.
///
/// Left out are connections within this network namespace, the agent's own (by their mark), and
/// those that connection tracking says lead to the agent: a redirected socket looks, to its owner
/// and to [`established`], like any other.
///
/// # Errors
/// [`DiagError`]; needs `CAP_NET_ADMIN`.
pub fn bypassing(rules: &Rules) -> Result<Vec<Socket>, DiagError> {
    let sockets = established(&rules.ports)?;
    let ends: HashSet<_> = sockets.iter().map(|s| (s.local, s.remote)).collect();
    let mut tracking = Netlink::open(netlink::NETFILTER)?;
    let mut found = Vec::new();
    for socket in &sockets {
        let within = is_local(socket) || ends.contains(&(socket.remote, socket.local));
        if within || socket.mark == Some(rules.mark) {
            continue;
        }
        let end = tracking::destination(&mut tracking, socket.local, socket.remote)?;
        if !end.is_some_and(|end| [rules.inbound_port, rules.outbound_port].contains(&end.port())) {
            found.push(socket.clone());
        }
    }
    Ok(found)
}

/// Where the connection of `socket` really leads: the address that answers, after any translation.
///
/// Nothing when the kernel does not track the connection; then nothing translates it.
///
/// # Errors
/// [`DiagError`]; needs `CAP_NET_ADMIN`.
pub fn destination(socket: &Socket) -> Result<Option<SocketAddr>, DiagError> {
    let mut netlink = Netlink::open(netlink::NETFILTER)?;
    tracking::destination(&mut netlink, socket.local, socket.remote)
}

/// The same socket, as it is now; nothing when it has gone or is closing.
///
/// # Errors
/// [`DiagError`].
pub fn refresh(socket: &Socket) -> Result<Option<Socket>, DiagError> {
    let request = wire::exact_request(&socket.id);
    match Netlink::open(netlink::SOCK_DIAG)?.request(wire::SOCK_DIAG_BY_FAMILY, &request) {
        Ok(answers) => match answers.first() {
            Some(answer) => Ok(wire::parse_socket(answer)?),
            None => Err(DiagError::Malformed("an answer without a socket")),
        },
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Destroys this very socket (`SOCK_DESTROY`): its peer gets a reset, its owner `ECONNABORTED`.
///
/// The socket is named by both addresses and its cookie, so a later one between the same two
/// addresses is safe. What the owner has written and the peer has not acknowledged is lost; what
/// has been acknowledged the peer can still read, before it sees the reset.
///
/// # Errors
/// [`DiagError`]; needs `CAP_NET_ADMIN` and a kernel with `CONFIG_INET_DIAG_DESTROY`.
pub fn destroy(socket: &Socket) -> Result<Destroyed, DiagError> {
    let request = wire::exact_request(&socket.id);
    match Netlink::open(netlink::SOCK_DIAG)?.request(wire::SOCK_DESTROY, &request) {
        Ok(_) => Ok(Destroyed::Now),
        Err(error) if is_gone(&error) => Ok(Destroyed::Before),
        Err(NetlinkError::Refused(Errno::OPNOTSUPP)) => Err(DiagError::Unsupported(
            "the end of a socket by order (CONFIG_INET_DIAG_DESTROY)",
        )),
        Err(error) => Err(error.into()),
    }
}

/// Who listens where `address` would, as far as the caller may know.
pub(crate) fn listener(address: SocketAddr) -> Option<Process> {
    let clashes =
        |ip: IpAddr| ip == address.ip() || ip.is_unspecified() || address.ip().is_unspecified();
    let mut netlink = Netlink::open(netlink::SOCK_DIAG).ok()?;
    [Family::V4, Family::V6].into_iter().find_map(|family| {
        let request = wire::list_request(family, wire::LISTENING);
        let inodes = netlink.dump(wire::SOCK_DIAG_BY_FAMILY, &request, |answer| {
            let socket = wire::parse_listener(answer)?;
            let clashes = socket.address.port() == address.port() && clashes(socket.address.ip());
            Ok(clashes.then_some(socket.inode))
        });
        inodes.ok()?.into_iter().find_map(Process::holding)
    })
}

impl From<NetlinkError> for DiagError {
    fn from(error: NetlinkError) -> Self {
        match error {
            NetlinkError::Refused(Errno::PERM) => {
                Self::NoPrivilege(MissingNetAdmin::after_refusal())
            }
            NetlinkError::Refused(errno) => Self::Failed(errno.into()),
            NetlinkError::Transport(error) => Self::Failed(error),
            NetlinkError::Unsteady => Self::Unsteady,
            NetlinkError::Malformed(what) => Self::Malformed(what),
        }
    }
}

/// A listing is refused with `ENOENT` where the kernel has nobody to make it.
fn unsupported(error: NetlinkError, what: &'static str) -> DiagError {
    match error {
        NetlinkError::Refused(Errno::NOENT | Errno::INVAL | Errno::OPNOTSUPP) => {
            DiagError::Unsupported(what)
        }
        error => error.into(),
    }
}

/// `ENOENT`: nothing between these addresses. `ESTALE`: something else, by its cookie; that may
/// also be the listener, which the kernel's look-up falls back to.
fn is_gone(error: &NetlinkError) -> bool {
    matches!(error, NetlinkError::Refused(Errno::NOENT | Errno::STALE))
}

fn has_port(socket: &Socket, ports: &[u16]) -> bool {
    ports.contains(&socket.local.port()) || ports.contains(&socket.remote.port())
}

fn is_local(socket: &Socket) -> bool {
    socket.remote.ip().is_loopback() || socket.remote.ip() == socket.local.ip()
}
