//! One link, plaintext → TLS → plaintext, carried by Ringlock and by its rivals in turns.
//!
//! ```text
//! client ── plaintext ──▶ front ══ TLS 1.3, mutual ══▶ back ── plaintext ──▶ server
//! └ this process ┘        └────── a contender's two proxies ──────┘      └ this process ┘
//! ```

pub(crate) mod backend;
pub(crate) mod config;
pub(crate) mod contender;
mod handshake;
pub(crate) mod identity;
mod load;
pub(crate) mod machine;
pub(crate) mod namespace;
mod ports;
pub(crate) mod process;
pub(crate) mod procfs;
mod progress;
mod proof;
mod report;
mod results;
mod scenario;
pub(crate) mod setting;
mod tap;

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use socket2::{Domain, Protocol, Socket, Type};

use self::contender::{Contender, Kind};
use self::machine::Machine;
use self::progress::Progress;
use self::report::Report;
use self::results::Results;
use self::scenario::Scenario;
use self::setting::{Plan, Setting};
use crate::interrupt::Interrupt;

/// What to compare, and how thoroughly.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Short rounds: whether it works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Only these contenders [default: all].
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    only: Vec<Name>,
    /// How often each contender has its turn [default: 5; with --quick 2].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,
    /// Only this traffic; may be repeated [default: all].
    #[arg(long, value_name = "NAME")]
    scenario: Vec<Scenario>,
    /// The program to measure [default: $RINGLOCK_BIN, else target/release/ringlock].
    #[arg(long, value_name = "PATH")]
    ringlock: Option<PathBuf>,
    /// Another build of it, measured beside the first under this label; may be repeated.
    #[arg(long, value_name = "PATH=LABEL", value_parser = parse_extra)]
    ringlock_extra: Vec<Contender>,
    /// How TCP finds its speed: any that the kernel has, or `system` for the machine's own.
    #[arg(long, value_name = "NAME", default_value = "cubic")]
    congestion_control: String,
    /// Where the JSON goes.
    #[arg(long, value_name = "FILE", default_value = "target/bench/link.json")]
    out: PathBuf,
}

/// Contenders by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    Direct,
    Ringlock,
    Haproxy,
    Nginx,
    Stunnel,
}

/// Measures, prints the tables, and writes the JSON.
pub(crate) fn run(options: &Options) -> Result<()> {
    namespace::enter(&options.congestion_control)?;
    let interrupt = Interrupt::install().context("taking over signals")?;
    let contenders = options.contenders();
    for contender in &contenders {
        machine::check_installed(&contender.kind)?;
    }
    let ringlock = binary(options.ringlock.as_deref());
    machine::check_installed(&Kind::Ringlock(ringlock.clone()))
        .context("ringlock issues the certificates of all contenders")?;
    let plan = options.plan();
    machine::raise_open_files(3 * plan.idle_connections as u64)?;
    let setting = Setting::prepare(interrupt, &ringlock, plan)?;
    let report = measure(contenders, options.scenarios(), &setting)?;
    writeln!(std::io::stdout(), "{}", report.text())?;
    if let Some(folder) = options.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    ringlock_files::write_atomic(&options.out, 0o644, report.json()?.as_bytes())?;
    writeln!(
        std::io::stdout(),
        "\nEvery figure: {}",
        options.out.display()
    )?;
    Ok(())
}

fn measure(
    contenders: Vec<Contender>,
    scenarios: Vec<Scenario>,
    setting: &Setting,
) -> Result<Report> {
    let turns = turns(&contenders, &scenarios, &setting.plan);
    let progress = Progress::new((turns.len() + contenders.len()) as u64)?;
    let mut agreed = Vec::new();
    let mut versions = Vec::new();
    for contender in &contenders {
        progress.next(format!("checking {}", contender.label));
        versions.push(machine::version(&contender.kind)?);
        let proved = proof::prove(contender, setting);
        agreed.push(proved.with_context(|| format!("checking {}", contender.label))?);
        progress.done();
    }
    let mut results = Results::default();
    for turn in turns {
        let Contender { label, kind } = &contenders[turn.contender];
        let what = progress::turn(turn.scenario, turn.round, setting.plan.rounds, label);
        progress.next(what.clone());
        let figures = load::measure(turn.scenario, kind, setting).context(what)?;
        results.add(turn.scenario, turn.contender, &figures);
        progress.done();
    }
    progress.finish();
    Ok(Report {
        machine: Machine::this()?,
        plan: setting.plan,
        scenarios,
        contenders,
        versions,
        agreed,
        results,
    })
}

/// One contender at one scenario, once.
#[derive(Debug, Clone, Copy)]
struct Turn {
    scenario: Scenario,
    round: u32,
    contender: usize,
}

/// A B C D, A B C D, …: what else goes on at the machine then meets all of them alike.
fn turns(contenders: &[Contender], scenarios: &[Scenario], plan: &Plan) -> Vec<Turn> {
    let mut turns = Vec::new();
    for round in 0..plan.rounds {
        for &scenario in scenarios {
            if scenario == Scenario::Idle && round >= plan.idle_rounds {
                continue;
            }
            for (contender, Contender { kind, .. }) in contenders.iter().enumerate() {
                if *kind != Kind::Direct || scenario.has_baseline() {
                    turns.push(Turn {
                        scenario,
                        round,
                        contender,
                    });
                }
            }
        }
    }
    turns
}

impl Options {
    fn plan(&self) -> Plan {
        let mut plan = if self.quick {
            Plan::quick()
        } else {
            Plan::full()
        };
        if let Some(rounds) = self.rounds {
            plan.rounds = rounds;
            plan.idle_rounds = plan.idle_rounds.min(rounds);
        }
        plan
    }

    fn scenarios(&self) -> Vec<Scenario> {
        let asked =
            |scenario: &Scenario| self.scenario.is_empty() || self.scenario.contains(scenario);
        Scenario::ALL.into_iter().filter(asked).collect()
    }

    fn contenders(&self) -> Vec<Contender> {
        let asked = |name: &&Name| self.only.is_empty() || self.only.contains(name);
        let mut contenders = Vec::new();
        for name in Name::value_variants().iter().filter(asked) {
            let kind = match name {
                Name::Direct => Kind::Direct,
                Name::Ringlock => Kind::Ringlock(binary(self.ringlock.as_deref())),
                Name::Haproxy => Kind::Haproxy,
                Name::Nginx => Kind::Nginx,
                Name::Stunnel => Kind::Stunnel,
            };
            let label = format!("{name:?}").to_lowercase();
            contenders.push(Contender { label, kind });
            if *name == Name::Ringlock {
                contenders.extend(self.ringlock_extra.iter().cloned());
            }
        }
        contenders
    }
}

/// The program to measure: the one named, else $RINGLOCK_BIN, else what a release build makes.
pub(crate) fn binary(named: Option<&Path>) -> PathBuf {
    named
        .map(Path::to_owned)
        .or_else(|| std::env::var_os("RINGLOCK_BIN").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("target/release/ringlock"))
}

fn parse_extra(text: &str) -> Result<Contender> {
    let (path, label) = text.rsplit_once('=').context("expected PATH=LABEL")?;
    ensure!(!path.is_empty() && !label.is_empty(), "expected PATH=LABEL");
    Ok(Contender {
        label: label.to_owned(),
        kind: Kind::Ringlock(path.into()),
    })
}

/// A listening socket that does not block, with room for a crowd that connects at once.
fn listen(address: SocketAddr) -> Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket
        .bind(&address.into())
        .with_context(|| format!("listening on {address}"))?;
    socket.listen(4096)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests;
