//! `ringlock check` as an operator runs it: what it prints and by which exit code, for good files
//! and for whatever else a path may hold.

use std::{
    os::unix::{fs::PermissionsExt, process::CommandExt as _},
    path::{Path, PathBuf},
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _,
    testkit::{agent::ringlock, command},
};
use serde_json::Value;
use tempfile::TempDir;

const SECRET: &str = "hunter2-Xk29";

/// A Cassandra block without any mistake.
const GOOD: &str = "\
server_encryption_options:
  internode_encryption: all
  optional: false
  keystore: /nowhere/ssl/keystore.p12
  keystore_password: hunter2-Xk29
  truststore: /nowhere/ssl/truststore.p12
  truststore_password: hunter2-Xk29
  store_type: PKCS12
  require_client_auth: true
  require_endpoint_verification: true
";

/// A ScyllaDB block that leaves everything in plaintext.
const WRONG: &str = "\
server_encryption_options:
  internode_encryption: al
  certificate: /nowhere/ssl/node.crt
  keyfile: /nowhere/ssl/node.key
  truststore: /nowhere/ssl/ca.crt
";

/// What a run of the program came to.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).or_fail("reading the output as JSON")
    }

    /// The codes of the findings; the output is JSON.
    fn codes(&self) -> Vec<String> {
        let json = self.json();
        let findings = json["findings"].as_array().or_fail("looking for findings");
        let code = |finding: &Value| finding["code"].as_str().map(str::to_owned);
        findings.iter().filter_map(code).collect()
    }
}

/// A folder with files to check.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().or_fail("making a folder"))
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).or_fail("writing a file to check");
        path
    }
}

fn check(path: &Path, options: &[&str]) -> Said {
    let mut command = ringlock();
    command.arg("check").arg(path).args(options);
    run(&mut command)
}

fn run(command: &mut std::process::Command) -> Said {
    let output = command::output(command).or_fail("running the program");
    Said {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_good_file_is_exit_code_0_with_nothing_but_the_counts() {
    let files = Files::new();
    let said = check(
        &files.write("cassandra.yaml", GOOD),
        &["--dialect", "cassandra-5"],
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.stdout, "0 errors, 0 warnings and 0 notes in 1 file\n");
    assert_eq!(said.stderr, "");
}

#[test]
fn a_finding_is_shown_with_its_line_and_is_exit_code_1() {
    let files = Files::new();
    let path = files.write("scylla.yaml", WRONG);
    let said = check(&path, &[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for words in [
        "error[internode-encryption-unknown]",
        &format!("{}:2:25", path.display()),
        "internode_encryption: al",
        "^^ expected none, dc, rack, all or transitional",
        "help: did you mean \"all\"?",
    ] {
        assert!(said.stdout.contains(words), "{words}: {said:?}");
    }
    assert!(!said.stdout.contains('\u{1b}'), "no colours into a pipe");
    let colored = check(&path, &["--color", "always"]);
    assert!(colored.stdout.contains('\u{1b}'), "{colored:?}");
}

#[test]
fn the_least_severity_that_fails_can_be_chosen() {
    let files = Files::new();
    let warned = GOOD.replace("optional: false", "optional: true");
    let path = files.write("cassandra.yaml", warned);
    let dialect = ["--dialect", "cassandra-4.1"];
    let code = |fail_on: &[&str]| check(&path, &[&dialect, fail_on].concat()).code;
    assert_eq!(code(&[]), Some(0));
    assert_eq!(code(&["--fail-on", "error"]), Some(0));
    assert_eq!(code(&["--fail-on", "warning"]), Some(1));
    assert_eq!(code(&["--fail-on", "note"]), Some(1));
}

#[test]
fn json_and_sarif_hold_the_same_findings() {
    let files = Files::new();
    let path = files.write("scylla.yaml", WRONG);
    let json = check(&path, &["--format", "json"]);
    assert_eq!(json.code, Some(1), "{json:?}");
    let first = &json.json()["findings"][0];
    assert_eq!(first["code"], "internode-encryption-unknown");
    assert_eq!(first["severity"], "error");
    assert_eq!((&first["line"], &first["column"]), (&2.into(), &25.into()));
    assert_eq!(
        first["key"],
        "server_encryption_options.internode_encryption"
    );
    assert_eq!(first["found"], "al");
    assert_eq!(first["requirement"], "G-25");
    let sarif = check(&path, &["--format", "sarif"]).json();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().or_fail("results");
    let ids: Vec<_> = results
        .iter()
        .filter_map(|it| it["ruleId"].as_str())
        .collect();
    assert_eq!(ids, json.codes());
}

#[test]
fn a_folder_of_nodes_is_a_fleet() {
    let files = Files::new();
    files.write("n1.yaml", GOOD);
    files.write(
        "n2.yaml",
        GOOD.replace("encryption: all", "encryption: none"),
    );
    let said = check(
        files.0.path(),
        &["--dialect", "cassandra-5", "--format", "json"],
    );
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.codes().contains(&"settings-differ".to_owned()),
        "{said:?}"
    );
}

#[test]
fn what_cannot_be_read_is_exit_code_2_and_says_which_file() {
    let files = Files::new();
    let huge = files.0.path().join("huge.yaml");
    let file = fs::File::create(&huge).or_fail("making a huge file");
    file.set_len(100 << 20).or_fail("making it huge");
    let binary = files.write("binary.yaml", [0xFF; 4096]);
    let missing = files.0.path().join("missing.yaml");
    for path in [huge, binary, missing] {
        let said = check(&path, &["--format", "json"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert_eq!(said.codes(), ["cannot-read"], "{said:?}");
        let file = &said.json()["findings"][0]["file"];
        assert_eq!(file.as_str(), path.to_str());
    }
}

#[test]
fn a_file_without_permission_is_exit_code_2() {
    let files = Files::new();
    let path = files.write("cassandra.yaml", GOOD);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).or_fail("closing the file");
    let mut command = ringlock();
    command.arg("check").arg(&path);
    if rustix::process::geteuid().is_root() {
        // Root may read everything, so it is somebody else who asks.
        const NOBODY: u32 = 65_534;
        fs::set_permissions(files.0.path(), PermissionsExt::from_mode(0o755))
            .or_fail("opening the folder");
        command.uid(NOBODY).gid(NOBODY);
    }
    let said = run(&mut command);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stdout.contains("permission denied"), "{said:?}");
}

#[test]
fn a_file_that_this_user_may_not_look_at_is_a_note() {
    let files = Files::new();
    let key = files.write("node.key", "nobody's");
    fs::set_permissions(&key, PermissionsExt::from_mode(0o000)).or_fail("closing the key");
    let text = format!(
        "server_encryption_options:\n  certificate: {0}\n  keyfile: {0}\n",
        key.display()
    );
    let path = files.write("scylla.yaml", text);
    let mut command = ringlock();
    command.args(["check", "--format", "json"]).arg(&path);
    if rustix::process::geteuid().is_root() {
        const NOBODY: u32 = 65_534;
        fs::set_permissions(files.0.path(), PermissionsExt::from_mode(0o755))
            .or_fail("opening the folder");
        command.uid(NOBODY).gid(NOBODY);
    }
    let said = run(&mut command);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.codes(), ["file-not-looked-at"; 2], "{said:?}");
}

#[test]
fn what_a_file_was_taken_for_is_told_in_text_where_it_is_not_certain() {
    let files = Files::new();
    let path = files.write("cassandra.yaml", GOOD);
    let guessed = check(&path, &[]).stdout;
    let beginning = format!("{}: read as Cassandra 5.0 (", path.display());
    assert!(guessed.starts_with(&beginning), "{guessed}");
    assert!(guessed.contains("; --dialect says it for certain\n"));
    let given = check(&path, &["--dialect", "cassandra-5"]).stdout;
    assert!(!given.contains("read as"), "{given}");
}

#[test]
fn broken_yaml_is_a_finding_with_its_place() {
    let files = Files::new();
    let deep = format!("a: {}{}", "[".repeat(9000), "]".repeat(9000));
    for (name, text) in [
        (
            "truncated",
            "server_encryption_options: {internode_encryption: all,\n",
        ),
        (
            "tabs",
            "server_encryption_options:\n\tinternode_encryption: all\n",
        ),
        ("nul", "cluster_name: a\0b\n"),
        ("deep", &deep),
        ("two", "a: b\n---\na: b\n"),
    ] {
        let path = files.write("cassandra.yaml", text);
        let said = check(&path, &["--format", "json"]);
        assert_eq!(said.code, Some(1), "{name}: {said:?}");
        assert_eq!(said.codes(), ["not-yaml"], "{name}: {said:?}");
        let finding = &said.json()["findings"][0];
        assert!(finding["line"].as_u64() >= Some(1), "{name}: {said:?}");
    }
}

#[test]
fn odd_yaml_that_the_products_take_is_read_and_told() {
    let files = Files::new();
    for (code, text) in [
        (
            "duplicate-key",
            format!("cluster_name: a\ncluster_name: b\n{GOOD}"),
        ),
        ("yaml-alias", format!("a: &x b\nc: *x\n{GOOD}")),
        ("byte-order-mark", format!("\u{FEFF}{GOOD}")),
        ("carriage-returns", GOOD.replace('\n', "\r\n")),
    ] {
        let path = files.write("cassandra.yaml", text);
        let said = check(&path, &["--dialect", "cassandra-5", "--format", "json"]);
        assert_eq!(said.code, Some(0), "{code}: {said:?}");
        assert!(
            said.codes().iter().all(|told| told == code),
            "{code}: {said:?}"
        );
    }
}

#[test]
fn no_output_holds_a_password() {
    let files = Files::new();
    let wrong = GOOD
        .replace("keystore_password:", "keystore_pasword:")
        .replace(
            "truststore_password:",
            "truststore_password: [a]\n  private_key:",
        );
    let path = files.write("cassandra.yaml", wrong);
    for format in ["text", "json", "sarif"] {
        for dialect in ["cassandra-4.0", "dse", "scylla", "ringlock"] {
            let said = check(&path, &["--format", format, "--dialect", dialect]);
            assert_eq!(said.code, Some(1), "{said:?}");
            assert!(!said.stdout.contains(SECRET), "{said:?}");
            assert!(!said.stderr.contains(SECRET), "{said:?}");
        }
    }
}

#[test]
fn a_code_is_explained_and_an_unknown_one_leads_to_the_nearest() {
    let said = run(ringlock().args(["check", "--explain", "revocation-list-spelling"]));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.contains("SCY-14"), "{said:?}");
    let said = run(ringlock().args(["check", "--explain", "unknown-keys"]));
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.stderr.contains("did you mean \"unknown-key\"?"),
        "{said:?}"
    );
}

#[test]
fn wrong_arguments_are_exit_code_2() {
    for arguments in [
        &["check"][..],
        &["check", ".", "--dialect", "oracle"],
        &["check", ".", "--format", "xml"],
    ] {
        assert_eq!(
            run(ringlock().args(arguments)).code,
            Some(2),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let files = Files::new();
    let path = files.write("scylla.yaml", WRONG);
    let mut command = ringlock();
    command.arg("check").arg(path);
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().or_fail("running the program");
    drop(child.stdout.take());
    let status = child.wait().or_fail("waiting for the program");
    assert_eq!(status.code(), Some(1));
}
