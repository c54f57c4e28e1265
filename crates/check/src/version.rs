//! Which version a configuration belongs to, from what lies beside it.

use std::{fs, path::Path};

/// The name of a jar or folder that tells the product's version, such as
/// `apache-cassandra-4.1.10`.
pub fn beside(yaml: &Path) -> Option<String> {
    const LEVELS: usize = 4;
    let folder = fs::canonicalize(yaml.parent()?).ok()?;
    for home in folder.ancestors().take(LEVELS) {
        if let Some(version) = home
            .file_name()
            .and_then(|name| named(&name.to_string_lossy()))
        {
            return Some(version);
        }
        if let Some(version) = jar_in(&home.join("lib")) {
            return Some(version);
        }
    }
    if folder.starts_with("/etc/cassandra") {
        return jar_in(Path::new("/usr/share/cassandra"));
    }
    None
}

fn jar_in(folder: &Path) -> Option<String> {
    let mut jars: Vec<String> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| named(name.strip_suffix(".jar")?))
        .collect();
    jars.sort();
    jars.pop()
}

fn named(name: &str) -> Option<String> {
    const BEFORE: [&str; 5] = ["apache-cassandra-", "dse-core-", "dse-", "hcd-", "scylla-"];
    BEFORE.iter().find_map(|before| {
        let version = name.strip_prefix(before)?;
        version
            .starts_with(|first: char| first.is_ascii_digit())
            .then(|| name.to_owned())
    })
}
