//! `./x test`: builds everything once, then runs unit tests, documentation tests and end-to-end
//! tests, in this order; last, each fuzz target for a while.
//!
//! The test programs are run directly, not through another `cargo test`: the order is ours, one
//! failing program does not keep the others from running, and what was left out is counted.

mod outcome;
mod programs;
mod selection;

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use self::outcome::{Outcome, Reader};
use self::programs::{Kind, Program, Programs};
use self::selection::Selection;
use crate::fuzz::{self, Targets};
use crate::launch::Profile;
use crate::project::Project;
use crate::run::{self, Stopwatch, say};

/// Runs the tests that `arguments` select.
///
/// # Errors
/// Something does not build, a test failed, no test was selected, or, where `CI` is `true`, a
/// test was left out.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let selection = Selection::parse(arguments)?;
    let watch = Stopwatch::start();
    let programs = Programs::build(project)?;
    say!("built in {}", watch.read());
    let mut suite = Suite {
        project,
        programs: &programs,
        selection,
        total: Outcome::default(),
    };
    suite.run_programs(Kind::Unit)?;
    suite.run_documentation()?;
    suite.run_programs(Kind::EndToEnd)?;
    suite.run_fuzz_targets();
    say!("\ntests took {}", watch.read());
    suite.conclude()
}

struct Suite<'a> {
    project: &'a Project,
    programs: &'a Programs,
    selection: Selection,
    total: Outcome,
}

impl Suite<'_> {
    fn run_programs(&mut self, kind: Kind) -> Result<()> {
        if !self.selection.includes(kind) {
            return Ok(());
        }
        for program in self.programs.of_kind(kind) {
            if self.has_tests(program)? {
                self.run_program(program)?;
            }
        }
        Ok(())
    }

    fn run_program(&mut self, program: &Program) -> Result<()> {
        say!("\n     Running {program}");
        let mut command = self.command(program);
        command.args(self.selection.filters(program));
        if program.kind == Kind::EndToEnd {
            // They share the names of network namespaces, and two cores.
            command.arg("--test-threads=1");
        }
        command
            .arg("--show-output")
            .args(self.selection.for_programs());
        self.total.add(follow(&mut command)?);
        Ok(())
    }

    /// Tests in the documentation are built one by one by rustdoc, so cargo runs them.
    fn run_documentation(&mut self) -> Result<()> {
        if !self.selection.includes_documentation() {
            return Ok(());
        }
        let mut command = run::cargo();
        command
            .current_dir(&self.project.root)
            .args(["test", "--locked", "--workspace", "--doc", "--no-fail-fast"])
            .args(["--profile", Profile::Fast.name()]);
        self.total.add(follow(&mut command)?);
        Ok(())
    }

    /// Each target counts as one test.
    fn run_fuzz_targets(&mut self) {
        if !self.selection.includes_fuzzing() {
            return;
        }
        say!("\n     Fuzzing, {} s a target", fuzz::LEAST.as_secs());
        let targets = match Targets::build(self.project) {
            Ok(targets) => targets,
            Err(error) => {
                say!("the fuzz targets: {error:#}");
                self.total.failed += 1;
                return;
            }
        };
        for target in targets.all() {
            match fuzz::turn(self.project, target, fuzz::LEAST) {
                Ok(()) => self.total.passed += 1,
                Err(error) => {
                    say!("fuzz {}: {error:#}", target.name);
                    self.total.failed += 1;
                }
            }
        }
    }

    fn has_tests(&self, program: &Program) -> Result<bool> {
        let mut list = self.command(program);
        list.args(self.selection.filters(program))
            .args(["--list", "--format", "terse"]);
        let listed = run::output(&mut list)?;
        Ok(listed.lines().any(|line| line.ends_with(": test")))
    }

    /// The program as `cargo test` would start it: in its package's folder.
    fn command(&self, program: &Program) -> Command {
        let mut command = Command::new(&program.executable);
        command
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .env("RINGLOCK_BIN", &self.programs.ringlock);
        command
    }

    fn conclude(self) -> Result<()> {
        let Outcome {
            passed,
            failed,
            left_out,
        } = self.total;
        for name in &left_out {
            say!("left out: {name}");
        }
        let skipped = left_out.len();
        say!("total: {passed} passed, {failed} failed, {skipped} skipped");
        if failed > 0 {
            bail!("{failed} failed");
        }
        if passed + skipped == 0 {
            bail!("no test has such a name");
        }
        if skipped > 0 && std::env::var_os("CI").as_deref() == Some(OsStr::new("true")) {
            bail!("{skipped} left out, and where CI is true every test must run");
        }
        Ok(())
    }
}

/// Runs test programs to their end, showing what they print, and reads their results from it.
fn follow(command: &mut Command) -> Result<Outcome> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} could not be started", command.get_program().display()))?;
    let mut reader = Reader::default();
    if let Some(printed) = child.stdout.take() {
        for line in BufReader::new(printed).split(b'\n') {
            let line = line.context("the output of a test program cannot be read")?;
            let line = String::from_utf8_lossy(&line);
            if reader.read(&line) {
                say!("{line}");
            }
        }
    }
    let status = child
        .wait()
        .context("a test program cannot be waited for")?;
    let mut outcome = reader.finish();
    if !status.success() && outcome.failed == 0 {
        say!("the test program ended with {status} and named no failed test");
        outcome.failed = 1;
    }
    Ok(outcome)
}
