//! The fuzz targets, built.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::project::Project;
use crate::run;

/// What the compiler is told: to count which edges are taken and what is compared, in the form
/// that libFuzzer reads.
const FLAGS: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Every target, in the order of their names.
pub(crate) struct Targets(Vec<Target>);

/// One target.
pub(crate) struct Target {
    /// The name of its file in `fuzz/src/bin`.
    pub(crate) name: String,
    /// The program.
    pub(super) program: PathBuf,
    /// The folder `fuzz`.
    pub(super) folder: PathBuf,
}

impl Targets {
    /// Builds all targets.
    ///
    /// # Errors
    /// Something does not build, or a target has no seeds.
    pub(crate) fn build(project: &Project) -> Result<Self> {
        let triple = triple()?;
        run::finish(cargo(project, &triple, "build").arg("--release"))?;
        let built = project.target.join("fuzz").join(triple).join("release");
        let folder = project.root.join("fuzz");
        let mut targets = Vec::new();
        for name in names(&folder)? {
            let target = Target {
                program: built.join(&name),
                folder: folder.clone(),
                name,
            };
            if !target.seeds().is_dir() {
                bail!("{} has no seeds in fuzz/corpus", target.name);
            }
            targets.push(target);
        }
        Ok(Self(targets))
    }

    /// Every target.
    pub(crate) fn all(&self) -> &[Target] {
        &self.0
    }

    /// The targets of these names, or all where none is named.
    ///
    /// # Errors
    /// There is no target of a name.
    pub(super) fn chosen(&self, names: &[String]) -> Result<Vec<&Target>> {
        if names.is_empty() {
            return Ok(self.0.iter().collect());
        }
        let known = |name: &String| {
            self.0
                .iter()
                .find(|target| target.name == *name)
                .with_context(|| format!("there is no target '{name}'; there are {}", self.names()))
        };
        names.iter().map(known).collect()
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|target| target.name.as_str()).collect();
        names.join(", ")
    }
}

impl Target {
    /// Inputs of our own that a run starts from.
    pub(super) fn seeds(&self) -> PathBuf {
        self.folder.join("corpus").join(&self.name)
    }

    /// Words that inputs are likely to be made of; not every target has them.
    pub(super) fn dictionary(&self) -> PathBuf {
        let file = format!("{}.dict", self.name);
        self.folder.join("dictionaries").join(file)
    }
}

/// Checks the targets with clippy, built as they are run.
///
/// # Errors
/// Clippy has something to say, and has said it.
pub(crate) fn clippy(project: &Project) -> Result<()> {
    run::finish(
        cargo(project, &triple()?, "clippy")
            .arg("--release")
            .args(["--", "--deny", "warnings"]),
    )
}

fn cargo(project: &Project, triple: &str, verb: &str) -> Command {
    let mut command = run::cargo();
    command
        .current_dir(project.root.join("fuzz"))
        .env("CARGO_TARGET_DIR", project.target.join("fuzz"))
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"))
        .args([verb, "--quiet", "--locked", "--target", triple]);
    command
}

/// What this machine's programs are built for.
fn triple() -> Result<String> {
    let printed = run::output(Command::new("rustc").arg("-vV"))?;
    printed
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc -vV names no host")
}

/// A target is a file of `fuzz/src/bin`.
fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder.join("src/bin"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}
