//! Ringlock side by side with its rivals, on one machine, in one run.
//!
//! `ringlock-bench link` carries the same traffic through two Ringlock agents and through pairs
//! of HAProxy, nginx and stunnel, in turns, and prints what each of them made of it. Everything
//! stays on the loopback interface. `ringlock-bench check` does the same for `ringlock check` and
//! yamllint, `ringlock-bench store` for the reader of keystores, OpenSSL and Java, `ringlock-bench scale` for one
//! node with the links of a thousand peers.

mod check;
mod clock;
mod interrupt;
mod link;
mod outcome;
mod run;
mod scale;
mod store;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "ringlock-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Ringlock side by side with its rivals.
#[derive(Debug, Parser)]
#[command(name = "ringlock-bench", version)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// One link (plaintext → TLS → plaintext): bulk, round trips, new connections, idle memory.
    Link(link::Options),
    /// `ringlock check` over many nodes' files: time and memory.
    Check(check::Options),
    /// Keystores and large truststores: the time to open one, beside that of deriving its keys
    /// and beside OpenSSL and Java, and the memory.
    Store(store::Options),
    /// One node of a large cluster: memory of its links with all peers, and what deciding about
    /// one of them costs.
    Scale(scale::Options),
    /// Opens one store, to be measured from outside.
    #[command(hide = true)]
    OpenStore(store::One),
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    match &cli.bench {
        Bench::Link(options) => link::run(options),
        Bench::Check(options) => check::run(options),
        Bench::Store(options) => store::run(options),
        Bench::Scale(options) => scale::run(options),
        Bench::OpenStore(one) => store::open_one(one),
    }
}
