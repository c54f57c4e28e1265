use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::OrFail;

/// Below the ports from which the kernel picks those of dialling sockets.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;
/// How far the first choices of two processes lie apart.
const STRIDE: u32 = 97;

/// An address on loopback that nobody listens on. It is given out once in this process.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let own = std::process::id().wrapping_mul(STRIDE);
    (0..COUNT)
        .map(|_| own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT + FIRST)
        .filter_map(|port| u16::try_from(port).ok())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .or_fail("looking for a free port")
}
