//! What `./x` hands over to: checks of the tree, tests, demo and benchmarks.
//!
//! `./x` has installed by now what the command needs; nothing here fetches anything but crates.
//! The checks read the tree (`layers`, `budget`, `lint`); `test` builds everything once and runs
//! it; `demo` and `bench` build their program and become it; `fuzz` looks for inputs that break
//! what reads files and strings.

mod budget;
mod fuzz;
mod launch;
mod layers;
mod lint;
mod project;
mod reference;
mod run;
mod suite;

use std::process::ExitCode;

use anyhow::Result;

use crate::project::Project;
use crate::run::say;

/// Exit status of a command that was not understood.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((verb, rest)) = arguments.split_first() else {
        say!("xtask: no command; ./x help lists them");
        return ExitCode::from(USAGE);
    };
    match dispatch(verb, rest) {
        Ok(Some(())) => ExitCode::SUCCESS,
        Ok(None) => ExitCode::from(USAGE),
        Err(error) => {
            say!("x {verb}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command; `None` if there is no such command or it takes other arguments.
fn dispatch(verb: &str, rest: &[String]) -> Result<Option<()>> {
    let project = Project::load()?;
    let done = match (verb, rest) {
        ("layers", []) => layers::run(&project),
        ("budget", []) => budget::run(&project),
        ("lint", []) => lint::run(&project),
        ("reference", []) => reference::write(&project),
        ("test", rest) => suite::run(&project, rest),
        ("demo", rest) => launch::demo(&project, rest),
        ("bench", rest) => launch::bench(&project, rest),
        ("fuzz", rest) => fuzz::run(&project, rest),
        ("layers" | "budget" | "lint" | "reference", [extra, ..]) => {
            say!("x {verb}: takes no argument, found '{extra}'");
            return Ok(None);
        }
        _ => {
            say!("xtask: there is no command '{verb}'; ./x help lists them");
            return Ok(None);
        }
    };
    done.map(Some)
}
