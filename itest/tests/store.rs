//! `ringlock store` with stores that keytool and OpenSSL made, and Java as the judge of what it
//! writes and says.

use std::{
    fmt::Write as _,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _,
    testkit::{agent::ringlock, command},
};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "changeit";
const OTHER: &str = "other-secret";

/// What keytool and OpenSSL made; no test writes there under a name that another uses.
static MADE: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().or_fail("making a folder");
    let mut make = Command::new("bash");
    make.args(["-euc", include_str!("store/make.sh")]);
    make.current_dir(folder.path());
    let made = command::output(&mut make).or_fail("making stores");
    let log = fs::read_to_string(folder.path().join("make.log")).unwrap_or_default();
    assert!(made.status.success(), "{log}");
    fs::write(
        folder.path().join("Stores.java"),
        include_str!("store/Stores.java"),
    )
    .or_fail("writing the judge");
    folder
});

/// A store to begin with, and which entries Java has to find in what is made of it.
struct Store {
    file: &'static str,
    kind: &'static str,
    password: &'static str,
    /// A store with the same entries that Java reads.
    like: &'static str,
    /// What inspection says of the format, and of what Java sees.
    seen: (&'static str, u64, u64),
}

const fn keystore(file: &'static str, like: &'static str, seen: (&'static str, u64, u64)) -> Store {
    Store {
        file,
        kind: "keystore",
        password: PASSWORD,
        like,
        seen,
    }
}

const fn truststore(file: &'static str, seen: (&'static str, u64, u64)) -> Store {
    Store {
        file,
        kind: "truststore",
        password: PASSWORD,
        like: "trust.jks",
        seen,
    }
}

const STORES: [Store; 12] = [
    keystore("rsa.jks", "rsa.jks", ("jks", 1, 0)),
    keystore("ec.jks", "ec.jceks", ("jks", 0, 0)),
    keystore("ec.jceks", "ec.jceks", ("jceks", 1, 0)),
    keystore("keytool.p12", "rsa.jks", ("pkcs12", 1, 0)),
    keystore("keytool-legacy.p12", "rsa.jks", ("pkcs12", 1, 0)),
    keystore("openssl.p12", "rsa.jks", ("pkcs12", 1, 0)),
    keystore("openssl-legacy.p12", "rsa.jks", ("pkcs12", 1, 0)),
    Store {
        password: "",
        ..keystore("nopass.p12", "rsa.jks", ("pkcs12", 1, 0))
    },
    keystore("encrypted.pem", "rsa.jks", ("pem", 0, 0)),
    truststore("nokeys.p12", ("pkcs12", 0, 0)),
    truststore("trust.jks", ("jks", 0, 2)),
    truststore("trust.pkcs12", ("pkcs12", 0, 2)),
];

/// What a run of the program came to.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Said {
    #[track_caller]
    fn done(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self
    }

    #[track_caller]
    fn refused(self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in {self:?}");
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).or_fail("reading the output as JSON")
    }
}

/// Runs `ringlock store WORDS…` in the folder of the stores, with this password in `PASSWORD`;
/// nothing that it prints may hold one.
fn store(password: &str, words: &[&str]) -> Said {
    let mut program = ringlock();
    program.arg("store").args(words).current_dir(MADE.path());
    program.env("PASSWORD", password).env("OTHER", OTHER);
    program.env("CHANGEIT", PASSWORD);
    let output = command::output(&mut program).or_fail("running the program");
    let said = Said {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    for secret in [PASSWORD, OTHER, "-----BEGIN"] {
        assert!(!said.stdout.contains(secret), "{said:?}");
        assert!(!said.stderr.contains(secret), "{said:?}");
    }
    said
}

fn inspect(from: &Store, format: &str) -> Said {
    let mut words = vec!["inspect", from.file, "--password-env", "PASSWORD"];
    words.extend(["--format", format]);
    if from.file == "ec.jks" {
        words.extend(["--key-password-env", "OTHER"]);
    }
    store(from.password, &words).done()
}

fn convert(from: &Store, to: &str, out: &str, more: &[&str]) -> Said {
    let mut words = vec!["convert", from.file, "--password-env", "PASSWORD"];
    words.extend(["--to", to, "--out", out, "--kind", from.kind]);
    words.extend(["--out-password-env", "CHANGEIT"]);
    if from.file == "ec.jks" {
        words.extend(["--key-password-env", "OTHER"]);
    }
    words.extend(more);
    store(from.password, &words)
}

/// Asks Java many things at once; one answer each.
fn java(questions: &[String]) -> Vec<String> {
    let asked = tempfile::NamedTempFile::new().or_fail("making a file");
    fs::write(asked.path(), questions.join("\n")).or_fail("writing the questions");
    let mut judge = Command::new("java");
    judge.arg("Stores.java").arg(asked.path());
    judge.current_dir(MADE.path());
    let printed = command::run(&mut judge).or_fail("asking Java");
    let answers: Vec<_> = printed.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), questions.len(), "{printed}");
    answers
}

fn show(file: &str, kind: &str) -> String {
    format!("show\t{file}\t{kind}\t{PASSWORD}")
}

fn path(name: &str) -> PathBuf {
    MADE.path().join(name)
}

fn mode(path: &Path) -> u32 {
    let found = fs::metadata(path).or_fail("looking at a file");
    found.permissions().mode() & 0o7777
}

/// An answer of `show` without the entries' names, which PEM and `openssl -nokeys` do not have.
fn nameless(answer: &str) -> Vec<&str> {
    let mut entries: Vec<_> = answer
        .split(' ')
        .map(|entry| entry.split_once('=').map_or(entry, |(_, content)| content))
        .collect();
    entries.sort_unstable();
    entries
}

#[test]
fn each_of_twelve_stores_becomes_every_format_and_java_reads_the_same_entries() {
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    for from in &STORES {
        for to in ["jks", "jceks", "pkcs12", "pem"] {
            let out = format!("matrix-{}.{to}", from.file);
            convert(from, to, &out, &[]).done();
            assert_eq!(mode(&path(&out)), 0o600, "{out}");
            let (file, kind) = if to == "pem" {
                let back = Store {
                    file: &*out.clone().leak(),
                    password: PASSWORD,
                    ..*from
                };
                convert(&back, "pkcs12", &format!("{out}.p12"), &[]).done();
                (format!("{out}.p12"), "PKCS12")
            } else {
                (out, to)
            };
            questions.push(show(&file, kind));
            expected.push((from, to));
        }
    }
    let likes = ["rsa.jks", "ec.jceks", "trust.jks"];
    let kinds = ["JKS", "JCEKS", "JKS"];
    questions.extend(likes.iter().zip(kinds).map(|(file, kind)| show(file, kind)));
    let answers = java(&questions);
    let (answers, originals) = answers.split_at(expected.len());
    for (answer, (from, to)) in answers.iter().zip(expected) {
        let like = likes.iter().position(|like| *like == from.like);
        let original = &originals[like.or_fail("looking for the original")];
        let named = to != "pem" && !["encrypted.pem", "nokeys.p12"].contains(&from.file);
        match named {
            true => assert_eq!(answer, original, "{} as {to}", from.file),
            false => assert_eq!(
                nameless(answer),
                nameless(original),
                "{} as {to}",
                from.file
            ),
        }
    }
}

#[test]
fn each_of_twelve_stores_is_shown_with_what_java_sees_of_it() {
    for from in &STORES {
        let shown = inspect(from, "json").json();
        let (format, keys, anchors) = from.seen;
        assert_eq!(shown["format"], format, "{}", from.file);
        let java = &shown["java"];
        assert_eq!(java["private_keys"], keys, "{}: {java}", from.file);
        assert_eq!(java["trust_anchors"], anchors, "{}: {java}", from.file);
        let entries = shown["entries"].as_array().or_fail("looking for entries");
        if from.kind == "truststore" {
            assert_eq!(entries.len(), 2, "{}", from.file);
            assert_eq!(java["reason"].is_string(), anchors == 0, "{}", from.file);
            continue;
        }
        let [entry] = entries.as_slice() else {
            panic!("{}: {entries:?}", from.file);
        };
        assert_eq!(entry["kind"], "private key");
        assert_eq!(entry["issuer"], "O=Acme, CN=Nodes");
        assert_eq!(
            entry["sans"],
            serde_json::json!(["IP:10.0.0.1", "DNS:n1.example"])
        );
        assert_eq!(
            entry["eku"],
            serde_json::json!(["serverAuth", "clientAuth"])
        );
        let kind = if from.file.starts_with("ec") {
            "ECDSA P-384"
        } else {
            "RSA 2048"
        };
        assert_eq!(entry["key"], kind, "{}", from.file);
        assert_eq!(entry["key_matches"], true, "{}", from.file);
        assert_eq!(entry["chain_complete"], true, "{}: {entry}", from.file);
        assert_eq!(entry["chain"].as_array().map(Vec::len), Some(2));
        let text = inspect(from, "text").stdout;
        let line = format!(
            "as Java sees it: {keys} private key{}",
            if keys == 1 { "" } else { "s" }
        );
        assert!(text.contains(&line), "{text}");
        assert!(text.contains("belongs to the certificate"), "{text}");
    }
}

#[test]
fn a_deterministic_store_is_the_same_each_time() {
    for (file, to) in [
        ("encrypted.pem", "pkcs12"),
        ("openssl.p12", "jks"),
        ("rsa.jks", "jceks"),
    ] {
        let from = STORES.iter().find(|it| it.file == file);
        let from = from.or_fail("looking for the store");
        let made = ["one", "two"].map(|name| {
            let out = format!("same-{name}.{to}");
            convert(from, to, &out, &["--deterministic"]).done();
            fs::read(path(&out)).or_fail("reading a store")
        });
        assert_eq!(made[0], made[1], "{file} as {to}");
    }
}

#[test]
fn certificate_key_and_chain_in_files_of_their_own_become_one_keystore() {
    let words = [
        "convert",
        "n1.key",
        "root.pem",
        "n1.pem",
        "mid.pem",
        "stranger.pem",
        "--to",
        "pkcs12",
        "--kind",
        "keystore",
        "--out",
        "joined.p12",
        "--alias",
        "Node One",
        "--out-password-env",
        "PASSWORD",
    ];
    let said = store(PASSWORD, &words).done();
    assert!(
        said.stdout.contains("left out: O=Other, CN=Stranger"),
        "{said:?}"
    );
    let answers = java(&[show("joined.p12", "PKCS12"), show("rsa.jks", "JKS")]);
    let original = answers[1].replacen("n1=", "node one=", 1);
    assert_eq!(answers[0], original);
    let words = [
        "convert",
        "n2.key",
        "n1.pem",
        "--to",
        "jks",
        "--kind",
        "keystore",
        "--out",
        "never.jks",
        "--out-password-env",
        "PASSWORD",
    ];
    store(PASSWORD, &words).refused(1, &["n2.key, n1.pem: none of the certificates belongs"]);
    assert!(!path("never.jks").exists());
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force_and_never_by_half() {
    let from = &STORES[0];
    fs::write(path("precious.p12"), "precious").or_fail("writing a file");
    convert(from, "pkcs12", "precious.p12", &[])
        .refused(1, &["precious.p12 exists already", "--force replaces it"]);
    let none = [
        "convert", "n1.key", "n1.pem", "--to", "jks", "--kind", "keystore",
    ];
    let none = [&none[..], &["--out", "precious.p12", "--force"]].concat();
    store(PASSWORD, &none).refused(
        2,
        &["JKS is written under a password", "--out-password-file"],
    );
    let kept = fs::read(path("precious.p12")).or_fail("reading the file");
    assert_eq!(kept, b"precious");
    convert(from, "pkcs12", "precious.p12", &["--force"]).done();
    let answer = java(&[show("precious.p12", "PKCS12")]);
    assert!(answer[0].starts_with("n1=key:"), "{answer:?}");
}

#[test]
fn a_truststore_that_java_finds_empty_is_repaired_where_it_is() {
    let before = fs::read(path("nokeys.p12")).or_fail("reading the store");
    fs::write(path("repair.p12"), &before).or_fail("copying the store");
    fs::set_permissions(path("repair.p12"), PermissionsExt::from_mode(0o640)).or_fail("opening it");
    let repair = ["repair", "repair.p12", "--password-env", "PASSWORD"];
    let said = store(PASSWORD, &repair).done();
    for words in [
        "repair.p12 is repaired; repair.p12.before-ringlock has it as it was",
        "marked as trusted: 2 certificates",
        "as Java sees it: 0 private keys, 2 trust anchors",
    ] {
        assert!(said.stdout.contains(words), "{words}: {said:?}");
    }
    let answers = java(&[
        show("nokeys.p12", "PKCS12"),
        show("repair.p12", "PKCS12"),
        show("trust.jks", "JKS"),
    ]);
    assert_eq!(answers[0], "anchors=0", "{answers:?}");
    assert_eq!(nameless(&answers[1]), nameless(&answers[2]));
    assert_eq!(mode(&path("repair.p12")), 0o640);
    let kept = fs::read(path("repair.p12.before-ringlock")).or_fail("reading what was kept");
    assert_eq!(kept, before);
    let said = store(PASSWORD, &repair).done();
    assert!(
        said.stdout.contains("needs no repair; nothing was written"),
        "{said:?}"
    );
    let out = [
        "repair",
        "nokeys.p12",
        "--password-env",
        "PASSWORD",
        "--out",
        "repaired.p12",
    ];
    store(PASSWORD, &out).done();
    assert_eq!(mode(&path("repaired.p12")), 0o600);
    assert_eq!(fs::read(path("nokeys.p12")).or_fail("reading it"), before);
    let keystore = ["repair", "rsa.jks", "--password-env", "PASSWORD"];
    store(PASSWORD, &keystore).refused(1, &["rsa.jks holds 1 private key"]);
    store(PASSWORD, &["repair", "root.pem"]).refused(1, &["root.pem is PEM", "store convert"]);
}

#[test]
fn a_wrong_or_missing_password_is_exit_code_2_in_words_that_help() {
    let wrong = |file: &str| store("wrong", &["inspect", file, "--password-env", "PASSWORD"]);
    let jks = "Keystore was tampered with, or password was incorrect";
    wrong("rsa.jks").refused(2, &["rsa.jks: ", jks]);
    wrong("openssl.p12").refused(2, &["openssl.p12: ", "keystore password was incorrect"]);
    wrong("encrypted.pem").refused(2, &["encrypted.pem: line 1: ", "password is wrong"]);
    store("", &["inspect", "keytool.p12"])
        .refused(2, &["no password was given", "--password-file"]);
    let own = ["inspect", "ec.jks", "--password-env", "PASSWORD"];
    store(PASSWORD, &own).refused(2, &["n2", "Cannot recover key", "--key-password-file"]);
    let verify = ["verify", "--keystore", "n1.key", "--keystore", "n1.chain"];
    let verify = [&verify[..], &["--truststore", "trust.pkcs12"]].concat();
    store("", &verify).refused(2, &["trust.pkcs12: ", "--truststore-password-file"]);
}

#[test]
fn what_is_cut_off_or_missing_is_exit_code_2_and_named() {
    for from in &STORES {
        let whole = fs::read(path(from.file)).or_fail("reading a store");
        for part in [1, 2, 3, 7] {
            let cut = format!("cut-{}", from.file);
            let end = whole.len() * part / 8;
            fs::write(path(&cut), &whole[..end]).or_fail("cutting a store");
            let mut words = vec!["inspect", &cut, "--password-env", "PASSWORD"];
            words.extend(["--key-password-env", "OTHER"]);
            store(from.password, &words).refused(2, &["error: cut-", from.file]);
        }
    }
    store("", &["inspect", "nothing.jks"]).refused(2, &["nothing.jks does not exist"]);
    store("", &["inspect", "."]).refused(2, &["is a directory"]);
}

#[test]
fn a_keystore_that_everybody_may_read_is_shown_with_a_warning_and_not_converted() {
    fs::copy(path("rsa.jks"), path("open.jks")).or_fail("copying the store");
    fs::set_permissions(path("open.jks"), PermissionsExt::from_mode(0o644)).or_fail("opening it");
    let said = store(
        PASSWORD,
        &["inspect", "open.jks", "--password-env", "PASSWORD"],
    )
    .done();
    let warning =
        "warning: open.jks holds a private key, but its mode 0644 lets every user read it";
    assert!(said.stdout.contains(warning), "{said:?}");
    let open = Store {
        file: "open.jks",
        ..keystore("", "", ("", 0, 0))
    };
    convert(&open, "pkcs12", "never.p12", &[]).refused(2, &["chmod 600 open.jks"]);
    assert!(!path("never.p12").exists());
    fs::copy(path("trust.jks"), path("open-trust.jks")).or_fail("copying the store");
    fs::set_permissions(path("open-trust.jks"), PermissionsExt::from_mode(0o644))
        .or_fail("opening it");
    let said = store(
        PASSWORD,
        &["inspect", "open-trust.jks", "--password-env", "PASSWORD"],
    )
    .done();
    assert!(!said.stdout.contains("warning"), "{said:?}");
}

/// A node before a peer: its keystore, the peer's truststore, the address that the peer sees.
const MEETINGS: [(&str, &str, &str); 13] = [
    ("openssl.p12", "root-only.jks", "-"),
    ("openssl.p12", "root-only.jks", "10.0.0.1"),
    ("openssl.p12", "root-only.jks", "10.0.0.9"),
    ("openssl.p12", "stranger.jks", "-"),
    ("alone.p12", "root-only.jks", "-"),
    ("alone.p12", "trust.jks", "-"),
    ("server.p12", "root-only.jks", "-"),
    ("old.p12", "root-only.jks", "-"),
    ("mute.p12", "root-only.jks", "-"),
    ("mute.p12", "mute.jks", "-"),
    ("nameless.p12", "root-only.jks", "10.0.0.1"),
    ("self.p12", "self.jks", "10.0.0.1"),
    ("self.p12", "self.jks", "10.0.0.9"),
];

/// The end of a log line, behind what varies from one to the next.
fn last_words(line: &str) -> &str {
    line.rsplit(['…', ':']).next().unwrap_or_default().trim()
}

#[test]
fn a_verdict_about_java_is_what_a_handshake_of_java_comes_to() {
    let mut questions = Vec::new();
    let mut verdicts = Vec::new();
    for (keystore, truststore, address) in MEETINGS {
        let mut words = vec![
            "verify",
            "--keystore",
            keystore,
            "--password-env",
            "PASSWORD",
        ];
        words.extend([
            "--truststore",
            truststore,
            "--truststore-password-env",
            "PASSWORD",
        ]);
        words.extend(["--by", "java", "--format", "json"]);
        if address != "-" {
            words.extend(["--peer", address]);
        }
        let said = store(PASSWORD, &words);
        let json = said.json();
        let accepted = json["accepted"].as_bool();
        assert_eq!(accepted, Some(said.code == Some(0)), "{said:?}");
        for (at, role) in ["server", "client"].into_iter().enumerate() {
            let verdict = json["verdicts"][at].clone();
            assert_eq!(verdict["role"], role, "{json}");
            verdicts.push((keystore, truststore, address, verdict));
            questions.push(format!(
                "handshake\t{role}\t{keystore}\tPKCS12\t{PASSWORD}\t{truststore}\tJKS\t{PASSWORD}\t{address}"
            ));
        }
    }
    let mut differing = String::new();
    for (answer, (keystore, truststore, address, verdict)) in java(&questions).iter().zip(verdicts)
    {
        let accepted = verdict["accepted"] == true;
        let log = verdict["log"][0].as_str().unwrap_or_default();
        let mut ends = log.split(", or ").map(last_words);
        if accepted != (answer == "accepted") || !ends.any(|end| answer.contains(end)) {
            let _ = writeln!(
                differing,
                "{keystore} {truststore} {address}: Java: {answer}; Ringlock: {verdict}"
            );
        }
    }
    assert_eq!(differing, "");
}

#[test]
fn a_verdict_about_scylladb_is_what_gnutls_says() {
    // `certtool` alone does not let a leaf be trusted itself (GNUTLS_VERIFY_DO_NOT_ALLOW_SAME).
    let pinned = ["mute.jks", "self.jks"];
    let meetings = MEETINGS
        .iter()
        .filter(|(_, trust, _)| !pinned.contains(trust));
    for (keystore, truststore, _) in meetings {
        let mut words = vec![
            "verify",
            "--keystore",
            keystore,
            "--password-env",
            "PASSWORD",
        ];
        words.extend([
            "--truststore",
            truststore,
            "--truststore-password-env",
            "PASSWORD",
        ]);
        words.extend(["--by", "scylla", "--format", "json"]);
        let verdict = store(PASSWORD, &words).json()["verdicts"][0].clone();
        let script = format!(
            "openssl pkcs12 -in {keystore} -passin pass:{PASSWORD} -nokeys -out scylla-chain.pem
             keytool -exportcert -rfc -keystore {truststore} -storepass {PASSWORD} \
               -alias $(keytool -list -keystore {truststore} -storepass {PASSWORD} | \
               sed -n 's/,.*trustedCertEntry.*//p' | head -n1) >scylla-trust.pem
             certtool --verify --load-ca-certificate scylla-trust.pem --infile scylla-chain.pem"
        );
        let mut certtool = Command::new("sh");
        certtool.args(["-c", &script]).current_dir(MADE.path());
        let output = command::output(&mut certtool).or_fail("asking GnuTLS");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // The key usage of a leaf is looked at in the handshake alone.
        let refusals = verdict["refusals"]
            .as_array()
            .or_fail("looking for refusals");
        let unseen = |refusal: &Value| refusal.as_str().is_some_and(|it| it.contains("key usage"));
        let accepted = refusals.iter().all(unseen);
        assert_eq!(
            output.status.success(),
            accepted,
            "{keystore} {truststore}: {verdict} {said}"
        );
        let log = verdict["log"][0].as_str().unwrap_or_default();
        assert!(said.contains(log), "{verdict} {said}");
    }
}

#[test]
fn a_revoked_certificate_is_refused_by_those_who_look() {
    let words = [
        "verify",
        "--keystore",
        "n1.chain",
        "--keystore",
        "n1.key",
        "--truststore",
        "root.pem",
        "--crl",
        "mid.crl",
    ];
    let said = store("", &words);
    assert_eq!(said.code, Some(1), "{said:?}");
    let found: Vec<_> = said.stdout.lines().skip(2).collect();
    assert_eq!(
        found,
        [
            "Java      as server and client  accepted (does not look at revocation lists)",
            "ScyllaDB  as server and client  REFUSED",
            "  O=Acme, CN=n1 is revoked",
            "  in its log: The certificate chain is revoked.",
            "Ringlock  as server and client  REFUSED",
            "  O=Acme, CN=n1 is revoked",
        ]
    );
    let stranger = [&words[..6], &["stranger.pem", "--crl", "mid.crl"]].concat();
    assert_eq!(store("", &stranger).code, Some(1));
    let no_list = [&words[..7], &["--crl", "n1.pem"]].concat();
    store("", &no_list).refused(2, &["n1.pem: this holds no revocation list"]);
}
