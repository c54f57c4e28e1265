//! Licences, bans, sources and advisories of what the product is built from; deny.toml says
//! which are accepted and why.

mod withdrawn;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::project::Project;
use crate::run::{self, say};

/// Asks cargo-deny, and the registry's index for versions that were withdrawn.
///
/// # Errors
/// A dependency is not accepted; the reason was printed.
pub(super) fn run(project: &Project) -> Result<()> {
    run::finish(cargo_deny(project).args(["check", "bans", "licenses", "sources"]))?;
    let cargo_home = cargo_home()?;
    // The database of advisories is a repository of its own, which not every builder can reach.
    // An older copy is better than none; with none, what was not looked at is said aloud.
    let fetched = cargo_deny(project).args(["fetch", "db"]).output()?;
    if fetched.status.success() || has_folders(&cargo_home.join("advisory-dbs")) {
        run::finish(cargo_deny(project).args(["--offline", "check", "advisories"]))?;
    } else {
        say!("   advisories: NOT CHECKED, their database cannot be reached from here");
    }
    withdrawn::run(&Project::load_with_dependencies()?, &cargo_home)
}

fn cargo_deny(project: &Project) -> Command {
    let mut command = Command::new("cargo-deny");
    command
        .current_dir(&project.root)
        .args(["--locked", "--log-level", "error"]);
    command
}

fn cargo_home() -> Result<PathBuf> {
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor a home folder is known")
}

fn has_folders(path: &Path) -> bool {
    fs_err::read_dir(path)
        .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|e| e.path().is_dir())))
}
