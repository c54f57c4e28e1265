//! What connection tracking knows of one connection (`linux/netfilter/nfnetlink_conntrack.h`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;

use super::DiagError;
use crate::netlink::{NLA_F_NESTED, Netlink, NetlinkError, array_at, attribute, put_attribute};

/// Where packets from `source` to `target` really go: the source of the answers, as tracked.
///
/// The entry is found from either end of the connection; seen from the end that accepted it, the
/// answer is `target` again unless the dialler's address is translated.
pub(super) fn destination(
    netlink: &mut Netlink,
    source: SocketAddr,
    target: SocketAddr,
) -> Result<Option<SocketAddr>, DiagError> {
    match netlink.request(CTNETLINK_GET, &request(source, target)) {
        Ok(answers) => {
            let entry = answers
                .first()
                .and_then(|answer| answer.get(GENERIC_HEADER..));
            let end = entry.and_then(|entry| answering_end(entry, source));
            end.map(Some).ok_or(DiagError::Malformed(
                "a tracked connection without its addresses",
            ))
        }
        Err(NetlinkError::Refused(Errno::NOENT)) => Ok(None),
        Err(NetlinkError::Refused(Errno::INVAL | Errno::OPNOTSUPP)) => Err(DiagError::Unsupported(
            "a view of connection tracking (module nf_conntrack_netlink)",
        )),
        Err(error) => Err(error.into()),
    }
}

/// `struct nfgenmsg` and the tuple to look for.
fn request(source: SocketAddr, target: SocketAddr) -> Vec<u8> {
    let mut addresses = Vec::new();
    let (from, to) = if source.is_ipv4() {
        (V4_SOURCE, V4_TARGET)
    } else {
        (V6_SOURCE, V6_TARGET)
    };
    put_attribute(&mut addresses, from, &octets(source.ip()));
    put_attribute(&mut addresses, to, &octets(target.ip()));
    let mut protocol = Vec::new();
    put_attribute(&mut protocol, PROTOCOL_NUMBER, &[IPPROTO_TCP]);
    put_attribute(&mut protocol, SOURCE_PORT, &source.port().to_be_bytes());
    put_attribute(&mut protocol, TARGET_PORT, &target.port().to_be_bytes());
    let mut tuple = Vec::new();
    put_attribute(&mut tuple, TUPLE_ADDRESSES | NLA_F_NESTED, &addresses);
    put_attribute(&mut tuple, TUPLE_PROTOCOL | NLA_F_NESTED, &protocol);
    let family = if source.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut body = vec![family, 0, 0, 0];
    put_attribute(&mut body, ORIGINAL_TUPLE | NLA_F_NESTED, &tuple);
    body
}

/// The end of the entry that `asker` talks to. The entry holds the tuple of either direction;
/// the asker is the source of one, and the other one's source is who answers.
fn answering_end(entry: &[u8], asker: SocketAddr) -> Option<SocketAddr> {
    let original = source(attribute(entry, ORIGINAL_TUPLE)?)?;
    let reply = source(attribute(entry, REPLY_TUPLE)?)?;
    // Without the scope of a link-local address, which tracking does not know.
    let asked = original.ip() == asker.ip() && original.port() == asker.port();
    Some(if asked { reply } else { original })
}

fn source(tuple: &[u8]) -> Option<SocketAddr> {
    let addresses = attribute(tuple, TUPLE_ADDRESSES)?;
    let protocol = attribute(tuple, TUPLE_PROTOCOL)?;
    let v4 = attribute(addresses, V4_SOURCE)
        .and_then(|octets| array_at::<4>(octets, 0))
        .map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    let v6 = attribute(addresses, V6_SOURCE)
        .and_then(|octets| array_at::<16>(octets, 0))
        .map(|octets| IpAddr::V6(Ipv6Addr::from(octets)));
    let port = u16::from_be_bytes(array_at(attribute(protocol, SOURCE_PORT)?, 0)?);
    Some(SocketAddr::new(v4.or(v6)?, port))
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// Subsystem 1 (`NFNL_SUBSYS_CTNETLINK`), message 1 (`IPCTNL_MSG_CT_GET`).
const CTNETLINK_GET: u16 = 1 << 8 | 1;
const GENERIC_HEADER: usize = 4;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
const ORIGINAL_TUPLE: u16 = 1;
const REPLY_TUPLE: u16 = 2;
const TUPLE_ADDRESSES: u16 = 1;
const TUPLE_PROTOCOL: u16 = 2;
const V4_SOURCE: u16 = 1;
const V4_TARGET: u16 = 2;
const V6_SOURCE: u16 = 3;
const V6_TARGET: u16 = 4;
const PROTOCOL_NUMBER: u16 = 1;
const SOURCE_PORT: u16 = 2;
const TARGET_PORT: u16 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry as the kernel gives it, from tuples as [`request`] writes them.
    fn entry(original: (&str, &str), reply: (&str, &str)) -> Vec<u8> {
        let tuple = |(from, to): (&str, &str)| {
            let body = request(from.parse().unwrap(), to.parse().unwrap());
            attribute(&body[GENERIC_HEADER..], ORIGINAL_TUPLE)
                .unwrap()
                .to_vec()
        };
        let mut bytes = Vec::new();
        put_attribute(&mut bytes, ORIGINAL_TUPLE | NLA_F_NESTED, &tuple(original));
        put_attribute(&mut bytes, REPLY_TUPLE | NLA_F_NESTED, &tuple(reply));
        bytes
    }

    #[test]
    fn a_redirected_connection_leads_to_who_answers_it() {
        for (dialler, dialled, agent) in [
            ("10.0.0.1:41000", "10.0.0.2:7000", "127.0.0.1:17001"),
            ("[fd00::1]:41000", "[fd00::2]:7000", "[::1]:17001"),
        ] {
            let entry = entry((dialler, dialled), (agent, dialler));
            let end = answering_end(&entry, dialler.parse().unwrap());
            assert_eq!(end, Some(agent.parse().unwrap()));
        }
    }

    #[test]
    fn an_accepted_connection_leads_to_who_dialled_it() {
        let (dialler, dialled) = ("10.0.0.2:41000", "10.0.0.1:7000");
        let entry = entry((dialler, dialled), (dialled, dialler));
        let end = answering_end(&entry, dialled.parse().unwrap());
        assert_eq!(end, Some(dialler.parse().unwrap()));
    }

    #[test]
    fn an_entry_cut_anywhere_is_no_entry() {
        let whole = entry(("10.0.0.2:1", "10.0.0.1:2"), ("10.0.0.1:2", "10.0.0.2:1"));
        for length in 0..whole.len() - 1 {
            let end = answering_end(&whole[..length], "10.0.0.2:1".parse().unwrap());
            assert_eq!(end, None, "{length} bytes");
        }
    }
}
