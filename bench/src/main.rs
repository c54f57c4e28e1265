//! Ringlock side by side with its rivals, on one machine, in one run.
//!
//! `ringlock-bench link` carries the same traffic through two Ringlock agents and through pairs
//! of HAProxy, nginx and stunnel, in turns, and prints what each of them made of it. Everything
//! stays on the loopback interface. `ringlock-bench check` does the same for `ringlock check` and
//! yamllint.

mod check;
mod clock;
mod interrupt;
mod link;

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
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    match &cli.bench {
        Bench::Link(options) => link::run(options),
        Bench::Check(options) => check::run(options),
    }
}
