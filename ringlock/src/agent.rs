//! `ringlock agent`: the agent itself, and orders to it.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use hyper::Method;
use ringlock_agent::Agent;
use ringlock_config::Config;
use ringlock_model::{
    Direction, Mode,
    admin::{Cut, CutOutcome, CutReport, CutRequest, Reloaded, SetMode, Status},
};

use crate::{
    client::Target,
    intercept,
    outcome::{Failure, Outcome, print},
};

/// What `ringlock agent` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the agent in the foreground until SIGTERM.
    Run(RunArgs),
    /// Install, remove or show the rules that lead connections to the agent.
    #[command(subcommand)]
    Intercept(intercept::Command),
    /// Cut connections that go past the agent, one pair after the other.
    Cut(CutArgs),
    /// Change what is required of links; holds across restarts of the agent.
    Mode(ModeArgs),
    /// Read changed files now; says what is wrong with them.
    Reload(OrderArgs),
    /// Take no new connections and end those that are there gently.
    Drain(OrderArgs),
    /// Drain, then end the agent.
    Stop(OrderArgs),
}

#[derive(Args)]
pub(crate) struct RunArgs {
    /// The agent's ringlock.yaml
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Args)]
pub(crate) struct CutArgs {
    /// Cut the connections with this peer, by any address that the local node tells of it
    #[arg(
        long,
        value_name = "IP",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    peer: Option<IpAddr>,
    /// Cut the connections with every peer, one pair after the other
    #[arg(long)]
    all: bool,
    /// Only connections that were opened this way [default: both, outbound first]
    #[arg(long, value_parser = parse_direction)]
    direction: Option<Direction>,
    /// How long to wait for a quiet moment, and then for the pair to be back
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    patience: Duration,
    #[command(flatten)]
    target: Target,
}

#[derive(Args)]
pub(crate) struct ModeArgs {
    /// none, none+optional, transitional, dc+optional, dc, rack+optional, rack, all+optional or all
    mode: Mode,
    #[command(flatten)]
    target: Target,
}

#[derive(Args)]
pub(crate) struct OrderArgs {
    #[command(flatten)]
    target: Target,
}

/// Carries out one command.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Run(args) => serve(&args.config),
        Command::Intercept(command) => intercept::run(&command),
        Command::Cut(args) => cut(&args),
        Command::Mode(args) => {
            let order = SetMode { mode: args.mode };
            let status: Status = args.target.send(Method::PUT, "/v1/mode", &order)?;
            print(format_args!(
                "mode {} ({})",
                status.mode, status.mode_origin
            ))
        }
        Command::Reload(args) => {
            let reloaded: Reloaded = args.target.send(Method::POST, "/v1/reload", &())?;
            print(if reloaded.changed {
                "reloaded"
            } else {
                "nothing to reload: no file was changed"
            })
        }
        Command::Drain(args) => order(&args, "/v1/drain", "draining"),
        Command::Stop(args) => order(&args, "/v1/stop", "stopping"),
    }
}

/// Reads `ringlock.yaml` and the database's file that it names; every mistake is one line of the
/// failure.
pub(crate) fn read_config(path: &Path) -> Result<Config, Failure> {
    ringlock_agent::read_config(path).map_err(Failure::wrong)
}

fn serve(config: &Path) -> Outcome {
    let config = read_config(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let agent = Agent::build(config).map_err(Failure::wrong)?;
        agent.run().await.map_err(Failure::failed)
    })
}

fn order(args: &OrderArgs, path: &str, done: &str) -> Outcome {
    let status: Status = args.target.send(Method::POST, path, &())?;
    print(format_args!("{done}: {} links", status.links.len()))
}

fn cut(args: &CutArgs) -> Outcome {
    let request = CutRequest {
        peer: args.peer,
        direction: args.direction,
        patience_ms: u64::try_from(args.patience.as_millis()).map_err(Failure::wrong)?,
    };
    let report: CutReport = args.target.send(Method::POST, "/v1/cut", &request)?;
    if report.cuts.is_empty() {
        return match args.peer {
            // It may be connected by another of its addresses, which the agent need not know.
            Some(peer) => print(format_args!(
                "nothing with {peer} goes past the agent; `ringlock status` shows what does"
            )),
            None => print("nothing goes past the agent"),
        };
    }
    for cut in &report.cuts {
        print(describe(cut))?;
    }
    let left = report
        .cuts
        .iter()
        .filter(|cut| matches!(cut.outcome, CutOutcome::NotBack | CutOutcome::Busy))
        .count();
    if left > 0 {
        return Err(Failure::failed(format!(
            "{left} of {} connections could not be led back through the agent",
            report.cuts.len()
        )));
    }
    Ok(())
}

fn describe(cut: &Cut) -> String {
    let connection = &cut.connection;
    let outcome = match (cut.outcome, cut.back_after_ms) {
        (CutOutcome::Back, Some(after)) => format!("cut, back through the agent after {after} ms"),
        (CutOutcome::Back, None) => "cut, back through the agent".to_owned(),
        (CutOutcome::NotBack, _) => "cut, but not back in time; no other pair was cut".to_owned(),
        (CutOutcome::Busy, _) => format!(
            "left alone: something was in flight for all of {} ms",
            cut.waited_ms
        ),
        (CutOutcome::Gone, _) => "gone by itself".to_owned(),
    };
    let peer = SocketAddr::new(connection.peer, connection.port);
    format!("{} {peer}: {outcome}", connection.direction)
}

fn parse_direction(text: &str) -> Result<Direction, String> {
    match text {
        "inbound" => Ok(Direction::Inbound),
        "outbound" => Ok(Direction::Outbound),
        _ => Err("expected inbound or outbound".to_owned()),
    }
}

/// A duration such as `500ms`, `30s` or `2m`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err("expected a number with ms, s or m, such as 30s".to_owned()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .map(Duration::from_millis)
        .ok_or_else(|| "expected a number with ms, s or m, such as 30s".to_owned())
}
