//! `./x lint`: everything that is checked without running the product.

mod dependencies;
mod text;

use std::process::Command;

use anyhow::{Result, bail};

use crate::launch::Profile;
use crate::project::Project;
use crate::run::{self, Stopwatch, say};
use crate::{budget, fuzz, layers, reference};

/// The checks, those that answer at once first.
const CHECKS: &[(&str, Check)] = &[
    ("format", format),
    ("text", text::run),
    ("shell", shell),
    ("layers", layers::run),
    ("budget", budget::run),
    ("dependencies", dependencies::run),
    ("clippy", clippy),
    ("documentation", documentation),
    ("reference", reference::check),
];

type Check = fn(&Project) -> Result<()>;

/// Runs every check, whichever fail.
///
/// # Errors
/// A check failed; what it found was printed.
pub(crate) fn run(project: &Project) -> Result<()> {
    let all = Stopwatch::start();
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        let watch = Stopwatch::start();
        say!("── {name}");
        match check(project) {
            Ok(()) => say!("   {name}: passed in {}", watch.read()),
            Err(error) => {
                say!("   {name}: failed: {error:#}");
                failed.push(*name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    say!("── all {} checks passed in {}", CHECKS.len(), all.read());
    Ok(())
}

fn format(project: &Project) -> Result<()> {
    // The fuzz targets are a workspace of their own.
    for folder in [project.root.clone(), project.root.join("fuzz")] {
        run::finish(
            run::cargo()
                .current_dir(folder)
                .args(["fmt", "--all", "--check"]),
        )?;
    }
    Ok(())
}

/// With the profile of the tests: what native code dependencies bring is then built only once.
fn clippy(project: &Project) -> Result<()> {
    run::finish(
        run::cargo()
            .current_dir(&project.root)
            .args(["clippy", "--locked", "--workspace", "--all-targets"])
            .args(["--profile", Profile::Fast.name()])
            .args(["--", "--deny", "warnings"]),
    )?;
    fuzz::clippy(project)
}

/// Links in the documentation lead somewhere; contributors read that of private items too.
fn documentation(project: &Project) -> Result<()> {
    run::finish(
        run::cargo()
            .current_dir(&project.root)
            .env(
                "RUSTDOCFLAGS",
                "--deny warnings --allow rustdoc::private-intra-doc-links",
            )
            .args(["doc", "--quiet", "--locked", "--workspace", "--no-deps"])
            .arg("--document-private-items")
            .args(["--profile", Profile::Fast.name()]),
    )
}

fn shell(project: &Project) -> Result<()> {
    run::finish(
        Command::new("shellcheck")
            .current_dir(&project.root)
            .args(["x", ".ci/run"]),
    )
}
