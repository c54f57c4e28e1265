use std::net::SocketAddr;

use etherparse::PacketBuilder;

use super::{pcap::Packet, *};
use crate::clock::Moment;

const CLIENT: &str = "10.77.0.1:50000";
const SERVER: &str = "10.77.0.2:7000";
const MARKER: &str = "needle";
const SYN: u8 = 1;
const ACK: u8 = 2;
const FIN: u8 = 4;

fn at(seconds: u64) -> Moment {
    Moment::from_micros(seconds * 1_000_000)
}

/// A frame as it would be captured, from one end of a connection to the other.
fn frame(from: &str, to: &str, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
    let ethernet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let ip = match (from, to) {
        (SocketAddr::V4(from), SocketAddr::V4(to)) => {
            ethernet.ipv4(from.ip().octets(), to.ip().octets(), 64)
        }
        (SocketAddr::V6(from), SocketAddr::V6(to)) => {
            ethernet.ipv6(from.ip().octets(), to.ip().octets(), 64)
        }
        _ => panic!("both ends are of one family"),
    };
    let mut tcp = ip.tcp(from.port(), to.port(), sequence, 65_535);
    if flags & SYN != 0 {
        tcp = tcp.syn();
    }
    if flags & ACK != 0 {
        tcp = tcp.ack(1);
    }
    if flags & FIN != 0 {
        tcp = tcp.fin();
    }
    let mut frame = Vec::new();
    tcp.write(&mut frame, payload).unwrap();
    frame
}

fn observe(traffic: &mut Traffic, second: u64, data: Vec<u8>) {
    let packet = Packet {
        at: at(second),
        data,
    };
    traffic.observe(&Segment::parse(&packet).unwrap());
}

/// A connection that was seen opening in second 0; the client's first byte has number 101.
fn opened(from: &str, to: &str) -> Traffic {
    let mut traffic = Traffic::new(MARKER);
    observe(&mut traffic, 0, frame(from, to, 100, SYN, b""));
    observe(&mut traffic, 0, frame(to, from, 900, SYN | ACK, b""));
    traffic
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3, high, low], body].concat()
}

#[test]
fn a_plaintext_connection_counts_from_its_first_byte_and_shows_its_rows() {
    for (from, to) in [(CLIENT, SERVER), ("[fd77::1]:50000", "[fd77::2]:7000")] {
        let mut traffic = opened(from, to);
        let first = b"\xCA\x55\x2D\xFA\x01";
        observe(&mut traffic, 1, frame(from, to, 101, ACK, first));
        observe(&mut traffic, 5, frame(from, to, 106, ACK, b"xx needle 7\0"));
        assert_eq!(traffic.plaintext_bytes_since(at(0)), 17);
        assert_eq!(traffic.plaintext_bytes_since(at(2)), 12);
        assert_eq!(traffic.plaintext_bytes_between(at(0), at(5)), 5);
        assert_eq!(traffic.sightings_between(at(5), at(6)), 1);
        let sighting = traffic.last_sighting().unwrap();
        assert_eq!(sighting.excerpt, "needle 7");
        assert_eq!(sighting.from.to_string(), from);
        let flow = traffic.flows().next().unwrap();
        assert!(flow.opening_seen);
        assert_eq!(flow.server.to_string(), to);
    }
}

#[test]
fn tls_is_no_plaintext_in_whatever_order_and_however_often_it_comes() {
    let mut traffic = opened(CLIENT, SERVER);
    let hello = record(22, &[1; 200]);
    let data = record(23, b"a needle, but only by chance in these encrypted bytes");
    let stream = [hello, data.clone(), data].concat();
    let pieces: Vec<_> = stream.chunks(50).enumerate().collect();
    for (index, piece) in pieces.iter().rev().chain(&pieces) {
        let sequence = 101 + u32::try_from(index * 50).unwrap();
        observe(&mut traffic, 1, frame(CLIENT, SERVER, sequence, ACK, piece));
    }
    observe(
        &mut traffic,
        1,
        frame(SERVER, CLIENT, 901, ACK, &record(22, &[2; 90])),
    );
    assert_eq!(traffic.plaintext_bytes_since(at(0)), 0);
    assert_eq!(traffic.unverified_bytes(), 0);
}

#[test]
fn a_repeated_plaintext_segment_is_on_the_wire_again() {
    let mut traffic = opened(CLIENT, SERVER);
    observe(&mut traffic, 1, frame(CLIENT, SERVER, 101, ACK, b"hello"));
    observe(&mut traffic, 9, frame(CLIENT, SERVER, 101, ACK, b"hello"));
    assert_eq!(traffic.plaintext_bytes_since(at(5)), 5);
}

#[test]
fn a_connection_older_than_the_capture_is_plaintext_until_it_ends() {
    let mut traffic = Traffic::new(MARKER);
    let looks_like_tls = record(23, &[0; 20]);
    observe(
        &mut traffic,
        1,
        frame(SERVER, CLIENT, 5000, ACK, &looks_like_tls),
    );
    observe(
        &mut traffic,
        2,
        frame(CLIENT, SERVER, 7000, ACK, &looks_like_tls),
    );
    assert_eq!(traffic.plaintext_bytes_since(at(0)), 50);
    let flow = traffic.flows().next().unwrap();
    assert!(!flow.opening_seen);
    assert_eq!(flow.client.to_string(), CLIENT);
}

#[test]
fn a_new_connection_between_the_same_sockets_is_judged_anew() {
    let mut traffic = opened(CLIENT, SERVER);
    observe(&mut traffic, 1, frame(CLIENT, SERVER, 101, ACK, b"plain"));
    observe(&mut traffic, 2, frame(CLIENT, SERVER, 106, FIN | ACK, b""));
    observe(&mut traffic, 3, frame(CLIENT, SERVER, 4000, SYN, b""));
    observe(&mut traffic, 3, frame(CLIENT, SERVER, 4000, SYN, b""));
    observe(
        &mut traffic,
        4,
        frame(CLIENT, SERVER, 4001, ACK, &record(22, &[1; 9])),
    );
    assert_eq!(traffic.plaintext_bytes_since(at(0)), 5);
    assert_eq!(traffic.plaintext_flows_since(at(0)).len(), 1);
    let ended: Vec<_> = traffic.flows().map(|flow| flow.ended).collect();
    assert_eq!(ended, [true, false]);
}

#[test]
fn plaintext_in_one_direction_does_not_hide_behind_tls_in_the_other() {
    let mut traffic = opened(CLIENT, SERVER);
    observe(
        &mut traffic,
        1,
        frame(CLIENT, SERVER, 101, ACK, &record(22, &[1; 9])),
    );
    observe(
        &mut traffic,
        2,
        frame(SERVER, CLIENT, 901, ACK, b"\x00\x00\x00\x08error"),
    );
    assert_eq!(traffic.plaintext_bytes_since(at(0)), 9);
}

#[test]
fn the_marker_is_found_across_segments_and_each_time_once() {
    let mut traffic = opened(CLIENT, SERVER);
    observe(&mut traffic, 1, frame(CLIENT, SERVER, 101, ACK, b"a nee"));
    observe(
        &mut traffic,
        2,
        frame(CLIENT, SERVER, 106, ACK, b"dle b needle"),
    );
    observe(&mut traffic, 3, frame(CLIENT, SERVER, 118, ACK, b" c"));
    assert_eq!(traffic.sightings(), 2);
}

#[test]
fn sequence_numbers_may_wrap_around() {
    let mut traffic = Traffic::new(MARKER);
    observe(
        &mut traffic,
        0,
        frame(CLIENT, SERVER, u32::MAX - 9, SYN, b""),
    );
    let stream = record(22, &[1; 60]);
    observe(
        &mut traffic,
        1,
        frame(CLIENT, SERVER, 21, ACK, &stream[30..]),
    );
    observe(
        &mut traffic,
        1,
        frame(CLIENT, SERVER, u32::MAX - 8, ACK, &stream[..30]),
    );
    assert_eq!(traffic.plaintext_bytes_since(at(0)), 0);
    assert_eq!(traffic.unverified_bytes(), 0);
}

#[test]
fn what_follows_a_hole_in_the_capture_is_not_vouched_for() {
    let mut traffic = opened(CLIENT, SERVER);
    observe(
        &mut traffic,
        1,
        frame(CLIENT, SERVER, 101, ACK, &record(22, &[1; 9])),
    );
    let lost = 100;
    for index in 0..5000 {
        let sequence = 115 + lost + index;
        observe(&mut traffic, 2, frame(CLIENT, SERVER, sequence, ACK, b"x"));
    }
    assert_eq!(traffic.plaintext_bytes_since(at(0)), 0);
    assert_eq!(traffic.unverified_bytes(), 5000);
}

#[test]
fn bytes_that_never_become_a_record_are_not_vouched_for() {
    let mut traffic = opened(CLIENT, SERVER);
    observe(&mut traffic, 1, frame(CLIENT, SERVER, 101, ACK, &[22, 3]));
    assert_eq!(traffic.unverified_bytes(), 0);
    observe(&mut traffic, 2, frame(CLIENT, SERVER, 103, FIN | ACK, b""));
    assert_eq!(traffic.unverified_bytes(), 2);
}

#[test]
fn the_kernels_drops_are_read_from_tcpdumps_last_words() {
    let log = "12 packets captured\n15 packets received by filter\n3 packets dropped by kernel\n";
    assert_eq!(dropped_by_kernel(log), 3);
}
