//! Ringlock encrypts the traffic of Cassandra-family clusters, live.
//!
//! This is the command line, one file a verb. `main` parses, runs and turns the outcome into an
//! exit code: 0 done, 1 what was asked for failed, 2 the request or the configuration is wrong.

mod agent;
mod ca;
mod check;
mod client;
mod config;
mod intercept;
mod log;
mod outcome;
mod password;
mod secret;
mod status;
mod store;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::log::LogFormat;

/// Encrypts the traffic of Cassandra-family clusters, live.
#[derive(Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    /// How log lines are written to standard error.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "RINGLOCK_LOG_FORMAT"
    )]
    log_format: LogFormat,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the agent beside a database node, and order it about.
    #[command(subcommand)]
    Agent(agent::Command),
    /// Show the links of an agent: who talks to whom, and what protects it.
    Status(status::Args),
    /// A certificate authority for the nodes of one cluster.
    #[command(subcommand)]
    Ca(ca::Command),
    /// Keystores and truststores of every format, seen with Java's eyes.
    #[command(subcommand)]
    Store(store::Command),
    /// Tell every mistake in the databases' configuration files.
    Check(check::Args),
    /// Passwords of configuration files, encrypted with a key of the node's own.
    #[command(subcommand)]
    Secret(secret::Command),
    /// Show and edit the configuration files of the databases.
    #[command(subcommand)]
    Config(config::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = log::init(cli.log_format).and_then(|()| match cli.verb {
        Verb::Agent(command) => agent::run(command),
        Verb::Status(args) => status::run(&args),
        Verb::Ca(command) => ca::run(command),
        Verb::Store(command) => store::run(command),
        Verb::Check(args) => check::run(&args),
        Verb::Secret(command) => secret::run(command),
        Verb::Config(command) => config::run(command),
    });
    outcome::exit_code(outcome)
}
