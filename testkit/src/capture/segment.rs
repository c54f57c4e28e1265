use std::net::{IpAddr, SocketAddr};

use etherparse::{NetSlice, SlicedPacket, TransportSlice};

use super::pcap::Packet;
use crate::clock::Moment;

/// One TCP segment on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) at: Moment,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) payload: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Reads an Ethernet frame; nothing if it holds no TCP.
    pub(super) fn parse(packet: &'a Packet) -> Option<Self> {
        let sliced = SlicedPacket::from_ethernet(&packet.data).ok()?;
        let (from, to): (IpAddr, IpAddr) = match sliced.net? {
            NetSlice::Ipv4(ip) => (
                ip.header().source_addr().into(),
                ip.header().destination_addr().into(),
            ),
            NetSlice::Ipv6(ip) => (
                ip.header().source_addr().into(),
                ip.header().destination_addr().into(),
            ),
            NetSlice::Arp(_) => return None,
        };
        let Some(TransportSlice::Tcp(tcp)) = sliced.transport else {
            return None;
        };
        Some(Self {
            at: packet.at,
            from: (from, tcp.source_port()).into(),
            to: (to, tcp.destination_port()).into(),
            sequence: tcp.sequence_number(),
            syn: tcp.syn(),
            ack: tcp.ack(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            payload: tcp.payload(),
        })
    }
}
