//! Who takes part, and a pair of its proxies at work.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::config::{Leg, Side, haproxy, nginx, ringlock, stunnel};
use super::identity::Identity;
use super::process::Process;
use super::setting::Setting;
use crate::clock;

/// How long a pair may take until it carries the first bytes.
const START: Duration = Duration::from_secs(10);
/// How long an answer to the first bytes may take.
const ANSWER: Duration = Duration::from_secs(2);
/// How a connection between Cassandra nodes begins (`org.apache.cassandra.net.HandshakeProtocol`,
/// `Initiate`), here that of a node at 127.0.0.1. Ringlock refuses to carry what is no such
/// connection, so all contenders carry this.
pub(crate) const OPENING: [u8; 19] = [
    0xca, 0x55, 0x2d, 0xfa, 0x0c, 0x0c, 0x0c, 0x11, 6, 127, 0, 0, 1, 0x1b, 0x58, 0xdb, 0x76, 0x51,
    0xf2,
];

/// The opening of a node at another address.
pub(crate) fn opening(address: Ipv4Addr) -> [u8; OPENING.len()] {
    const ADDRESS: std::ops::Range<usize> = 9..13;
    const CHECKSUM: std::ops::Range<usize> = 15..19;
    let mut opening = OPENING;
    opening[ADDRESS].copy_from_slice(&address.octets());
    let checksum = ringlock_wire::checksum(&opening[..CHECKSUM.start]);
    opening[CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    opening
}

/// Someone whose figures are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    /// Its column in the table.
    pub(crate) label: String,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a contender is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No proxy: what the client, the kernel and the server take by themselves.
    Direct,
    /// Ringlock, with the path of its program.
    Ringlock(PathBuf),
    /// HAProxy.
    Haproxy,
    /// nginx.
    Nginx,
    /// stunnel.
    Stunnel,
}

impl Kind {
    /// What it is called.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Ringlock(_) => "ringlock",
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
            Self::Stunnel => "stunnel",
        }
    }

    /// Whether it is one that Ringlock is compared with.
    pub(crate) fn is_rival(&self) -> bool {
        match self {
            Self::Haproxy | Self::Nginx | Self::Stunnel => true,
            Self::Direct | Self::Ringlock(_) => false,
        }
    }

    fn command(&self, leg: &Leg<'_>) -> Result<Option<Command>> {
        Ok(match self {
            Self::Direct => None,
            Self::Ringlock(binary) => Some(ringlock::command(binary, leg)?),
            Self::Haproxy => Some(haproxy::command(leg)?),
            Self::Nginx => Some(nginx::command(leg)?),
            Self::Stunnel => Some(stunnel::command(leg)?),
        })
    }
}

/// Where a pair's traffic goes, and with which certificates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route<'a> {
    /// The server behind the pair.
    pub(crate) server: SocketAddr,
    /// Certificate of the proxy in front.
    pub(crate) front: &'a Identity,
    /// Certificate of the proxy behind.
    pub(crate) back: &'a Identity,
    /// Where the proxy in front dials instead of the one behind; for a look at what passes.
    pub(crate) by_way_of: Option<SocketAddr>,
    /// Where the proxy behind listens.
    pub(crate) between: SocketAddr,
}

/// The two proxies of a contender; dropping it ends them.
#[derive(Debug)]
pub(crate) struct Pair {
    entry: SocketAddr,
    between: SocketAddr,
    proxies: Vec<Process>,
    /// Kept for the proxies' configuration and logs.
    _dir: Option<tempfile::TempDir>,
}

impl Pair {
    /// Starts both proxies; [`Pair::await_ready`] tells when they carry traffic.
    pub(crate) fn start(kind: &Kind, setting: &Setting, route: &Route<'_>) -> Result<Self> {
        if *kind == Kind::Direct {
            return Ok(Self {
                entry: route.server,
                between: route.server,
                proxies: Vec::new(),
                _dir: None,
            });
        }
        let dir = setting.folder()?;
        let entry = setting.ports.take()?;
        let start = |side, listen, target, identity| {
            let leg_dir = dir.path().join(Side::name(side));
            std::fs::create_dir(&leg_dir)?;
            let leg = Leg {
                side,
                listen,
                target,
                identity,
                dir: &leg_dir,
                cores: setting.cores,
            };
            spawn(kind, &leg)
        };
        let dialled = route.by_way_of.unwrap_or(route.between);
        let proxies = vec![
            start(Side::Back, route.between, route.server, route.back)?,
            start(Side::Front, entry, dialled, route.front)?,
        ];
        Ok(Self {
            entry,
            between: route.between,
            proxies,
            _dir: Some(dir),
        })
    }

    /// Where clients connect to.
    pub(crate) fn entry(&self) -> SocketAddr {
        self.entry
    }

    /// Waits until a first byte went through both proxies and came back.
    pub(crate) fn await_ready(&self, setting: &Setting) -> Result<()> {
        self.await_that(setting, |pair| greet(pair.entry))
    }

    /// Waits until both proxies take connections, whatever becomes of them.
    pub(crate) fn await_listening(&self, setting: &Setting) -> Result<()> {
        self.await_that(setting, |pair| {
            TcpStream::connect(pair.between).and_then(|_| TcpStream::connect(pair.entry))?;
            Ok(())
        })
    }

    /// Fails if a proxy is no longer there.
    pub(crate) fn check_running(&self) -> Result<()> {
        for proxy in &self.proxies {
            if proxy.has_ended()? {
                bail!("a proxy ended by itself:\n{}", proxy.log_tail());
            }
        }
        Ok(())
    }

    fn await_that(
        &self,
        setting: &Setting,
        attempt: impl Fn(&Self) -> std::io::Result<()>,
    ) -> Result<()> {
        let end = clock::now() + START;
        loop {
            let Err(error) = attempt(self) else {
                return Ok(());
            };
            self.check_running()?;
            if clock::now() > end {
                let logs: Vec<_> = self.proxies.iter().map(Process::log_tail).collect();
                return Err(error).with_context(|| {
                    format!("nothing came back within {START:?}:\n{}", logs.join("\n"))
                });
            }
            setting.interrupt.sleep(Duration::from_millis(20))?;
        }
    }

    /// CPU time that both proxies have used so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        self.proxies.iter().map(Process::cpu).sum()
    }

    /// Memory of both proxies in KiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        self.proxies.iter().map(Process::memory).sum()
    }
}

/// One connection on which its opening goes there and back.
pub(crate) fn greet(entry: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(entry)?;
    stream.set_read_timeout(Some(ANSWER))?;
    exchange_opening(&mut stream)
}

/// Sends the first bytes of a connection, and waits for them to come back, which they do from
/// either server.
pub(crate) fn exchange_opening(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(&OPENING)?;
    let mut back = [0; OPENING.len()];
    stream.read_exact(&mut back)?;
    if back == OPENING {
        return Ok(());
    }
    Err(std::io::Error::other("what came back is not what was sent"))
}

/// Starts one proxy of a contender.
pub(crate) fn spawn(kind: &Kind, leg: &Leg<'_>) -> Result<Process> {
    let Some(command) = kind.command(leg)? else {
        bail!("a direct connection has no proxies");
    };
    Process::spawn(command, &log_file(leg.dir))
}

fn log_file(dir: &Path) -> PathBuf {
    dir.join("log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_what_a_node_at_its_address_would_say() {
        assert_eq!(opening(Ipv4Addr::LOCALHOST), OPENING);
        let other = opening(Ipv4Addr::new(127, 1, 2, 3));
        let part = ringlock_wire::claim::Stage::Opening.read(&other);
        let claimed = part.unwrap().unwrap().claim;
        assert_eq!(claimed, Some(Ipv4Addr::new(127, 1, 2, 3).into()));
    }
}
