use std::{fs, os::unix::fs::PermissionsExt};

use clap::Parser;
use ringlock_pki::{Identity, Trust};
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

/// The command line as an operator writes it.
#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

fn carry_out(folder: &Path, line: &str) -> Result<String, Failure> {
    let folder = folder.display().to_string();
    let words = line.split(' ').map(|word| word.replace('@', &folder));
    match Line::try_parse_from(["ca".to_owned()].into_iter().chain(words)) {
        Ok(Line {
            command: Command::Init(args),
        }) => init(&args, NOW),
        Ok(Line {
            command: Command::Issue(args),
        }) => issue(&args, NOW),
        Err(error) => Err(Failure::wrong(error)),
    }
}

fn error(folder: &Path, line: &str) -> String {
    match carry_out(folder, line).unwrap_err() {
        Failure::Failed(text) => format!("1 {text}"),
        Failure::Wrong(text) => format!("2 {text}"),
    }
}

const INIT: &str = "init --dir @/ca --cluster Test";
const ISSUE: &str =
    "issue --dir @/ca --node n1 --dc dc1 --rack r1 --ip 10.0.0.1 fd00::1 --dns a,b --out @/n1";

fn folder_with_ca() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    carry_out(folder.path(), INIT).unwrap();
    folder
}

fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mut modes: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
            (entry.file_name().into_string().unwrap(), mode)
        })
        .collect();
    modes.sort();
    modes
}

fn read(path: &Path) -> Vec<u8> {
    read_limited(path, MAX_BYTES).unwrap()
}

#[test]
fn a_new_ca_is_two_files_that_only_their_owner_can_use() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ca");
    assert_eq!(
        carry_out(folder.path(), INIT).unwrap(),
        format!(
            "The CA of cluster \"Test\" is made, valid until 2036-11-19.\n\
             {dir}/ca.crt  every node's truststore\n\
             {dir}/ca.key  signs certificates; keep it off the nodes, and keep a copy",
            dir = dir.display()
        )
    );
    assert_eq!(modes(folder.path()), [("ca".to_owned(), 0o700)]);
    assert_eq!(
        modes(&dir),
        [("ca.crt".to_owned(), 0o644), ("ca.key".to_owned(), 0o600)]
    );
}

#[test]
fn a_second_ca_never_replaces_the_first() {
    let folder = folder_with_ca();
    let key = folder.path().join("ca/ca.key");
    let first = read(&key);
    assert_eq!(
        error(folder.path(), INIT),
        format!(
            "1 {} exists already and was left as it is; another CA needs another --dir",
            key.display()
        )
    );
    fs::remove_file(folder.path().join("ca/ca.crt")).unwrap();
    assert!(carry_out(folder.path(), INIT).is_err());
    assert_eq!(read(&key), first);
    assert_eq!(
        modes(&folder.path().join("ca")),
        [("ca.key".to_owned(), 0o600)]
    );
}

#[test]
fn the_three_files_of_a_node_are_what_an_agent_needs() {
    let folder = folder_with_ca();
    let out = folder.path().join("n1");
    assert_eq!(
        carry_out(folder.path(), ISSUE).unwrap(),
        format!(
            "The certificate of ringlock://Test/dc1/r1/n1 is issued, valid until 2027-02-20.\n\
             {out}/node.crt  certificate\n{out}/node.key  private key\n{out}/ca.crt  truststore",
            out = out.display()
        )
    );
    let expected = [("ca.crt", 0o644), ("node.crt", 0o644), ("node.key", 0o600)];
    assert_eq!(
        modes(&out),
        expected.map(|(name, mode)| (name.to_owned(), mode))
    );

    let key = parse_pem(&read_private(&out.join("node.key"), MAX_BYTES).unwrap()).unwrap();
    let certificate = parse_pem(&read(&out.join("node.crt"))).unwrap();
    let identity = Identity::select(key.join(certificate), NOW).unwrap();
    assert_eq!(
        identity.leaf.name().to_string(),
        "ringlock://Test/dc1/r1/n1"
    );
    assert_eq!(identity.leaf.ips.len(), 2);
    assert_eq!(identity.leaf.dns, ["a", "b"]);
    let trust = parse_pem(&read(&out.join("ca.crt"))).unwrap();
    assert!(Trust::select(&trust, NOW).is_ok());
    assert_eq!(
        read(&out.join("ca.crt")),
        read(&folder.path().join("ca/ca.crt"))
    );
}

#[test]
fn the_files_of_a_node_are_replaced_only_with_force() {
    let folder = folder_with_ca();
    carry_out(folder.path(), ISSUE).unwrap();
    let out = folder.path().join("n1");
    let files = ["node.key", "node.crt"].map(|name| out.join(name));
    let first = files.each_ref().map(|path| read(path));
    assert_eq!(
        error(folder.path(), ISSUE),
        format!(
            "1 {} exists already and was left as it is; --force replaces the node's three files",
            files[0].display()
        )
    );
    fs::remove_file(&files[0]).unwrap();
    assert!(carry_out(folder.path(), ISSUE).is_err());
    assert!(!files[0].exists(), "a failure left half a set");

    carry_out(folder.path(), &format!("{ISSUE} --force")).unwrap();
    for (path, first) in files.iter().zip(first) {
        assert_ne!(read(path), first);
    }
}

#[test]
fn a_certificate_that_ends_with_its_ca_says_so() {
    let folder = tempfile::tempdir().unwrap();
    carry_out(folder.path(), &format!("{INIT} --days 30")).unwrap();
    let said = carry_out(folder.path(), ISSUE).unwrap();
    assert!(
        said.starts_with(
            "The certificate of ringlock://Test/dc1/r1/n1 is issued, valid until 2026-12-22, when \
             the CA itself ends.\n"
        ),
        "{said}"
    );
}

#[test]
fn what_cannot_be_asked_for_ends_with_2_and_writes_nothing() {
    let folder = folder_with_ca();
    for (line, expected) in [
        (ISSUE.replace(" --ip 10.0.0.1 fd00::1", ""), "--ip <IP>..."),
        (
            ISSUE.replace("10.0.0.1", "n1.example"),
            "invalid value 'n1.example' for '--ip <IP>...'",
        ),
        (
            ISSUE.replace("10.0.0.1", "0.0.0.0"),
            "the address 0.0.0.0 stands for every address",
        ),
        (
            ISSUE.replace("a,b", "*.b"),
            "the DNS name \"*.b\" holds a wildcard",
        ),
        (
            format!("{ISSUE} --days 0"),
            "invalid value '0' for '--days <N>'",
        ),
    ] {
        let said = error(folder.path(), &line);
        assert!(
            said.starts_with("2 ") && said.contains(expected),
            "{line}\n{said}"
        );
    }
    assert!(!folder.path().join("n1").exists());
}

#[test]
fn a_folder_without_a_usable_ca_says_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("ca");
    assert_eq!(
        error(folder.path(), ISSUE),
        format!(
            "1 {dir}/ca.key does not exist: there is no folder {dir}; `ringlock ca init` makes a CA",
            dir = dir.display()
        )
    );
    carry_out(folder.path(), INIT).unwrap();
    let key = dir.join("ca.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = error(folder.path(), ISSUE);
    assert!(
        said.contains("its mode 0644 lets every user read it"),
        "{said}"
    );
    fs::remove_file(&key).unwrap();
    ringlock_files::write_atomic(&key, 0o600, b"nonsense").unwrap();
    assert_eq!(
        error(folder.path(), ISSUE),
        format!(
            "1 {}: this holds no PEM section: expected a line such as -----BEGIN CERTIFICATE-----",
            key.display()
        )
    );
    let other = folder.path().join("other");
    carry_out(folder.path(), "init --dir @/other --cluster Other").unwrap();
    fs::copy(other.join("ca.key"), &key).unwrap();
    let said = error(folder.path(), ISSUE);
    let expected = format!(
        "1 {}: the private key does not belong to the certificate ",
        dir.display()
    );
    assert!(said.starts_with(&expected), "{said}");
}
