//! JSSE's names, and what Java disables, as `keytool` tells them.

use std::collections::BTreeSet;
use std::process::Command;

use ringlock_suites::{Java, Suite, Version, Vocabulary};

/// `openjdk version "17.0.15" 2025-04-15`.
fn java() -> Option<Java> {
    let output = super::run(
        Command::new("java").arg("-version"),
        "openjdk-17-jre-headless",
    )?;
    let said = super::text(output.stderr);
    let version = said.split('"').nth(1).unwrap().to_owned();
    Some(version.parse().unwrap())
}

/// The enabled protocols and suites of a `keytool` that is started with these options.
fn enabled(options: &[&str]) -> Option<(Vec<String>, BTreeSet<String>)> {
    let mut command = Command::new("keytool");
    command.args(options).args(["-showinfo", "-tls"]);
    let output = super::run(&mut command, "openjdk-17-jre-headless")?;
    let printed = super::text(output.stdout);
    let (protocols, suites) = printed.split_once("Enabled Cipher Suites").unwrap();
    let names = |text: &str, part: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| line.starts_with(part) || line.starts_with("SSL"))
            .map(str::to_owned)
            .collect()
    };
    Some((
        names(protocols, "TLSv"),
        names(suites, "TLS_").into_iter().collect(),
    ))
}

#[test]
fn java_offers_as_delivered_exactly_the_suites_and_versions_that_the_table_says() {
    let Some(java) = java() else { return };
    let Some((protocols, suites)) = enabled(&[]) else {
        return;
    };
    let expected: BTreeSet<String> = Suite::all()
        .filter(|suite| suite.is_offered_by(java))
        .filter_map(|suite| suite.name_in(Vocabulary::Jsse).map(str::to_owned))
        .collect();
    assert_eq!(suites, expected, "{java}");
    let versions = java.versions().into_iter();
    let versions: Vec<&str> = versions.filter_map(Version::jsse_name).collect();
    assert_eq!(protocols, versions, "{java}");
}

#[test]
fn java_knows_every_suite_by_the_name_in_the_table_once_nothing_is_disabled() {
    let Some(java) = java() else { return };
    let folder = std::env::temp_dir().join(format!("ringlock-jsse-{}", std::process::id()));
    let file = folder.display();
    // An empty value disables nothing; the file must be one that Java can read by its name.
    let _made = Command::new("sh")
        .args([
            "-c",
            &format!("printf 'jdk.tls.disabledAlgorithms=\\n' >'{file}'"),
        ])
        .status();
    let option = format!("-J-Djava.security.properties={file}");
    let enabled = enabled(&[&option]);
    let _removed = Command::new("rm").args(["-f", &file.to_string()]).status();
    let Some((_, suites)) = enabled else { return };
    assert!(suites.len() > 50, "only {} suites listed", suites.len());
    for name in &suites {
        let suite = Suite::in_vocabulary(Vocabulary::Jsse, name)
            .unwrap_or_else(|| panic!("no suite {name}"));
        assert_eq!(suite.name_in(Vocabulary::Jsse), Some(name.as_str()));
        assert!(suite.is_in(java), "{name}");
    }
}
