//! Finding files, what is shown of them, and the three forms of a report.

use std::path::Path;

use fs_err as fs;
use ringlock_config::Dialect;
use ringlock_finding::Severity;
use tempfile::TempDir;

use super::{options, told};
use crate::{RULES, check, explain, json, reference, sarif, text};

const SECRET: &str = "hunter2-Xk29";

#[test]
fn passwords_are_shown_nowhere_however_their_key_is_spelt() {
    let yaml = format!(
        "server_encryption_options: {{keystore_pasword: {SECRET}, trustore: /t, \
         truststore_password: {SECRET}}} # password {SECRET}\n\
         client_encryption_options:\n  keystore_password:\n    - {SECRET}\n  passwort: {SECRET}\n  \
         keystore_password: {SECRET}\n"
    );
    for dialect in Dialect::ALL {
        let report = told(dialect, &yaml);
        assert!(!report.told.is_empty());
        let forms = [
            text(&report, false),
            json(&report).unwrap(),
            sarif(&report).unwrap(),
            format!("{report:?}"),
        ];
        for form in forms {
            assert!(!form.contains(SECRET), "{dialect}: {form}");
        }
    }
}

#[test]
fn text_points_at_the_value_and_ends_with_the_counts() {
    let yaml = "server_encryption_options:\n  internode_encryption: al\n";
    let shown = text(&told(Dialect::Scylla, yaml), false);
    let beginning = "error[internode-encryption-unknown]: \
                     server_encryption_options.internode_encryption: unknown word";
    assert!(shown.starts_with(beginning), "{shown}");
    assert!(
        shown.contains("--> /nowhere/conf/node.yaml:2:25"),
        "{shown}"
    );
    assert!(
        shown.contains("2 |   internode_encryption: al\n"),
        "{shown}"
    );
    assert!(
        shown.contains("^^ expected none, dc, rack, all or transitional"),
        "{shown}"
    );
    assert!(shown.contains("help: did you mean \"all\"?"), "{shown}");
    assert!(
        shown.ends_with("1 error, 0 warnings and 0 notes in 0 files"),
        "{shown}"
    );
}

#[test]
fn json_has_each_part_under_its_name() {
    let yaml = "server_encryption_options:\n  internode_encryption: al\n";
    let report = told(Dialect::Scylla, yaml);
    let json: serde_json::Value = serde_json::from_str(&json(&report).unwrap()).unwrap();
    let finding = json["findings"][0].as_object().unwrap();
    let mut keys: Vec<_> = finding.keys().map(String::as_str).collect();
    keys.sort_unstable();
    let wanted = [
        "code",
        "column",
        "expected",
        "file",
        "found",
        "hint",
        "key",
        "line",
        "message",
        "requirement",
        "severity",
    ];
    assert_eq!(keys, wanted);
    assert_eq!(finding["line"], 2);
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["requirement"], "G-25");
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let yaml = "server_encryption_options:\n  internode_encryption: al\n";
    let report = told(Dialect::Scylla, yaml);
    let sarif: serde_json::Value = serde_json::from_str(&sarif(&report).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "ringlock");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    let result = &run["results"][0];
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    assert!(
        result["message"]["text"]
            .as_str()
            .unwrap()
            .contains("unknown word")
    );
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "file:///nowhere/conf/node.yaml"
    );
    assert_eq!(place["region"]["startLine"], 2);
}

#[test]
fn an_installation_is_found_with_its_version_and_a_fleet_with_all_nodes() {
    let folder = TempDir::new().unwrap();
    let home = folder.path().join("node1");
    fs::create_dir_all(home.join("conf")).unwrap();
    fs::create_dir_all(home.join("lib")).unwrap();
    fs::write(home.join("lib/apache-cassandra-4.0.19.jar"), "").unwrap();
    let yaml = "server_encryption_options: {legacy_ssl_storage_port_enabled: true}\n";
    fs::write(home.join("conf/cassandra.yaml"), yaml).unwrap();
    let told = |path: &Path| check(&[path.to_owned()], &options(None));
    assert!(
        told(&home).codes().contains(&"other-version"),
        "4.0 has not this name"
    );
    fs::write(folder.path().join("node2.yaml"), yaml).unwrap();
    fs::write(folder.path().join("notes.txt"), "no yaml").unwrap();
    let fleet = told(folder.path());
    assert_eq!(fleet.files, 2);
    assert!(!fleet.unreadable);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_the_rest_is_read() {
    let folder = TempDir::new().unwrap();
    let good = folder.path().join("good.yaml");
    let binary = folder.path().join("binary.yaml");
    fs::write(&good, "cluster_name: a\n").unwrap();
    fs::write(&binary, b"a: b\nc: \xff\xfe").unwrap();
    let gone = folder.path().join("gone.yaml");
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let report = check(&[good, binary, gone, empty], &options(None));
    assert_eq!(report.files, 1);
    assert!(report.unreadable);
    assert_eq!(report.codes(), ["cannot-read"; 3]);
    let at = report.told[0].finding.at;
    assert_eq!((at.line, at.column), (2, 4));
}

#[test]
fn a_syntax_error_shows_no_line_as_secrets_cannot_be_told_from_the_rest() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cassandra.yaml");
    fs::write(
        &file,
        format!("a: [b\nkeystore_password: {SECRET}: {SECRET}\n"),
    )
    .unwrap();
    let report = check(&[file], &options(None));
    assert_eq!(report.codes(), ["not-yaml"]);
    assert!(!text(&report, false).contains(SECRET));
}

#[test]
fn each_code_is_explained_and_a_slip_leads_to_the_nearest() {
    for rule in RULES {
        assert!(explain(rule.code).unwrap().contains(rule.explanation));
    }
    let unknown = explain("unknow-keys").unwrap_err();
    assert_eq!(unknown.nearest, Some("unknown-key"));
}

#[test]
fn the_products_own_files_have_neither_errors_nor_warnings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/tests/fixtures");
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let word = file.file_stem().unwrap().to_str().unwrap();
        for dialect in [None, Some(word.parse().unwrap())] {
            let report = check(std::slice::from_ref(&file), &options(dialect));
            assert!(
                !report.reaches(Severity::Warning),
                "{}",
                text(&report, false)
            );
        }
    }
}

#[test]
fn what_a_file_was_taken_for_is_said_once_for_all_that_are_alike() {
    let folder = TempDir::new().unwrap();
    for name in ["n1.yaml", "n2.yaml"] {
        fs::write(folder.path().join(name), "num_tokens: 16\n").unwrap();
    }
    let paths = [folder.path().to_owned()];
    let guessed = text(&check(&paths, &options(None)), false);
    let wanted = format!(
        "{} and 1 other file: read as Cassandra 5.0 (Cassandra 5.0 is the newest release that accepts every \
         key); --dialect says it for certain\n\n",
        folder.path().join("n1.yaml").display()
    );
    assert!(guessed.starts_with(&wanted), "{guessed}");
    let told = check(&paths, &options(Some(Dialect::Cassandra50)));
    assert_eq!(
        text(&told, false),
        "0 errors, 0 warnings and 0 notes in 2 files"
    );
}

/// Set `RINGLOCK_WRITE_REFERENCE` to write it anew.
#[test]
fn the_reference_in_the_documentation_is_what_the_rules_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/findings.md");
    if std::env::var_os("RINGLOCK_WRITE_REFERENCE").is_some() {
        ringlock_files::write_atomic(&file, 0o644, reference().as_bytes()).unwrap();
    }
    let written = ringlock_files::read_limited(&file, 1 << 20).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), reference());
}

#[test]
fn a_ringlock_yaml_is_judged_with_the_file_that_it_names() {
    let folder = TempDir::new().unwrap();
    let conf = folder.path().join("apache-cassandra-4.1.10/conf");
    fs::create_dir_all(&conf).unwrap();
    let own = folder.path().join("ringlock.yaml");
    fs::write(
        &own,
        "ringlock: {cluster: c}\ndatabase_config: apache-cassandra-4.1.10/conf/cassandra.yaml\n",
    )
    .unwrap();
    let refused = || {
        let report = check(std::slice::from_ref(&own), &options(None));
        let told = report.told.iter().map(|told| told.finding.to_string());
        told.collect::<Vec<_>>().join("\n")
    };
    assert!(refused().contains("database_config: the file that it names was not read"));
    let block = "server_encryption_options:\n  internode_encryption: all\n  keystore: /a.pem\n  \
                 truststore: /b.pem\n";
    fs::write(conf.join("cassandra.yaml"), block).unwrap();
    assert_eq!(refused(), "");
    let unknown = format!("{block}  max_certificate_validity_period: 1d\n");
    fs::write(conf.join("cassandra.yaml"), unknown).unwrap();
    let said = refused();
    assert!(
        said.contains("cassandra.yaml:5:3: server_encryption_options.max_certificate_validity"),
        "{said}"
    );
}
