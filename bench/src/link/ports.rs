//! Listening ports that nobody else is likely to take.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Result, bail};

/// Below the range from which Linux takes the ports of outgoing connections, so that none of
/// the many connections of a run can sit on the port of the next proxy.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Hands out each port once a run, so that no proxy meets the TIME_WAIT of an earlier one.
#[derive(Debug)]
pub(crate) struct Ports {
    taken: AtomicU16,
}

impl Ports {
    /// Starts at a place that differs from run to run.
    pub(crate) fn new() -> Self {
        let spread = std::process::id() % u32::from(RANGE.end - RANGE.start);
        let offset = u16::try_from(spread).unwrap_or_default();
        Self {
            taken: AtomicU16::new(offset),
        }
    }

    /// A loopback address on which nobody listens.
    pub(crate) fn take(&self) -> Result<SocketAddr> {
        for _ in RANGE {
            let offset = self.taken.fetch_add(1, Ordering::Relaxed) % (RANGE.end - RANGE.start);
            let port = RANGE.start + offset;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if TcpListener::bind(address).is_ok() {
                return Ok(address);
            }
        }
        bail!("no free port between {} and {}", RANGE.start, RANGE.end)
    }
}
