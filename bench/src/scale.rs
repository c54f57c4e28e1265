//! One node of a large cluster: what its proxy keeps in memory for idle links with every peer.
//!
//! ```text
//! 127.1.x.y ══ TLS, mutual, a certificate of its own ══▶ proxy ── plaintext ──▶ server
//! └──────────── a thousand peers ────────────────────┘
//! ```
//!
//! Each peer has its own address, certificate and sessions, as in a cluster, so that nothing a
//! proxy shares between connections is shared by accident.

mod decision;
mod peer;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use self::peer::{Link, Peers};
use crate::clock;
use crate::interrupt::Interrupt;
use crate::link::config::{Leg, Side};
use crate::link::contender::{Kind, spawn};
use crate::link::machine::{self, Machine};
use crate::link::process::Process;
use crate::link::setting::{Plan, Setting};
use crate::link::{binary, namespace};
use crate::outcome;

/// What Ringlock may take for all links of the default size above what it has at the start: MiB.
const TARGET_MIB: f64 = 25.0;
/// The size that the target is meant for.
const TARGET_LINKS: u32 = 3_000;
/// What one decision may take.
const TARGET_DECISION_NS: f64 = 1_000.0;
/// How long a proxy may take until it listens.
const START: Duration = Duration::from_secs(10);
/// How long memory may go on falling before it counts as it is.
const LONGEST_WAIT: Duration = Duration::from_secs(12);
const LOOK: Duration = Duration::from_millis(500);

/// How large the cluster is.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Peers of the node.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    peers: u32,
    /// Links with each of them.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10))]
    links: u32,
    /// The program to measure [default: $RINGLOCK_BIN, else target/release/ringlock].
    #[arg(long, value_name = "PATH")]
    ringlock: Option<PathBuf>,
    /// Where the JSON goes.
    #[arg(long, value_name = "FILE", default_value = "target/bench/scale.json")]
    out: PathBuf,
}

/// Everything that a run found out.
#[derive(Debug, Serialize)]
struct Report {
    machine: Machine,
    peers: u32,
    links_each: u32,
    /// Deciding about one connection, in nanoseconds: the least of several turns.
    decision_ns: f64,
    rows: Vec<Row>,
}

/// One contender.
#[derive(Debug, Serialize)]
struct Row {
    program: String,
    version: String,
    /// Proportional set size before the first link, in MiB.
    start_mib: f64,
    /// What all links together added to it, once they lay idle, in MiB.
    links_mib: f64,
    /// CPU time of all handshakes, in seconds.
    handshakes_cpu_seconds: f64,
}

/// Measures, prints the table, and writes the JSON.
pub(crate) fn run(options: &Options) -> Result<()> {
    // Only memory and CPU time are measured, which congestion control has no part in.
    namespace::enter("cubic")?;
    let interrupt = Interrupt::install().context("taking over signals")?;
    let ringlock = binary(options.ringlock.as_deref());
    let contenders = [
        Kind::Ringlock(ringlock.clone()),
        Kind::Haproxy,
        Kind::Nginx,
        Kind::Stunnel,
    ];
    for contender in &contenders {
        machine::check_installed(contender)?;
    }
    // Ours, the proxy's two, and the server's.
    machine::raise_open_files(4 * u64::from(options.peers * options.links) + 1_000)?;
    let setting = Setting::prepare(interrupt, &ringlock, Plan::full())?;
    let peers = Peers::issue(&setting.identities, options.peers)?;
    let mut rows = Vec::new();
    for contender in &contenders {
        let _ = writeln!(std::io::stderr(), "{}", contender.name());
        let row = measure(contender, &peers, options.links, &setting);
        rows.push(row.with_context(|| contender.name().to_owned())?);
    }
    let report = Report {
        machine: Machine::this()?,
        peers: options.peers,
        links_each: options.links,
        decision_ns: decision::nanoseconds(options.peers),
        rows,
    };
    outcome::tell(&report.text(), &report, &options.out)
}

fn measure(kind: &Kind, peers: &Peers, links: u32, setting: &Setting) -> Result<Row> {
    let proxy = Proxy::start(kind, setting)?;
    let (before, cpu) = (proxy.process.memory()?, proxy.process.cpu()?);
    let mut open: Vec<Link> = Vec::new();
    for _ in 0..links {
        for peer in peers.all() {
            setting.interrupt.check()?;
            open.push(peer.link(proxy.listen)?);
        }
    }
    let cpu = proxy.process.cpu()?.saturating_sub(cpu);
    let after = proxy.rest(setting)?;
    // A proxy that had let go of links would look thrifty.
    for link in &open {
        link.check_alive()?;
    }
    Ok(Row {
        program: kind.name().to_owned(),
        version: machine::version(kind)?,
        start_mib: mib(before),
        links_mib: mib(after.saturating_sub(before)),
        handshakes_cpu_seconds: cpu.as_secs_f64(),
    })
}

/// The proxy of one node, which takes TLS from peers and hands plaintext to the server.
struct Proxy {
    process: Process,
    listen: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Proxy {
    fn start(kind: &Kind, setting: &Setting) -> Result<Self> {
        let dir = setting.folder()?;
        let listen = setting.ports.take()?;
        let leg = Leg {
            side: Side::Back,
            listen,
            target: setting.backend.echo.address(),
            identity: &setting.identities.back,
            dir: dir.path(),
            cores: setting.cores,
        };
        let proxy = Self {
            process: spawn(kind, &leg)?,
            listen,
            _dir: dir,
        };
        let end = clock::now() + START;
        while std::net::TcpStream::connect(listen).is_err() {
            let log = || proxy.process.log_tail();
            ensure!(
                !proxy.process.has_ended()?,
                "it ended by itself:\n{}",
                log()
            );
            ensure!(clock::now() < end, "it does not listen:\n{}", log());
            setting.interrupt.sleep(Duration::from_millis(20))?;
        }
        Ok(proxy)
    }

    /// Waits until memory no longer falls by a hundredth from one look to the next.
    fn rest(&self, setting: &Setting) -> Result<u64> {
        setting.interrupt.sleep(setting.plan.idle_wait)?;
        let end = clock::now() + LONGEST_WAIT;
        let mut last = self.process.memory()?;
        loop {
            setting.interrupt.sleep(LOOK)?;
            let now = self.process.memory()?;
            if now.saturating_mul(100) >= last.saturating_mul(99) || clock::now() > end {
                return Ok(now);
            }
            last = now;
        }
    }
}

impl Report {
    fn text(&self) -> String {
        let header = [
            "program",
            "version",
            "start MiB",
            "links MiB",
            "KiB a link",
            "CPU ms a handshake",
        ];
        let links = f64::from(self.peers * self.links_each);
        let rows = self.rows.iter().map(|row| {
            [
                row.program.clone(),
                row.version.clone(),
                format!("{:.1}", row.start_mib),
                format!("{:.1}", row.links_mib),
                format!("{:.1}", row.links_mib * 1024.0 / links),
                format!("{:.2}", row.handshakes_cpu_seconds * 1e3 / links),
            ]
        });
        format!(
            "{}\n{}\n{} peers with {} links each.{}\n{}",
            self.machine,
            outcome::table(header, 2..6, rows),
            self.peers,
            self.links_each,
            self.verdict(),
            self.decisions(),
        )
    }

    /// Ringlock beside the thriftiest rival, and beside its target where that is meant.
    fn verdict(&self) -> String {
        let Some((ours, rivals)) = self.rows.split_first() else {
            return String::new();
        };
        let best = rivals.iter().map(|row| row.links_mib);
        let best = best.fold(f64::INFINITY, f64::min);
        let mut text = format!(
            " Links of Ringlock to those of the best rival: {:.2}.",
            ours.links_mib / best
        );
        if self.peers * self.links_each == TARGET_LINKS {
            let reached = outcome::reached(ours.links_mib <= TARGET_MIB);
            text += &format!(" Target at most {TARGET_MIB} MiB: {reached}.");
        }
        text
    }

    /// What a decision costs, beside the handshake that follows it.
    fn decisions(&self) -> String {
        let handshake = self.rows.first().map_or(f64::NAN, |ours| {
            ours.handshakes_cpu_seconds * 1e9 / f64::from(self.peers * self.links_each)
        });
        format!(
            "A decision of the policy, with the peer's place among {}: {:.0} ns, {:.5} of a handshake. \
             Target below {TARGET_DECISION_NS} ns: {}.",
            self.peers,
            self.decision_ns,
            self.decision_ns / handshake,
            outcome::reached(self.decision_ns < TARGET_DECISION_NS)
        )
    }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
