//! Listening, with an error that names who is in the way.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener},
};

use rustix::io::Errno;
use socket2::{Domain, SockRef, Socket, Type};

use crate::{Process, diag};

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody has the port.
    #[error("port {} is in use on {}: {}", .address.port(), .address.ip(), holder_words(.holder.as_ref()))]
    InUse {
        /// What was asked for.
        address: SocketAddr,
        /// Who listens there, where that can be seen.
        holder: Option<Process>,
    },
    /// The address is none of this network namespace.
    #[error("{} is not an address of this host or network namespace, so port {} cannot be listened on there", .address.ip(), .address.port())]
    NotLocal {
        /// What was asked for.
        address: SocketAddr,
    },
    /// IPv6, or IPv4, is switched off.
    #[error("{} cannot be listened on: this kernel does not speak {}", .address, family_name(.address))]
    NoSuchFamily {
        /// What was asked for.
        address: SocketAddr,
    },
    /// A port below 1024 needs a capability.
    #[error("port {} needs the capability CAP_NET_BIND_SERVICE", .address.port())]
    Privileged {
        /// What was asked for.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("{address} cannot be listened on: {source}")]
    Failed {
        /// What was asked for.
        address: SocketAddr,
        /// What the kernel says.
        source: io::Error,
    },
}

/// Listens on `address`; the listener does not block.
///
/// `SO_REUSEADDR` is set, so that a restart need not wait for old connections; `SO_REUSEPORT` is
/// not, so that nobody else can share the port. An IPv6 listener takes IPv6 only: for all
/// addresses of both families, listen on `0.0.0.0` and on `[::]`. `backlog` is the length of the
/// queue of connections that nobody has accepted yet; the kernel caps it at
/// `net.core.somaxconn`.
///
/// # Errors
/// [`ListenError`].
pub fn listen(address: SocketAddr, backlog: u16) -> Result<TcpListener, ListenError> {
    try_listen(address, backlog).map_err(|source| explain(address, source))
}

/// Has whoever dials `listener` refused from now on, as if nobody listened there, while the port
/// stays taken. Connections that nobody has accepted yet are reset.
///
/// It holds for every duplicate of the socket. Who waits in `accept` gets the error `EINVAL`.
///
/// # Errors
/// What the kernel says.
pub fn refuse_callers(listener: &TcpListener) -> io::Result<()> {
    let socket = SockRef::from(listener);
    // Linux ends listening by this, and keeps what the socket is bound to. Without the option
    // nobody else can listen there meanwhile.
    socket.shutdown(Shutdown::Read)?;
    socket.set_reuse_address(false)
}

/// Has a socket listen again after [`refuse_callers`].
///
/// # Errors
/// What the kernel says.
pub fn take_callers(listener: &TcpListener, backlog: u16) -> io::Result<()> {
    let socket = SockRef::from(listener);
    socket.set_reuse_address(true)?;
    socket.listen(i32::from(backlog))
}

fn try_listen(address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking(),
        None,
    )?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(i32::from(backlog))?;
    Ok(socket.into())
}

fn explain(address: SocketAddr, source: io::Error) -> ListenError {
    match Errno::from_io_error(&source) {
        Some(Errno::ADDRINUSE) => ListenError::InUse {
            address,
            holder: diag::listener(address),
        },
        Some(Errno::ADDRNOTAVAIL) => ListenError::NotLocal { address },
        Some(Errno::AFNOSUPPORT) => ListenError::NoSuchFamily { address },
        Some(Errno::ACCESS) => ListenError::Privileged { address },
        _ => ListenError::Failed { address, source },
    }
}

fn holder_words(holder: Option<&Process>) -> String {
    match holder {
        Some(process) => format!("{process} listens there"),
        None => "by a process that cannot be seen from here".into(),
    }
}

fn family_name(address: &SocketAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}
