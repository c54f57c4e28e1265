//! The main job on a real cluster, shown: three Cassandra nodes that talk plaintext under load are
//! taken to mutual TLS and back, with no restart, no edited file and no failed request.

mod evidence;
mod hold;
mod options;
mod show;
mod stage;
mod story;
mod table;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use ringlock_testkit::{cleanup, lab};

use crate::{
    evidence::Evidence,
    options::{Command, Options},
    show::Show,
};

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(evidence) if evidence.proves_the_promise() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // After Ctrl-C every step fails; the signal, not the failure, ends the program.
            cleanup::yield_to_signal();
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<Evidence> {
    if let Some(Command::Join { pid, command }) = &options.command {
        return Err(lab::run_in_user_namespace(*pid, command).into());
    }
    lab::enter_user_namespace_if_needed()?;
    let show = Show::new();
    let evidence = story::tell(options, &show)?;
    cleanup::yield_to_signal();
    Ok(evidence)
}

fn complain(error: &anyhow::Error) {
    // Where even standard error is gone, there is nobody left to tell.
    let _ = writeln!(io::stderr(), "ringlock-demo: {error}");
}
