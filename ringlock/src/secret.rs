//! `ringlock secret`: passwords of configuration files, encrypted with a key of the node's own.

mod verify;

use std::path::PathBuf;

use clap::Subcommand;
use ringlock_secret::{Password, is_sealed};

use crate::{
    outcome::{Failure, Outcome, print},
    password::{Main, PasswordArgs},
};

/// What `ringlock secret` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a key that encrypts passwords; nothing is ever overwritten.
    Keygen(KeygenArgs),
    /// Encrypt a password, and print what stands for it in a configuration file.
    Encrypt(EncryptArgs),
    /// Tell of every password in configuration files whether it is encrypted, and whether it opens.
    Verify(verify::Args),
}

#[derive(clap::Args)]
pub(crate) struct KeygenArgs {
    /// Where the key goes, with mode 0600
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct EncryptArgs {
    /// The key, as `ringlock secret keygen` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    password: PasswordArgs<Main>,
}

/// Carries out the command.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Keygen(args) => keygen(&args),
        Command::Encrypt(args) => print(encrypt(&args)?),
        Command::Verify(args) => verify::run(&args),
    }
}

fn keygen(args: &KeygenArgs) -> Outcome {
    let key = ringlock_secret::LocalKey::generate().map_err(Failure::failed)?;
    key.write_new(&args.out).map_err(Failure::failed)?;
    print(format!(
        "wrote the key {} to {}",
        key.id(),
        args.out.display()
    ))
}

fn encrypt(args: &EncryptArgs) -> Result<String, Failure> {
    let key = ringlock_secret::LocalKey::read(&args.key).map_err(Failure::wrong)?;
    let password = args.password.read()?.ok_or_else(|| {
        Failure::wrong("no password: give --password-file, --password-env or --password-stdin")
    })?;
    refuse_useless(&password)?;
    key.seal(&password).map_err(Failure::failed)
}

/// What can only be a mistake: nothing at all, or what is encrypted already.
fn refuse_useless(password: &Password) -> Outcome {
    if password.expose().is_empty() {
        return Err(Failure::wrong("the password is empty"));
    }
    if is_sealed(password.expose()) {
        return Err(Failure::wrong(
            "the password is a value that was encrypted already",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
