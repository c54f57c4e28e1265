//! The workspace as cargo describes it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::run;

/// The workspace: its own packages, or all it is built from.
#[derive(Debug, Deserialize)]
pub(crate) struct Project {
    /// The folder of the workspace's `Cargo.toml`.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    /// The packages: those of the workspace only, unless loaded with dependencies.
    pub(crate) packages: Vec<Package>,
}

impl Project {
    /// Asks cargo for the workspace's own packages.
    ///
    /// # Errors
    /// A `Cargo.toml` cannot be read or understood.
    pub(crate) fn load() -> Result<Self> {
        Self::ask(&["--no-deps"])
    }

    /// Asks cargo for every package that `Cargo.lock` names, on whichever platform.
    ///
    /// # Errors
    /// A `Cargo.toml` cannot be understood, `Cargo.lock` is not up to date with them, or a
    /// package cannot be fetched.
    pub(crate) fn load_with_dependencies() -> Result<Self> {
        Self::ask(&["--locked"])
    }

    fn ask(arguments: &[&str]) -> Result<Self> {
        let printed = run::output(
            run::cargo()
                .args(["metadata", "--format-version", "1"])
                .args(arguments),
        )?;
        serde_json::from_str(&printed).context("cargo metadata printed something unexpected")
    }

    /// A path as a reader of the tree knows it.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

/// One package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    /// What cargo's messages call the package.
    pub(crate) id: String,
    /// The name that other packages depend on it by.
    pub(crate) name: String,
    /// The version, as `Cargo.lock` has it.
    pub(crate) version: String,
    /// Where the package comes from; none for those of this tree.
    pub(crate) source: Option<String>,
    /// Its `Cargo.toml`.
    pub(crate) manifest_path: PathBuf,
    /// What its `Cargo.toml` asks for.
    pub(crate) dependencies: Vec<Dependency>,
    /// What is built from it.
    pub(crate) targets: Vec<Target>,
}

impl Package {
    /// The folder of the package.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

/// One line of a `[dependencies]` table.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The package's name, whatever the line renames it to.
    pub(crate) name: String,
    /// Which table the line stands in.
    #[serde(default, deserialize_with = "none_is_normal")]
    pub(crate) kind: DependencyKind,
}

/// Which table a dependency stands in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DependencyKind {
    /// `[dependencies]`.
    #[default]
    Normal,
    /// `[dev-dependencies]`.
    Dev,
    /// `[build-dependencies]`.
    Build,
}

/// One crate that a package is built into.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    /// `lib`, `bin`, `test` and so on.
    pub(crate) kind: Vec<String>,
    /// The name of the crate.
    pub(crate) name: String,
    /// Its root module.
    pub(crate) src_path: PathBuf,
}

impl Target {
    /// Whether the target is of `kind`, such as `lib`.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|one| one == kind)
    }
}

/// Cargo writes `null` for the normal kind.
fn none_is_normal<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<DependencyKind, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
