//! The messages of sock_diag (`linux/inet_diag.h`, `linux/tcp.h`), built and read as bytes.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    time::Duration,
};

use super::{Listening, Socket, State, TcpInfo};
use crate::{
    netlink::{NetlinkError, array_at, attribute, u32_at},
    origin::canonical,
};

/// Lists or looks up.
pub(super) const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// Destroys.
pub(super) const SOCK_DESTROY: u16 = 21;
/// The states of [`State`], as a set.
pub(super) const CONNECTED: u32 = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT;
/// Waiting for connections.
pub(super) const LISTENING: u32 = 1 << TCP_LISTEN;

/// The family of a socket, which is not that of its addresses: a socket of both families holds an
/// IPv4 address in IPv6 form, and the kernel finds it under IPv6 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4 = 2,
    V6 = 10,
}

/// The kernel's name of one socket, byte for byte as it was given: ports, addresses, interface and
/// cookie (`struct inet_diag_sockid`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SocketId {
    family: Family,
    bytes: [u8; ID_LENGTH],
}

/// Asks for all TCP sockets in these states.
pub(super) fn list_request(family: Family, states: u32) -> Vec<u8> {
    request(family, states, &[0; ID_LENGTH])
}

/// Names one socket, to look it up or to destroy it.
pub(super) fn exact_request(id: &SocketId) -> Vec<u8> {
    request(id.family, u32::MAX, &id.bytes)
}

/// Reads one connected socket; nothing when it is in another state.
pub(super) fn parse_socket(answer: &[u8]) -> Result<Option<Socket>, NetlinkError> {
    let header = Header::parse(answer)?;
    let state = match header.state {
        TCP_ESTABLISHED => State::Established,
        TCP_CLOSE_WAIT => State::CloseWait,
        _ => return Ok(None),
    };
    let attributes = answer.get(HEADER_LENGTH..).unwrap_or_default();
    Ok(Some(Socket {
        local: header.local,
        remote: header.remote,
        state,
        rqueue: header.rqueue,
        wqueue: header.wqueue,
        uid: header.uid,
        inode: header.inode,
        cookie: header.cookie,
        mark: attribute(attributes, INET_DIAG_MARK).and_then(|mark| u32_at(mark, 0)),
        info: attribute(attributes, INET_DIAG_INFO).and_then(parse_info),
        id: header.id,
    }))
}

/// Reads one listening socket.
pub(super) fn parse_listener(answer: &[u8]) -> Result<Listening, NetlinkError> {
    let header = Header::parse(answer)?;
    Ok(Listening {
        address: header.local,
        cookie: header.cookie,
        inode: header.inode,
    })
}

/// `struct inet_diag_msg`.
struct Header {
    state: u8,
    local: SocketAddr,
    remote: SocketAddr,
    rqueue: u32,
    wqueue: u32,
    uid: u32,
    inode: u32,
    cookie: u64,
    id: SocketId,
}

impl Header {
    fn parse(answer: &[u8]) -> Result<Self, NetlinkError> {
        let family = match answer.first() {
            Some(2) => Family::V4,
            Some(10) => Family::V6,
            _ => return Err(NetlinkError::Malformed("a socket of another family")),
        };
        Self::read(answer, family).ok_or(NetlinkError::Malformed("a socket that ends too early"))
    }

    fn read(answer: &[u8], family: Family) -> Option<Self> {
        let id = SocketId {
            family,
            bytes: array_at(answer, 4)?,
        };
        Some(Self {
            state: *answer.get(1)?,
            local: id.address(0, 4)?,
            remote: id.address(2, 20)?,
            rqueue: u32_at(answer, 56)?,
            wqueue: u32_at(answer, 60)?,
            uid: u32_at(answer, 64)?,
            inode: u32_at(answer, 68)?,
            cookie: u64::from(u32_at(&id.bytes, 40)?) | u64::from(u32_at(&id.bytes, 44)?) << 32,
            id,
        })
    }
}

impl SocketId {
    fn address(&self, port_at: usize, ip_at: usize) -> Option<SocketAddr> {
        let port = u16::from_be_bytes(array_at(&self.bytes, port_at)?);
        let interface = u32_at(&self.bytes, 36)?;
        Some(match self.family {
            Family::V4 => SocketAddr::new(
                IpAddr::V4(Ipv4Addr::from(array_at(&self.bytes, ip_at)?)),
                port,
            ),
            Family::V6 => {
                let ip = Ipv6Addr::from(array_at::<16>(&self.bytes, ip_at)?);
                let scope = if ip.is_unicast_link_local() {
                    interface
                } else {
                    0
                };
                canonical(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, scope)))
            }
        })
    }
}

/// `struct inet_diag_req_v2`.
fn request(family: Family, states: u32, id: &[u8; ID_LENGTH]) -> Vec<u8> {
    let mut body = vec![family as u8, IPPROTO_TCP, 1 << (INET_DIAG_INFO - 1), 0];
    body.extend(states.to_ne_bytes());
    body.extend(id);
    body
}

/// The beginning of `struct tcp_info`, which grows at its end from kernel to kernel.
fn parse_info(info: &[u8]) -> Option<TcpInfo> {
    let milliseconds = |at| u32_at(info, at).map(|n| Duration::from_millis(n.into()));
    Some(TcpInfo {
        unacked: u32_at(info, 24)?,
        last_data_sent: milliseconds(44)?,
        last_data_recv: milliseconds(52)?,
        rtt: Duration::from_micros(u32_at(info, 68)?.into()),
        notsent_bytes: u32_at(info, 144)?,
    })
}

const ID_LENGTH: usize = 48;
const HEADER_LENGTH: usize = 72;
const IPPROTO_TCP: u8 = 6;
const TCP_ESTABLISHED: u8 = 1;
const TCP_CLOSE_WAIT: u8 = 8;
const TCP_LISTEN: u8 = 10;
const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_MARK: u16 = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::put_attribute;

    fn answer(family: u8, state: u8, local: &[u8], remote: &[u8]) -> Vec<u8> {
        let mut bytes = vec![family, state, 0, 0];
        bytes.extend(7000_u16.to_be_bytes());
        bytes.extend(41000_u16.to_be_bytes());
        for ip in [local, remote] {
            bytes.extend(ip);
            bytes.resize(bytes.len() + 16 - ip.len(), 0);
        }
        bytes.extend(3_u32.to_ne_bytes());
        bytes.extend(0x1_0000_0002_u64.to_ne_bytes());
        for number in [0_u32, 5, 6, 106, 4711] {
            bytes.extend(number.to_ne_bytes());
        }
        bytes
    }

    #[test]
    fn a_socket_is_read_with_its_queues_owner_and_cookie() {
        let mut bytes = answer(2, 1, &[10, 0, 0, 1], &[10, 0, 0, 2]);
        put_attribute(&mut bytes, INET_DIAG_MARK, &0x524c_u32.to_ne_bytes());
        let socket = parse_socket(&bytes).unwrap().unwrap();
        assert_eq!(socket.local, "10.0.0.1:7000".parse().unwrap());
        assert_eq!(socket.remote, "10.0.0.2:41000".parse().unwrap());
        assert_eq!((socket.rqueue, socket.wqueue), (5, 6));
        assert_eq!((socket.uid, socket.inode), (106, 4711));
        assert_eq!((socket.mark, socket.info), (Some(0x524c), None));
        assert_eq!(socket.cookie.to_ne_bytes(), 0x1_0000_0002_u64.to_ne_bytes());
        assert!(!socket.is_quiet());
    }

    #[test]
    fn a_socket_of_both_families_shows_ipv4_and_is_named_as_the_kernel_named_it() {
        let mapped = |last| [[0; 10].as_slice(), &[0xff, 0xff, 10, 0, 0, last]].concat();
        let bytes = answer(10, 8, &mapped(1), &mapped(2));
        let socket = parse_socket(&bytes).unwrap().unwrap();
        assert_eq!(socket.local, "10.0.0.1:7000".parse().unwrap());
        assert_eq!(socket.state, State::CloseWait);
        let request = exact_request(&socket.id);
        assert_eq!(
            request[0], 10,
            "destroyed under IPv6, where the kernel keeps it"
        );
        assert_eq!(request[8..], bytes[4..52]);
    }

    #[test]
    fn only_a_link_local_address_carries_its_interface() {
        let scope = |ip: &str| {
            let ip = ip.parse::<Ipv6Addr>().unwrap().octets();
            match parse_socket(&answer(10, 1, &ip, &ip))
                .unwrap()
                .unwrap()
                .local
            {
                SocketAddr::V6(address) => address.scope_id(),
                SocketAddr::V4(_) => unreachable!(),
            }
        };
        assert_eq!(scope("fe80::1"), 3);
        assert_eq!(scope("fd00::1"), 0);
    }

    #[test]
    fn other_states_are_passed_over_and_short_answers_are_errors() {
        let whole = answer(2, 6, &[10, 0, 0, 1], &[10, 0, 0, 2]);
        assert!(parse_socket(&whole).unwrap().is_none());
        for length in 0..whole.len() {
            assert!(parse_socket(&whole[..length]).is_err(), "{length} bytes");
        }
        assert!(parse_socket(&answer(1, 1, &[0; 4], &[0; 4])).is_err());
    }

    #[test]
    fn a_shorter_tcp_info_of_an_older_kernel_is_no_info() {
        let mut info = vec![0; 148];
        info[24] = 3;
        info[44] = 9;
        info[144] = 7;
        let parsed = parse_info(&info).unwrap();
        assert_eq!((parsed.unacked, parsed.notsent_bytes), (3, 7));
        assert_eq!(parse_info(&info[..147]), None);
    }
}
