use std::{
    path::{Path, PathBuf},
    process::Command,
};

use fs_err as fs;

use super::{CassandraError, Java};
use crate::{cache, command};

/// Names one Java 11 outright.
const OVERRIDE_11: &str = "RINGLOCK_JAVA_11";
/// Names one Java 17 outright.
const OVERRIDE_17: &str = "RINGLOCK_JAVA";
/// Names one Java 25 outright.
const OVERRIDE_25: &str = "RINGLOCK_JAVA_25";
/// Where distributions install them.
const INSTALLED: &str = "/usr/lib/jvm";

/// A `java` of that version.
///
/// # Errors
/// [`CassandraError::NoJava`] says what was looked at.
pub fn find_java(wanted: Java) -> Result<PathBuf, CassandraError> {
    let mut looked_at = Vec::new();
    for java in candidates(wanted) {
        match major_version(&java) {
            Some(major) if major == wanted.major() => return Ok(java),
            Some(major) => looked_at.push(format!("{} is Java {major}", java.display())),
            None => looked_at.push(format!("{} is no Java", java.display())),
        }
    }
    if looked_at.is_empty() {
        looked_at.push("there is none at all".to_owned());
    }
    Err(CassandraError::NoJava {
        major: wanted.major(),
        variable: variable(wanted),
        looked_at: looked_at.join(", "),
    })
}

fn variable(wanted: Java) -> &'static str {
    match wanted {
        Java::Eleven => OVERRIDE_11,
        Java::Seventeen => OVERRIDE_17,
        Java::TwentyFive => OVERRIDE_25,
    }
}

fn candidates(wanted: Java) -> Vec<PathBuf> {
    if let Some(java) = std::env::var_os(variable(wanted)) {
        return vec![java.into()];
    }
    match wanted {
        Java::Seventeen => on_this_machine(),
        Java::Eleven | Java::TwentyFive => {
            let fetched = format!("java-{}/bin/java", wanted.major());
            vec![cache::folder().join(fetched)]
        }
    }
}

fn on_this_machine() -> Vec<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<_> = std::env::split_paths(&on_path)
        .map(|dir| dir.join("java"))
        .filter(|java| java.exists())
        .take(1)
        .collect();
    let mut installed: Vec<_> = fs::read_dir(INSTALLED)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin/java"))
        .filter(|java| java.exists())
        .collect();
    installed.sort();
    candidates.append(&mut installed);
    candidates
}

fn major_version(java: &Path) -> Option<u32> {
    let output = command::output(Command::new(java).arg("-version")).ok()?;
    parse_major(&String::from_utf8_lossy(&output.stderr))
}

/// `17` in `openjdk version "17.0.15" 2025-04-15`, `8` in `java version "1.8.0_402"`.
fn parse_major(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("version \"")?;
    let version = version.strip_prefix("1.").unwrap_or(version);
    let digits = version.find(|c: char| !c.is_ascii_digit())?;
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_in_both_spellings() {
        assert_eq!(
            parse_major("openjdk version \"17.0.15\" 2025-04-15"),
            Some(17)
        );
        assert_eq!(parse_major("openjdk version \"25\" 2025-09-16"), Some(25));
        assert_eq!(parse_major("java version \"1.8.0_402\""), Some(8));
        assert_eq!(parse_major("command not found"), None);
    }
}
