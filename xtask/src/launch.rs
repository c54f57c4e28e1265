//! `./x demo` and `./x bench`: builds the product and the program that shows it, and becomes
//! that program, so that signals and the terminal are its own.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::project::Project;
use crate::run;

/// Builds quickly and runs the demo.
///
/// # Errors
/// Something does not build, or the demo cannot be started.
pub(crate) fn demo(project: &Project, arguments: &[String]) -> Result<()> {
    become_program(project, Profile::Fast, "ringlock-demo", arguments)
}

/// Builds as for a release and runs the benchmarks.
///
/// # Errors
/// Something does not build, or the benchmarks cannot be started.
pub(crate) fn bench(project: &Project, arguments: &[String]) -> Result<()> {
    become_program(project, Profile::Release, "ringlock-bench", arguments)
}

/// How the product is built.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Profile {
    /// Quick to build and nearly as quick to run: tests and demo.
    Fast,
    /// What is delivered and measured.
    Release,
}

impl Profile {
    /// The name that cargo and its target folder know it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Release => "release",
        }
    }

    /// Where cargo puts a program.
    pub(crate) fn program(self, project: &Project, name: &str) -> PathBuf {
        project.target.join(self.name()).join(name)
    }
}

/// Builds every program of the workspace, because that is what the tests build too: asking for
/// fewer packages would build shared dependencies anew, with fewer features.
///
/// # Errors
/// Something does not build.
pub(crate) fn build_programs(project: &Project, profile: Profile) -> Result<()> {
    run::finish(run::cargo().current_dir(&project.root).args([
        "build",
        "--locked",
        "--workspace",
        "--bins",
        "--profile",
        profile.name(),
    ]))
}

fn become_program(
    project: &Project,
    profile: Profile,
    program: &str,
    arguments: &[String],
) -> Result<()> {
    build_programs(project, profile)?;
    let path = profile.program(project, program);
    let error = Command::new(&path)
        .args(arguments)
        .env("RINGLOCK_BIN", profile.program(project, "ringlock"))
        .exec();
    Err(error).with_context(|| format!("{} could not be started", path.display()))
}
