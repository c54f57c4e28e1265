//! What crosses the network, seen from outside: `tcpdump` on the bridge and an analyser that
//! tells TLS from plaintext byte by byte.
//!
//! The analyser reads along while tcpdump runs; nothing is written to disk. CQL is left out:
//! everything else that the nodes say to each other over TCP is looked at, whatever its port.

mod framing;
mod pcap;
mod segment;
mod stream;
mod traffic;

use std::{
    io,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

pub use self::{
    pcap::PcapError,
    traffic::{Flow, Sighting, Traffic},
};
use self::{pcap::PcapReader, segment::Segment};
use crate::{
    cassandra::CQL_PORT,
    lab::{BRIDGE, Namespace},
    process::{Process, ProcessError, Signal},
};

/// How long the kernel may hold packets back from tcpdump, with room.
const LAG: Duration = Duration::from_millis(1500);
/// The kernel's buffer for tcpdump, in KiB: seconds of the load's traffic.
const BUFFER_KIB: u32 = 65_536;
const PATIENCE: Duration = Duration::from_secs(20);

/// Why there is no capture, or why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// tcpdump did not start or ended.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// tcpdump's output broke off or makes no sense.
    #[error("cannot read what tcpdump captured: {0}")]
    Pcap(#[from] PcapError),
    /// The reading thread could not be started, or panicked.
    #[error("the analysis of the capture broke off")]
    Broken(#[source] Option<io::Error>),
}

/// A running capture. It ends when this is dropped.
#[derive(Debug)]
pub struct Capture {
    tcpdump: Process,
    traffic: Arc<Mutex<Traffic>>,
    reader: Option<JoinHandle<Result<(), PcapError>>>,
}

/// A capture that has ended.
#[derive(Clone, Debug)]
pub struct Captured {
    /// What was seen.
    pub traffic: Traffic,
    /// Packets that the kernel could not hand over; what they held is not known.
    pub dropped_by_kernel: u64,
}

impl Capture {
    /// Captures on the lab's bridge, whose namespace is given, and looks for the marker in clear.
    /// The log of tcpdump goes to that file. Start it before the nodes, so that every connection
    /// is seen from its first byte: those that are not count as plaintext.
    pub fn start(bridge: &Namespace, marker: &str, log: &Path) -> Result<Self, CaptureError> {
        Self::start_on(BRIDGE, bridge, marker, log)
    }

    /// The same on the bridge of that name.
    pub fn start_on(
        name: &str,
        bridge: &Namespace,
        marker: &str,
        log: &Path,
    ) -> Result<Self, CaptureError> {
        let mut command = Command::new("tcpdump");
        command
            .args(["-i", name, "-n", "-w", "-", "-Z", "root"])
            .args(["-B", &BUFFER_KIB.to_string()])
            .arg(format!("tcp and not port {CQL_PORT}"));
        let (mut tcpdump, output) = Process::start_piped("tcpdump", command, Some(bridge), log)?;
        tcpdump.wait_for("listening on", 1, PATIENCE)?;
        let traffic = Arc::new(Mutex::new(Traffic::new(marker)));
        let reader = thread::Builder::new()
            .name("capture".to_owned())
            .spawn({
                let traffic = Arc::clone(&traffic);
                move || output.map_or(Ok(()), |output| analyse(output, &traffic))
            })
            .map_err(|error| CaptureError::Broken(Some(error)))?;
        Ok(Self {
            tcpdump,
            traffic,
            reader: Some(reader),
        })
    }

    /// What was seen so far; the newest packets may be missing.
    pub fn so_far(&self) -> Traffic {
        lock(&self.traffic).clone()
    }

    /// How often the marker was seen in clear so far, and where last.
    pub fn sightings(&self) -> (usize, Option<Sighting>) {
        let traffic = lock(&self.traffic);
        (traffic.sightings(), traffic.last_sighting().cloned())
    }

    /// Waits for the packets under way, ends the capture and tells what was seen.
    pub fn finish(mut self) -> Result<Captured, CaptureError> {
        thread::sleep(LAG);
        self.tcpdump.signal(Signal::INT);
        self.tcpdump.wait_for_end(PATIENCE)?;
        if let Some(reader) = self.reader.take() {
            reader.join().map_err(|_| CaptureError::Broken(None))??;
        }
        let log = self.tcpdump.log()?;
        let traffic = lock(&self.traffic).clone();
        Ok(Captured {
            traffic,
            dropped_by_kernel: dropped_by_kernel(&log),
        })
    }
}

fn analyse(output: impl io::Read, traffic: &Mutex<Traffic>) -> Result<(), PcapError> {
    let mut packets = PcapReader::new(io::BufReader::with_capacity(1 << 18, output))?;
    while let Some(packet) = packets.next_packet()? {
        if let Some(segment) = Segment::parse(&packet) {
            lock(traffic).observe(&segment);
        }
    }
    Ok(())
}

/// The number in tcpdump's last words, such as `0 packets dropped by kernel`.
fn dropped_by_kernel(log: &str) -> u64 {
    log.lines()
        .filter_map(|line| line.strip_suffix("dropped by kernel"))
        .filter_map(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .sum()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
