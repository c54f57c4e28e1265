//! Builds the product and all test programs, and puts them in order.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::launch::Profile;
use crate::project::{Package, Project, Target};
use crate::run;

/// The package whose test programs run the built product.
const END_TO_END: &str = "ringlock-itest";

/// Test programs that start Cassandra nodes take minutes: what fails sooner runs sooner.
const ON_REAL_NODES: &[&str] = &["stores", "native", "live", "interop"];

/// What was built.
pub(super) struct Programs {
    /// The product.
    pub(super) ringlock: PathBuf,
    tests: Vec<Program>,
}

impl Programs {
    /// Builds everything, with one choice of features, so that nothing is built twice.
    ///
    /// # Errors
    /// Something does not build.
    pub(super) fn build(project: &Project) -> Result<Self> {
        let printed = run::output(
            run::cargo()
                .current_dir(&project.root)
                .args(["build", "--locked", "--workspace", "--all-targets"])
                .args(["--profile", Profile::Fast.name()])
                .arg("--message-format=json-render-diagnostics"),
        )?;
        let mut tests = tests_in(&printed, project)?;
        tests.sort_by_key(Program::place);
        Ok(Self {
            ringlock: Profile::Fast.program(project, "ringlock"),
            tests,
        })
    }

    /// The test programs of one kind, the quick ones first.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Program> {
        self.tests
            .iter()
            .filter(move |program| program.kind == kind)
    }
}

/// What a test program tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Some code, in its own process.
    Unit,
    /// The built product, from outside.
    EndToEnd,
}

/// A test program.
#[derive(Debug)]
pub(super) struct Program {
    /// What it tests.
    pub(super) kind: Kind,
    /// The file to run.
    pub(super) executable: PathBuf,
    /// The folder of its package.
    pub(super) folder: PathBuf,
    package: String,
    name: String,
    source: PathBuf,
}

impl Program {
    /// Whether a person would call the program so: by its file, its package or its crate.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name
            || self.package == name
            || self
                .package
                .strip_prefix("ringlock-")
                .is_some_and(|short| short == name)
    }

    /// Its place in the order of running.
    fn place(&self) -> (Kind, Option<usize>, String, PathBuf) {
        let real = ON_REAL_NODES
            .iter()
            .position(|part| self.name.starts_with(part));
        (self.kind, real, self.package.clone(), self.source.clone())
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.source.display(), self.package)
    }
}

/// One message of cargo's; those that are no artifacts lack the fields.
#[derive(Deserialize)]
struct Message {
    package_id: Option<String>,
    target: Option<Target>,
    profile: Option<BuiltWith>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct BuiltWith {
    test: bool,
}

fn tests_in(printed: &str, project: &Project) -> Result<Vec<Program>> {
    let mut found = Vec::new();
    for line in printed.lines().filter(|line| line.starts_with('{')) {
        let message: Message =
            serde_json::from_str(line).context("cargo build printed something unexpected")?;
        found.extend(test_in(message, project));
    }
    Ok(found)
}

fn test_in(message: Message, project: &Project) -> Option<Program> {
    let (target, id) = (message.target?, message.package_id?);
    if !message.profile?.test || target.is("bench") {
        return None;
    }
    let package = project.packages.iter().find(|package| package.id == id)?;
    Some(Program {
        kind: kind(package, &target),
        executable: message.executable?,
        folder: package.folder().to_owned(),
        package: package.name.clone(),
        source: project.relative(Path::new(&target.src_path)).to_owned(),
        name: target.name,
    })
}

fn kind(package: &Package, target: &Target) -> Kind {
    if package.name == END_TO_END && target.is("test") {
        Kind::EndToEnd
    } else {
        Kind::Unit
    }
}

#[cfg(test)]
impl Program {
    /// A program that is not run.
    pub(super) fn for_test(package: &str, name: &str) -> Self {
        Self {
            kind: Kind::Unit,
            executable: PathBuf::new(),
            folder: PathBuf::new(),
            package: package.to_owned(),
            name: name.to_owned(),
            source: PathBuf::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> Project {
        let package = |name: &str| {
            format!(
                r#"{{"id":"{name}","name":"{name}","version":"0.1.0","source":null,
                    "manifest_path":"/tree/{name}/Cargo.toml","dependencies":[],"targets":[]}}"#
            )
        };
        let json = format!(
            r#"{{"workspace_root":"/tree","target_directory":"/tree/target","packages":[{},{}]}}"#,
            package("ringlock-net"),
            package("ringlock-itest")
        );
        serde_json::from_str(&json).unwrap()
    }

    fn artifact(package: &str, kind: &str, name: &str, test: bool) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"{package}","executable":"/{name}",
                "target":{{"kind":["{kind}"],"name":"{name}","src_path":"/tree/{package}/{name}.rs"}},
                "profile":{{"test":{test}}}}}"#
        )
        .replace('\n', "")
    }

    #[test]
    fn test_programs_are_told_from_the_other_messages() {
        let printed = [
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
            artifact("ringlock-net", "lib", "ringlock_net", false),
            artifact("ringlock-net", "lib", "ringlock_net", true),
            artifact("registry+crate", "lib", "crate", true),
        ]
        .join("\n");
        let found = tests_in(&printed, &project()).unwrap();
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["ringlock-net/ringlock_net.rs (ringlock-net)"]);
    }

    #[test]
    fn units_run_first_and_real_nodes_last() {
        let printed = [
            artifact("ringlock-itest", "test", "live_switch", true),
            artifact("ringlock-itest", "test", "native_peers", true),
            artifact("ringlock-itest", "test", "refusal", true),
            artifact("ringlock-net", "lib", "ringlock_net", true),
        ]
        .join("\n");
        let mut found = tests_in(&printed, &project()).unwrap();
        found.sort_by_key(Program::place);
        let names: Vec<&str> = found.iter().map(|program| program.name.as_str()).collect();
        assert_eq!(
            names,
            ["ringlock_net", "refusal", "native_peers", "live_switch"]
        );
    }
}
