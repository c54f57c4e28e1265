//! `ringlock config`: the configuration files of the databases, read and edited.

mod edit;
mod show;

use clap::Subcommand;

use crate::outcome::Outcome;

/// What `ringlock config` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show every option about encryption, where it is set, and the defaults of the others.
    Show(show::Args),
    /// Set options in a file and leave every other byte of it as it is.
    Set(edit::SetArgs),
    /// Remove options from a file and leave every other byte of it as it is.
    Unset(edit::UnsetArgs),
}

/// Carries out the command.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Show(args) => show::run(&args),
        Command::Set(args) => edit::set(&args),
        Command::Unset(args) => edit::unset(&args),
    }
}
