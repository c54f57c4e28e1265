//! Which version a configuration belongs to, from what lies beside it.

use std::{fs, path::Path};

/// The name of a jar or folder that tells the product's version, such as
/// `apache-cassandra-4.1.10`.
///
/// Looked for are the folders that hold the file, up to the third above its own, and the jars in
/// the `lib` below each; for a package's `/etc/cassandra` those in `/usr/share/cassandra`.
pub fn version_beside(yaml: &Path) -> Option<String> {
    const LEVELS: usize = 4;
    let folder = match yaml.parent()? {
        // A bare name lies in the working directory.
        folder if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    let folder = fs::canonicalize(folder).ok()?;
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_version_is_in_the_name_of_the_installation() {
        let root = TempDir::new().unwrap();
        let conf = root.path().join("apache-cassandra-4.1.10/conf");
        fs::create_dir_all(&conf).unwrap();
        let told = version_beside(&conf.join("cassandra.yaml"));
        assert_eq!(told.as_deref(), Some("apache-cassandra-4.1.10"));
        assert_eq!(version_beside(&root.path().join("cassandra.yaml")), None);
    }

    #[test]
    fn a_bare_name_lies_in_the_working_directory() {
        const CHILD: &str = "RINGLOCK_TEST_BESIDE";
        if std::env::var_os(CHILD).is_some() {
            let told = version_beside(Path::new("cassandra.yaml"));
            assert_eq!(told.as_deref(), Some("apache-cassandra-4.1.10"));
            return;
        }
        // The working directory belongs to the whole process, so another one is needed.
        let root = TempDir::new().unwrap();
        let conf = root.path().join("apache-cassandra-4.1.10/conf");
        fs::create_dir_all(&conf).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "installation::tests::a_bare_name_lies_in_the_working_directory",
            ])
            .env(CHILD, "1")
            .current_dir(&conf)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout).into_owned();
        assert!(
            child.status.success() && said.contains("1 passed"),
            "{said}"
        );
    }
}
