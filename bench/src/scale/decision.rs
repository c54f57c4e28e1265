//! What it costs to decide about one connection in a cluster of two datacenters.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use ringlock_model::{InternodeEncryption, Mode, Place};
use ringlock_policy::{accept, dial};
use ringlock_topology::{Claims, Source};

use crate::clock;

/// Decisions of one turn.
const DECISIONS: u32 = 1_000_000;
/// The least of these counts, since what is above it is other programs' doing.
const TURNS: usize = 7;

/// Nanoseconds for finding the place of one of `peers` and deciding how to dial it and what to
/// accept from it.
pub(super) fn nanoseconds(peers: u32) -> f64 {
    let peers: Vec<IpAddr> = (0..peers).map(address).collect();
    let places = peers.iter().zip((0..).map(place));
    let claims = Claims {
        own: vec![(Source::Configuration, place(0))],
        rows: places.map(|(peer, place)| (*peer, place)).collect(),
        ..Claims::default()
    };
    let map = claims.settle();
    let mode = Mode::new(InternodeEncryption::Rack, false);
    let turn = || {
        let started = clock::now();
        for (_, peer) in (0..DECISIONS).zip(peers.iter().cycle()) {
            let crossing = map.crossing(*black_box(peer));
            black_box((dial(mode, crossing), accept(mode, crossing)));
        }
        started.elapsed().as_secs_f64() * 1e9 / f64::from(DECISIONS)
    };
    (0..TURNS).map(|_| turn()).fold(f64::INFINITY, f64::min)
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 1).to_bits() + number).into()
}

fn place(number: u32) -> Place {
    Place {
        datacenter: format!("dc{}", number % 2),
        rack: format!("r{}", number / 2 % 3),
    }
}
