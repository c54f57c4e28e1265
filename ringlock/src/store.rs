//! `ringlock store`: keystores and truststores of every format, seen with Java's eyes.

mod arguments;
mod convert;
mod inspect;
mod material;
mod repair;
mod verify;
mod words;

use clap::Subcommand;

use crate::outcome::Outcome;

/// What `ringlock store` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what a keystore, truststore or certificate file holds, and what Java sees of it.
    #[command(after_long_help = inspect::EXAMPLES)]
    Inspect(inspect::Args),
    /// Write a keystore or truststore in another format.
    ///
    /// The new store's password is the old one's unless another is given; PEM has none unless one
    /// is given. The keys are under the store's password unless they get their own. For a
    /// truststore every certificate is marked as trusted, and of a keystore the CAs of its chains
    /// are taken. What is left out is said.
    #[command(after_long_help = convert::EXAMPLES)]
    Convert(convert::Args),
    /// Make a truststore in which Java finds no trust anchor one that it can use.
    ///
    /// A PKCS12 file that `openssl pkcs12 -export -nokeys` made lacks the attribute by which Java
    /// knows what is trusted: Java opens it without an error and finds nothing in it.
    #[command(after_long_help = repair::EXAMPLES)]
    Repair(repair::Args),
    /// Tell whether a node with this keystore is accepted by a peer with that truststore.
    ///
    /// Chain, validity, usage, addresses and revocation are judged as Java, GnuTLS and Ringlock
    /// judge them, for the node that is dialled and for the one that dials. The exit code is 1 where
    /// anybody refuses it.
    #[command(after_long_help = verify::EXAMPLES)]
    Verify(verify::Args),
}

/// Carries out the command.
pub(crate) fn run(command: Command) -> Outcome {
    let now = time::OffsetDateTime::now_utc();
    match command {
        Command::Inspect(args) => inspect::run(&args, now),
        Command::Convert(args) => convert::run(&args, now),
        Command::Repair(args) => repair::run(&args, now),
        Command::Verify(args) => verify::run(&args, now),
    }
}
