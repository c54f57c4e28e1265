//! `ringlock agent intercept`: the rules in the kernel.

use std::path::PathBuf;

use clap::Subcommand;
use ringlock_net::intercept::{self, Rules, State};

use crate::{
    agent::read_config,
    outcome::{Failure, Outcome, print},
};

/// What can be done with the rules. They belong to the network namespace in which this runs.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lead new connections to the agent; established ones stay as they are.
    Install(Args),
    /// Lead new connections past the agent, and let redirected ones that are there live on.
    Release(Args),
    /// Remove the rules; redirected connections that are still there may end with them.
    Remove(Args),
    /// Show whether the rules are there and are those of the configuration.
    Show(Args),
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The agent's ringlock.yaml
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Carries out one command.
pub(crate) fn run(command: &Command) -> Outcome {
    let (Command::Install(args)
    | Command::Release(args)
    | Command::Remove(args)
    | Command::Show(args)) = command;
    let rules = rules(args)?;
    match command {
        Command::Install(_) => intercept::install(&rules).map_err(Failure::failed)?,
        Command::Release(_) => {
            intercept::release(&rules).map_err(Failure::failed)?;
        }
        Command::Remove(_) => {
            intercept::remove().map_err(Failure::failed)?;
        }
        Command::Show(_) => {}
    }
    show(&rules)
}

fn show(configured: &Rules) -> Outcome {
    let state = intercept::show().map_err(Failure::failed)?;
    print(&state)?;
    match state {
        State::Installed { rules, .. } if rules != *configured => Err(Failure::failed(
            "the rules are not those of the configuration; `intercept install` replaces them",
        )),
        _ => Ok(()),
    }
}

fn rules(args: &Args) -> Result<Rules, Failure> {
    let config = read_config(&args.config)?;
    ringlock_agent::interception_rules(&config).ok_or_else(|| {
        Failure::wrong(format!(
            "{}: ringlock.interception is listen, which needs no rules",
            config.path.display()
        ))
    })
}
