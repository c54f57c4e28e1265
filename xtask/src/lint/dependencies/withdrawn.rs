//! Versions that their authors withdrew ("yanked") from the registry.
//!
//! cargo keeps what the registry's index said of each package when it last asked. The format is
//! cargo's own and may change; then packages count as unknown, and the check says so.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::project::{Package, Project};
use crate::run::say;

/// Looks every locked version up in cargo's copy of the index.
///
/// # Errors
/// A locked version was withdrawn; each was printed.
pub(super) fn run(project: &Project, cargo_home: &Path) -> Result<()> {
    let indexes = indexes(cargo_home);
    let (mut withdrawn, mut unknown) = (0, 0);
    for package in project
        .packages
        .iter()
        .filter(|package| is_registered(package))
    {
        match state(package, &indexes) {
            Some(true) => {
                say!(
                    "   {} {} was withdrawn from the registry",
                    package.name,
                    package.version
                );
                withdrawn += 1;
            }
            Some(false) => {}
            None => unknown += 1,
        }
    }
    if unknown > 0 {
        say!("   withdrawn versions: nothing known of {unknown} packages");
    }
    if withdrawn > 0 {
        bail!("{withdrawn} withdrawn versions in Cargo.lock");
    }
    Ok(())
}

/// What the index says of one version of a package.
#[derive(Deserialize)]
struct Entry {
    vers: String,
    yanked: bool,
}

/// Whether the package's version was withdrawn, if any index knows it.
fn state(package: &Package, indexes: &[PathBuf]) -> Option<bool> {
    let place = place(&package.name);
    indexes.iter().find_map(|index| {
        let kept = fs_err::read(index.join(&place)).ok()?;
        yanked(&kept, &package.version)
    })
}

/// A kept answer is a header, then versions and their JSON, all ended by NUL.
fn yanked(kept: &[u8], version: &str) -> Option<bool> {
    kept.split(|byte| *byte == 0)
        .filter(|part| part.starts_with(b"{"))
        .filter_map(|json| serde_json::from_slice::<Entry>(json).ok())
        .find(|entry| entry.vers == version)
        .map(|entry| entry.yanked)
}

fn indexes(cargo_home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(cargo_home.join("registry/index")) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path().join(".cache")))
        .collect()
}

fn is_registered(package: &Package) -> bool {
    let registries = ["registry+", "sparse+"];
    package.source.as_ref().is_some_and(|source| {
        registries
            .iter()
            .any(|registry| source.starts_with(registry))
    })
}

/// Where an index keeps a package, as every cargo registry lays it out.
fn place(name: &str) -> String {
    let name = name.to_lowercase();
    match name.len() {
        0..=2 => format!("{}/{name}", name.len()),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_kept_under_the_first_letters_of_its_name() {
        assert_eq!(place("cc"), "2/cc");
        assert_eq!(place("Syn"), "3/s/syn");
        assert_eq!(place("rustls"), "ru/st/rustls");
    }

    #[test]
    fn a_version_is_withdrawn_present_or_unknown() {
        let kept =
            b"\x03\x02\0\0\0etag\x000.1.0\0{\"name\":\"a\",\"vers\":\"0.1.0\",\"yanked\":true}\0\
                     0.2.0\0{\"name\":\"a\",\"vers\":\"0.2.0\",\"yanked\":false}\0";
        assert_eq!(yanked(kept, "0.1.0"), Some(true));
        assert_eq!(yanked(kept, "0.2.0"), Some(false));
        assert_eq!(yanked(kept, "0.3.0"), None);
    }
}
