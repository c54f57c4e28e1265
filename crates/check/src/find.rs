//! Finds the yaml files that a path on the command line stands for.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What the products call their files.
const NAMES: [&str; 3] = ["cassandra.yaml", "scylla.yaml", "ringlock.yaml"];

/// Where they lie within an installation or below `/etc`.
const FOLDERS: [&str; 11] = [
    "",
    "conf",
    "resources/cassandra/conf",
    "etc",
    "etc/cassandra",
    "etc/cassandra/conf",
    "etc/dse/cassandra",
    "etc/hcd/cassandra",
    "etc/scylla",
    "etc/ringlock",
    "cassandra",
];

/// Adds the files that `path` stands for to `files`, none twice.
///
/// A file stands for itself. A folder stands for the configuration in it, or in the places below
/// it where the products put theirs. A folder with neither is a fleet: each folder in it is taken
/// like that, and each yaml file in it is a node's.
///
/// # Errors
/// The folder cannot be listed, or nothing is in it.
pub(crate) fn add(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut found = if !path.is_dir() {
        vec![path.to_owned()]
    } else {
        let installed = installed(path);
        if installed.is_empty() {
            fleet(path)?
        } else {
            installed
        }
    };
    if found.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "there is neither {} nor a node's yaml in it",
                NAMES.join(" nor ")
            ),
        ));
    }
    found.retain(|file| !files.contains(file));
    files.append(&mut found);
    Ok(())
}

fn installed(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut real: Vec<PathBuf> = Vec::new();
    for place in FOLDERS {
        for name in NAMES {
            let file = folder.join(place).join(name);
            // The rpm's conf is a link to default.conf: one file by two names.
            if let Ok(target) = fs::canonicalize(&file)
                && target.is_file()
                && !real.contains(&target)
            {
                real.push(target);
                found.push(file);
            }
        }
    }
    found
}

fn fleet(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            found.extend(installed(&entry));
        } else if is_yaml(&entry) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Whether a file's name may be that of a node's configuration; other files of the products are
/// told by theirs.
fn is_yaml(path: &Path) -> bool {
    const OTHERS: [&str; 4] = ["dse.yaml", "address.yaml", "metrics.yaml", "jvm.yaml"];
    let name = path.file_name().unwrap_or_default();
    let ends = path
        .extension()
        .is_some_and(|end| end == "yaml" || end == "yml");
    ends && OTHERS.iter().all(|other| name != *other)
}
