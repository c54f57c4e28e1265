//! `./x fuzz`: runs the fuzz targets of `fuzz/`, with libFuzzer, on the stable compiler.
//!
//! The coverage counters come from an LLVM pass that the compiler is told to run. They are wanted
//! in our own code and its dependencies, not in build scripts, so a target triple is always named:
//! cargo then keeps the flags from what runs while building.

mod command_line;
mod targets;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use self::command_line::CommandLine;
pub(crate) use self::command_line::LEAST;
use self::targets::Target;
pub(crate) use self::targets::{Targets, clippy};
use crate::project::Project;
use crate::run::{self, Stopwatch, say};

/// Where no time is given, targets take turns of this length until they are interrupted.
const TURN: Duration = Duration::from_secs(60);

/// An input that takes longer is a finding.
const SLOWEST_INPUT: &str = "-timeout=10";

/// An input that makes the target need more memory is a finding.
const MOST_MEMORY: &str = "-rss_limit_mb=2048";

/// Runs what `arguments` ask for.
///
/// # Errors
/// There is no such target, the targets do not build, or an input was found that breaks one.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let asked = CommandLine::parse(arguments)?;
    let targets = Targets::build(project)?;
    let chosen = targets.chosen(&asked.targets)?;
    if let Some(input) = &asked.input {
        return repeat(chosen.first().context("no target is named")?, input);
    }
    if let Some(length) = asked.length {
        for target in chosen {
            turn(project, target, length)?;
        }
        return Ok(());
    }
    say!("until Ctrl-C, in turns of {} s", TURN.as_secs());
    loop {
        for target in &chosen {
            turn(project, target, TURN)?;
        }
    }
}

/// Runs one target for this long, from its seeds and from what earlier runs found.
///
/// # Errors
/// An input breaks the target; it is kept, and how to run it again was printed. Or the run ended
/// before its time, so that it proves nothing.
pub(crate) fn turn(project: &Project, target: &Target, length: Duration) -> Result<()> {
    let found = project.target.join("fuzz/corpus").join(&target.name);
    let artifacts = target.folder.join("artifacts").join(&target.name);
    fs_err::create_dir_all(&found)?;
    fs_err::create_dir_all(&artifacts)?;
    let before = files(&artifacts)?;
    let dictionary = target.dictionary();
    let mut command = Command::new(&target.program);
    command
        .args([SLOWEST_INPUT, MOST_MEMORY, "-verbosity=0"])
        .arg("-print_final_stats=1")
        .arg(format!("-max_total_time={}", length.as_secs()))
        .arg(format!("-artifact_prefix={}/", artifacts.display()));
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    // New inputs go to the first folder; the seeds are only read.
    command.arg(found).arg(target.seeds());
    let watch = Stopwatch::start();
    let (succeeded, printed) = quietly(&mut command)?;
    if !succeeded {
        report(project, target, &before, &artifacts, &printed)?;
        bail!("{} is broken by an input", target.name);
    }
    let inputs = inputs_run(&printed);
    if watch.elapsed() < length || inputs == 0 {
        say!("{printed}");
        bail!(
            "{} ran {inputs} inputs in {}, which is less than was asked for",
            target.name,
            watch.read()
        );
    }
    say!("fuzz {}: {inputs} inputs in {}", target.name, watch.read());
    Ok(())
}

/// Shows what broke the target, and how to see it again.
fn report(
    project: &Project,
    target: &Target,
    before: &[PathBuf],
    artifacts: &Path,
    printed: &str,
) -> Result<()> {
    say!("{printed}");
    for file in files(artifacts)?
        .iter()
        .filter(|file| !before.contains(file))
    {
        say!(
            "kept; this runs it again: ./x fuzz {} --input {}",
            target.name,
            project.relative(file).display()
        );
    }
    Ok(())
}

/// Runs one kept input.
fn repeat(target: &Target, input: &Path) -> Result<()> {
    run::finish(
        Command::new(&target.program)
            .args([SLOWEST_INPUT, MOST_MEMORY])
            .arg(input),
    )?;
    say!("{} holds on this input", target.name);
    Ok(())
}

/// Runs a program to its end, and returns whether it succeeded and all that it said.
fn quietly(command: &mut Command) -> Result<(bool, String)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{name} could not be started"))?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), said))
}

/// `stat::number_of_executed_units: 23527`.
fn inputs_run(printed: &str) -> u64 {
    printed
        .lines()
        .filter_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .find_map(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        found.push(entry?.path());
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_inputs_is_read_from_the_statistics() {
        let printed = "Done 7 runs\nstat::number_of_executed_units: 23527\nstat::other: 1\n";
        assert_eq!(inputs_run(printed), 23_527);
        assert_eq!(inputs_run("==1== ERROR"), 0);
    }
}
