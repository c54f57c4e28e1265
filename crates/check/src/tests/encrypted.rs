//! Passwords that stand encrypted in the file.

use fs_err as fs;
use ringlock_config::Dialect;
use ringlock_finding::Severity;
use ringlock_secret::{LocalKey, Password};
use ringlock_store::Kind;

use super::{stores::Site, told_at};
use crate::Report;

/// What is told of stores and passwords that do not open.
const CODES: [&str; 3] = [
    "store-not-examined",
    "password-not-opened",
    "store-password-wrong",
];
/// A key of DSE, and `hunter2` encrypted with it by openssl.
const SYSTEM_KEY: &str = "AES/ECB/PKCS5Padding:128:AAECAwQFBgcICQoLDA0ODw==";
const HUNTER2: &str = "gbAl6FBqxTHFvEXQ2mbSeQ==";

#[test]
fn what_the_key_of_ringlock_yaml_opens_is_opened() {
    let site = encrypted_site();
    let (key, other) = (new_key(&site, "secret.key"), new_key(&site, "other.key"));
    let told = |name: &str, value: &str| {
        let rest = format!("ringlock:\n  cluster: Test Cluster\n{name}");
        codes(&checked(
            &site,
            Dialect::Ringlock,
            "ringlock.yaml",
            value,
            &rest,
        ))
    };
    let sealed = key.seal(&Password::new("hunter2")).unwrap();
    let named = "  secret_key: secret.key\n";
    assert_eq!(told(named, &sealed), [""; 0]);

    let wrong = key.seal(&Password::new("hunter3")).unwrap();
    assert_eq!(told(named, &wrong), ["store-password-wrong"; 2]);
    let others = other.seal(&Password::new("hunter2")).unwrap();
    assert_eq!(told(named, &others), ["password-not-opened"; 2]);
    assert_eq!(told("", &sealed), ["store-not-examined"; 2]);
    assert_eq!(
        told("  secret_key: gone\n", &sealed),
        ["store-not-examined"; 2]
    );
}

#[test]
fn what_the_key_of_dse_opens_is_opened() {
    let site = encrypted_site();
    let told = |value: &str| checked(&site, Dialect::Dse67, "cassandra.yaml", value, "");
    let alone = told(HUNTER2);
    assert_eq!(codes(&alone), ["store-not-examined"; 2]);
    assert_eq!(codes(&told("hunter2")), [""; 0]);
    assert!(words(&alone).contains("no dse.yaml"), "{}", words(&alone));

    let active = "config_encryption_active: true\nsystem_key_directory: .\n";
    site.write("dse.yaml", active, 0o644);
    let without_key = told(HUNTER2);
    assert_eq!(codes(&without_key), ["store-not-examined"; 2]);
    let told_words = words(&without_key);
    assert!(
        told_words.contains("system_key does not exist"),
        "{told_words}"
    );

    site.write("system_key", SYSTEM_KEY, 0o600);
    assert_eq!(codes(&told(HUNTER2)), [""; 0]);
    // DSE does not start with it.
    let plain = told("hunter2");
    assert_eq!(codes(&plain), ["password-not-opened"; 2]);
    assert!(words(&plain).contains("it is plain text"));
    assert!(!words(&plain).contains("hunter2"));

    site.write("dse.yaml", "config_encryption_active: false\n", 0o644);
    assert_eq!(codes(&told("hunter2")), [""; 0]);
}

#[test]
fn a_kmip_server_is_not_asked() {
    let site = encrypted_site();
    site.write(
        "dse.yaml",
        "config_encryption_active: true\nconfig_encryption_key_name: kmip://vault/key\nkmip_hosts:\n  \
         vault: {hosts: 127.0.0.1:1, keystore_path: a, truststore_path: b}\n",
        0o644,
    );
    let report = checked(&site, Dialect::Dse67, "cassandra.yaml", HUNTER2, "");
    assert_eq!(codes(&report), ["store-not-examined"; 2]);
    let told = words(&report);
    assert!(
        told.contains("the key is in the KMIP group vault, whose servers are not asked here"),
        "{told}"
    );
    let notes = report
        .told
        .iter()
        .filter(|told| told.finding.code == CODES[0]);
    assert!(
        notes
            .clone()
            .all(|told| told.finding.severity == Severity::Note)
    );
    assert_eq!(
        notes.map(|told| told.finding.at.line).collect::<Vec<_>>(),
        [5, 7]
    );
}

/// A site whose stores are under `hunter2`.
fn encrypted_site() -> Site {
    let site = Site::new();
    site.keystore("store", Kind::Pkcs12, "hunter2");
    site.truststore("trust", Kind::Pkcs12, "hunter2");
    site
}

fn new_key(site: &Site, name: &str) -> LocalKey {
    let key = LocalKey::generate().unwrap();
    key.write_new(&site.path(name)).unwrap();
    key
}

/// What is told of a file in which the value stands for both passwords.
fn checked(site: &Site, dialect: Dialect, file: &str, value: &str, rest: &str) -> Report {
    let yaml = format!(
        "server_encryption_options:\n  internode_encryption: all\n  require_client_auth: true\n  \
         store_type: PKCS12\n  keystore: {}\n  keystore_password: {value}\n  truststore: {}\n  \
         truststore_password: {value}\n{rest}",
        site.path("store").display(),
        site.path("trust").display()
    );
    let file = site.path(file);
    fs::write(&file, &yaml).unwrap();
    told_at(&file, dialect, &yaml)
}

fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes = report.codes();
    codes.retain(|code| CODES.contains(code));
    codes
}

fn words(report: &Report) -> String {
    let told = report.told.iter();
    told.map(|told| format!("{}\n", told.finding)).collect()
}
