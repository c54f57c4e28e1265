//! Where a redirected connection was going.

use std::{
    io,
    net::{SocketAddr, SocketAddrV6},
    os::fd::AsFd,
};

use rustix::io::Errno;
use socket2::SockRef;

/// A connection did not come by way of the redirect rules, or cannot say so.
#[derive(Debug, thiserror::Error)]
pub enum NotRedirected {
    /// It was dialled to the agent's own port.
    #[error(
        "the connection was dialled straight to {local}, the agent's own port, and not redirected to it"
    )]
    Direct {
        /// The address that accepted it, which is the one that was dialled.
        local: SocketAddr,
    },
    /// The kernel does not track it, so it holds no original destination.
    #[error("the kernel tracks no original destination for the connection accepted on {local}")]
    Untracked {
        /// The address that accepted it.
        local: SocketAddr,
    },
    /// The socket could not be asked.
    #[error("the original destination of a connection cannot be read: {0}")]
    Unreadable(#[source] io::Error),
}

/// The address that the other side dialled, before nftables redirected the connection
/// (`SO_ORIGINAL_DST`, `IP6T_SO_ORIGINAL_DST`).
///
/// An IPv4 address is given as one, also where a socket of both families accepted it; an IPv6 one
/// has no flow label, and a scope only where it is link-local.
///
/// # Errors
/// [`NotRedirected`]; there is no fall-back to the local address, which would make the agent dial
/// itself.
pub fn original_dst(connection: &impl AsFd) -> Result<SocketAddr, NotRedirected> {
    let socket = SockRef::from(connection);
    let local = socket
        .local_addr()
        .and_then(|local| local.as_socket().ok_or_else(|| Errno::AFNOSUPPORT.into()))
        .map(canonical)
        .map_err(NotRedirected::Unreadable)?;
    let answer = if local.is_ipv4() {
        socket.original_dst_v4()
    } else {
        socket.original_dst_v6()
    };
    let original = match answer {
        Ok(address) => address.as_socket().map(canonical),
        Err(error) if is_untracked(&error) => None,
        Err(error) => return Err(NotRedirected::Unreadable(error)),
    };
    match original {
        Some(original) if same(original, local) => Err(NotRedirected::Direct { local }),
        Some(original) => Ok(original),
        None => Err(NotRedirected::Untracked { local }),
    }
}

/// The same address in the one form in which it can be compared: an IPv4 one in IPv6 clothes is
/// undressed, the flow label of the connection it was met on (`net.ipv6.flowlabel_reflect`) goes.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() => {
            SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id()).into()
        }
        other => SocketAddr::new(other.ip().to_canonical(), other.port()),
    }
}

/// Scope and flow label aside, which the two sources of an address fill in differently.
fn same(a: SocketAddr, b: SocketAddr) -> bool {
    a.ip() == b.ip() && a.port() == b.port()
}

/// `ENOENT`: tracking is on and has no such connection. `ENOPROTOOPT`: tracking is not there.
fn is_untracked(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    errno == Some(Errno::NOENT) || errno == Some(Errno::NOPROTOOPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_forms_of_one_address_there_is_one_left() {
        let v6 = |ip: &str, flow, scope| {
            let ip = ip.parse().unwrap();
            canonical(SocketAddrV6::new(ip, 7000, flow, scope).into())
        };
        assert_eq!(v6("fd00::1", 7, 3), "[fd00::1]:7000".parse().unwrap());
        assert_eq!(v6("fe80::1", 7, 3), "[fe80::1%3]:7000".parse().unwrap());
        assert_eq!(
            v6("::ffff:10.0.0.1", 7, 3),
            "10.0.0.1:7000".parse().unwrap()
        );
    }
}
