//! `./x budget`: sizes, documentation and unwraps stay within bounds.
//!
//! The tree is parsed, not matched with patterns, and only production code counts: whatever is
//! compiled for tests alone (`#[cfg(test)]`, `#[test]`, `tests/`) is left out. Code that macros
//! expand to is not seen.

mod attributes;
mod documentation;
mod measure;
mod source;
mod tally;

use anyhow::{Result, bail};

use self::source::Source;
use self::tally::Tally;
use crate::project::{Package, Project};
use crate::run::say;

/// Nine of ten functions have at most this many lines, signature and braces included.
const FUNCTION_P90: usize = 30;
/// No function has more lines.
const FUNCTION_MAX: usize = 80;
/// No file has more lines, its tests not counted.
const FILE_MAX: usize = 500;
/// Tests that take more lines in the file they test belong into a file of their own.
const INLINE_TESTS_MAX: usize = 150;
/// Of a library's public items, this many of a hundred are documented.
const DOCUMENTED_PERCENT: f64 = 95.0;
/// Of a thousand lines of the product, so many may unwrap.
const UNWRAPS_PER_THOUSAND: f64 = 1.5;

/// Counts the workspace and compares with the budgets.
///
/// # Errors
/// A budget is exceeded (each case was printed), or a source file cannot be read or parsed.
pub(crate) fn run(project: &Project) -> Result<()> {
    let mut groups = [Tally::new("product"), Tally::new("around it")];
    let mut excesses = Vec::new();
    say!("{}", Tally::HEADINGS);
    for package in &project.packages {
        let role = Role::of(package);
        let tally = count(project, package, role)?;
        excesses.extend(tally.excesses_of_files());
        if role == Role::Library {
            excesses.extend(tally.excess_of_documentation());
        }
        say!("{}", tally.row());
        groups[usize::from(role == Role::Support)].add(tally);
    }
    say!("");
    for group in &groups {
        say!("{}", group.row());
        excesses.extend(group.excess_of_functions());
    }
    excesses.extend(groups[0].excess_of_unwraps());
    for excess in &excesses {
        say!("budget: {excess}");
    }
    if !excesses.is_empty() {
        bail!("{} over budget", excesses.len());
    }
    Ok(())
}

fn count(project: &Project, package: &Package, role: Role) -> Result<Tally> {
    let mut tally = Tally::new(&package.name);
    let built = package
        .targets
        .iter()
        .filter(|t| t.is("lib") || t.is("bin"));
    for target in built {
        for source in Source::all_below(&target.src_path)? {
            tally.count(
                project.relative(&source.path),
                &source,
                role == Role::Library,
            );
        }
    }
    Ok(tally)
}

/// What a package is to the product; it decides which budgets bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A crate of the product that others use: every budget.
    Library,
    /// The program: all but documentation.
    Program,
    /// Tests, demo, benchmarks, tasks: the size of functions and files.
    Support,
}

impl Role {
    fn of(package: &Package) -> Self {
        if package
            .folder()
            .parent()
            .is_some_and(|parent| parent.ends_with("crates"))
        {
            Self::Library
        } else if package.name == "ringlock" {
            Self::Program
        } else {
            Self::Support
        }
    }
}
