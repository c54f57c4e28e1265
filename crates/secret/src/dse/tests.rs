use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::kmip::Host;

const PASSWORDS: [&str; 4] = [
    "pa55",
    "",
    "fifteen letters",
    "pässwörd of more than one block",
];

/// 16 bytes, `00` to `0f`.
const KEY: &str = "AES/ECB/PKCS5Padding:128:AAECAwQFBgcICQoLDA0ODw==";

#[test]
fn what_java_encrypted_opens_under_every_cipher_that_dse_has() {
    const CIPHERS: [(&str, &str); 14] = [
        ("AES/ECB/PKCS5Padding", "128"),
        ("AES/ECB/PKCS5Padding", "256"),
        ("AES/CBC/PKCS5Padding", "128"),
        ("AES/CBC/PKCS5Padding", "192"),
        ("AES/CBC/PKCS5Padding", "256"),
        ("AES", "128"),
        ("DES/CBC/PKCS5Padding", "56"),
        ("DESede/CBC/PKCS5Padding", "112"),
        ("DESede/ECB/PKCS5Padding", "168"),
        ("Blowfish/CBC/PKCS5Padding", "32"),
        ("Blowfish/ECB/PKCS5Padding", "448"),
        ("RC2/CBC/PKCS5Padding", "40"),
        ("RC2/ECB/PKCS5Padding", "128"),
        ("RC2", "64"),
    ];
    let mut arguments = Vec::new();
    for (cipher, bits) in CIPHERS {
        arguments.extend([cipher, bits]);
        arguments.extend(PASSWORDS);
        arguments.push("--");
    }
    let printed = java(&arguments);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), CIPHERS.len(), "{printed}");
    for line in lines {
        let mut parts = line.split('\t');
        let file = parts.next().unwrap();
        let key = SystemKey::parse(format!("{file}\n").as_bytes()).unwrap();
        for password in PASSWORDS {
            let opened = key.open(parts.next().unwrap());
            assert_eq!(opened.unwrap().expose(), password, "{key}");
        }
    }
}

/// Runs the program beside this file, with the Java that end-to-end tests take.
fn java(arguments: &[&str]) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dse/tests/Vectors.java");
    let java = std::env::var_os("RINGLOCK_JAVA").unwrap_or_else(|| "java".into());
    let output = Command::new(&java)
        .arg(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{} cannot be started: {error}; RINGLOCK_JAVA names a Java 17",
                java.display()
            )
        });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_value_made_by_another_implementation_opens() {
    // printf %s hunter2 | openssl enc -aes-128-ecb -K 000102030405060708090a0b0c0d0e0f -base64
    let key = SystemKey::parse(KEY.as_bytes()).unwrap();
    let opened = key.open("gbAl6FBqxTHFvEXQ2mbSeQ==").unwrap();
    assert_eq!(opened.expose(), "hunter2");
}

#[test]
fn plain_text_and_values_of_another_key_are_told_apart() {
    let key = SystemKey::parse(KEY.as_bytes()).unwrap();
    assert_eq!(
        key.open("cassandra!").unwrap_err(),
        ValueFault::NotEncrypted
    );
    // Nine letters that would be base64, were they twelve.
    assert_eq!(key.open("cassandra").unwrap_err(), ValueFault::NotEncrypted);
    assert_eq!(key.open("").unwrap_err(), ValueFault::OtherKey);
    assert_eq!(key.open("abcd").unwrap_err(), ValueFault::OtherKey);
    // The example of DSE's manual, made with a key that nobody has.
    assert_eq!(
        key.open("+Vj5oHCR/jqfA+OJE2m8zA==").unwrap_err(),
        ValueFault::OtherKey
    );
}

#[test]
fn a_key_file_may_have_blanks_around_its_line() {
    for text in [KEY.to_owned(), format!("\n  {KEY} \r\n\n")] {
        let key = SystemKey::parse(text.as_bytes()).unwrap();
        assert_eq!(
            format!("{key:?}"),
            "SystemKey(AES/ECB/PKCS5Padding, 128 bits)"
        );
    }
}

#[test]
fn what_is_no_system_key_is_refused_by_its_fault() {
    let two = format!("{KEY}\n{KEY}\n");
    for (text, fault) in [
        ("", SystemKeyFault::NoKey),
        ("hunter2", SystemKeyFault::NoKey),
        ("AES/ECB/PKCS5Padding:128", SystemKeyFault::NoKey),
        (two.as_str(), SystemKeyFault::SeveralKeys),
        ("AES/ECB/PKCS5Padding:128:AAEC", SystemKeyFault::Damaged),
        (
            "AES/ECB/PKCS5Padding:256:AAECAwQFBgcICQoLDA0ODw==",
            SystemKeyFault::Damaged,
        ),
        (
            "AES/ECB/PKCS5Padding:many:AAECAwQFBgcICQoLDA0ODw==",
            SystemKeyFault::Damaged,
        ),
        (
            "AES/ECB/PKCS5Padding:128:AAECAwQFBgcICQoLDA0OD",
            SystemKeyFault::Damaged,
        ),
        (
            "AES/GCM/NoPadding:128:AAECAwQFBgcICQoLDA0ODw==",
            SystemKeyFault::Cipher {
                name: "AES/GCM/NoPadding".to_owned(),
            },
        ),
        (
            "hunter2:128:AAECAwQFBgcICQoLDA0ODw==",
            SystemKeyFault::Cipher {
                name: "of that line".to_owned(),
            },
        ),
    ] {
        assert_eq!(
            SystemKey::parse(text.as_bytes()).unwrap_err(),
            fault,
            "{text}"
        );
    }
}

#[test]
fn a_system_key_that_others_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("system_key");
    ringlock_files::write_atomic(&path, 0o644, KEY.as_bytes()).unwrap();
    let error = SystemKey::read(&path).unwrap_err();
    assert!(matches!(error, SystemKeyError::Exposed { mode: 0o644, .. }));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(SystemKey::read(&path).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in "((AES|DES|RC2)(/(ECB|CBC)/PKCS5Padding)?:[0-9]{1,3}:)?[A-Za-z0-9+/=]{0,60}") {
        let key = SystemKey::parse(KEY.as_bytes()).unwrap();
        let _ = key.open(&text);
        if let Ok(key) = SystemKey::parse(text.as_bytes()) {
            let _ = key.open(&text);
        }
    }
}

fn parse(text: &str) -> Result<DseYaml, String> {
    DseYaml::parse(text, Path::new("/etc/dse/dse.yaml")).map_err(|findings| findings.to_string())
}

#[test]
fn what_is_left_out_has_the_defaults_of_dse() {
    let yaml = parse("config_encryption_active: false\nsystem_key_directory:\n").unwrap();
    assert!(!yaml.is_active());
    let default = KeyName::File("/etc/dse/conf/system_key".into());
    assert_eq!(*yaml.key(), default);
    assert!(yaml.groups().is_empty());
}

#[test]
fn a_group_of_kmip_hosts_is_read_whole() {
    let yaml = parse(
        "config_encryption_active: true
config_encryption_key_name: kmip://one/02-449
kmip_hosts:
  one:
    hosts: kmip1.example.com, kmip2.example.com:15696
    keystore_path: conf/keystore.jks
    keystore_type: jks
    keystore_password: pa55
    truststore_path: /etc/dse/conf/truststore.jks
    truststore_password: hunter2
    key_cache_millis: 300000
    timeout: 2500
",
    )
    .unwrap();
    assert!(yaml.is_active());
    let key = KeyName::Kmip {
        group: "one".to_owned(),
        name: "02-449".to_owned(),
    };
    assert_eq!(*yaml.key(), key);
    let group = &yaml.groups()[0];
    assert_eq!(
        group.hosts[1],
        Host {
            name: "kmip2.example.com".to_owned(),
            port: 15696
        }
    );
    assert_eq!(group.keystore.path, Path::new("/etc/dse/conf/keystore.jks"));
    assert_eq!(
        group.truststore.password.as_ref().unwrap().expose(),
        "hunter2"
    );
    assert_eq!(group.timeout, Duration::from_millis(2500));
    assert!(!format!("{yaml:?}").contains("hunter2"));
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let told = parse(
        "config_encryption_active: perhaps
config_encryption_key_name: kmip://two/key
kmip_hosts:
  one:
    hosts: a b
    truststore_path: x
    timeout: 0
  broken: yes
",
    )
    .unwrap_err();
    assert_eq!(
        told,
        "/etc/dse/dse.yaml:1:1: config_encryption_active: is neither true nor false
/etc/dse/dse.yaml:5:5: kmip_hosts.one.hosts: is no list of HOST[:PORT], …
/etc/dse/dse.yaml:4:3: kmip_hosts.one.keystore_path: is missing; expected a file
/etc/dse/dse.yaml:7:5: kmip_hosts.one.timeout: is no number of milliseconds between 1 and 600000
/etc/dse/dse.yaml:8:3: kmip_hosts.broken: is no mapping of a group's options
/etc/dse/dse.yaml:2:1: config_encryption_key_name: names a KMIP group that kmip_hosts does not have"
    );
    for name in ["kmip://one", "kmip:///a", "kmip://one/", "../key", "''"] {
        assert!(
            parse(&format!("config_encryption_key_name: {name}")).is_err(),
            "{name}"
        );
    }
}
