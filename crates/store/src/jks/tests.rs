use std::{path::Path, sync::LazyLock};

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use tempfile::TempDir;

use super::*;
use crate::{
    Format, Kind, StoreError, Writing, open,
    tests::tools::{content, java, made, run, save, shown},
    write,
};

const RIGHT: Passwords<'_> = Passwords {
    store: Some("store-secret"),
    key: Some("key-secret"),
};
const STORE_ONLY: Passwords<'_> = Passwords {
    store: Some("store-secret"),
    key: None,
};

/// Salts, two with equal halves, and how often to iterate.
const SALTS: [(&str, u32); 3] = [
    ("0102030401020304", 3),
    ("0102030405060708", 3),
    ("0908070605040302", 1),
];
/// An Ed25519 key in PKCS #8 form, of which every byte of the secret is 7.
const KEY: &str = "302e020100300506032b6570042204200707070707070707070707070707070707070707070707\
                   070707070707070707";

/// Stores that `keytool` made, and what Java prints of each.
static KEYTOOLS: LazyLock<(TempDir, String)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let mut commands = Vec::new();
    let mut keytool = |words: &str| commands.push(format!("keytool {words}").replace(' ', "\t"));
    for (kind, file) in [("JKS", "all.jks"), ("JCEKS", "all.jceks")] {
        let store = format!("-storetype {kind} -keystore {file} -storepass store-secret");
        for (alias, key) in [
            ("rsa", "RSA -keysize 2048"),
            ("p256", "EC -groupname secp256r1"),
            ("p384", "EC -groupname secp384r1"),
            ("ed25519", "Ed25519"),
        ] {
            keytool(&format!(
                "-genkeypair {store} -alias {alias} -keyalg {key} -dname CN={alias} \
                 -keypass key-secret -ext san=dns:{alias}"
            ));
        }
        keytool(&format!("-exportcert {store} -alias rsa -file {file}.crt"));
        keytool(&format!(
            "-importcert {store} -noprompt -alias ca -file {file}.crt"
        ));
        keytool(&format!(
            "-importcert -storetype {kind} -keystore trust.{kind} -storepass store-secret \
             -noprompt -alias ca -file {file}.crt"
        ));
        if kind == "JCEKS" {
            for at in 0..3 {
                keytool(&format!(
                    "-genseckey {store} -alias aes{at} -keyalg AES -keysize 256 -keypass key-secret"
                ));
            }
        }
    }
    keytool(
        "-genkeypair -storetype JKS -keystore one.jks -storepass store-secret -alias p256 \
         -keyalg EC -groupname secp256r1 -dname CN=one -keypass store-secret",
    );
    keytool("-copy one.jks JKS odd.jks store-secret Knöten-ä€😀");
    keytool("-copy one.jks JKS odd.jceks store-secret Knöten");
    let mut commands: Vec<String> = commands
        .into_iter()
        .map(|command| command.replace("keytool\t-copy", "copy"))
        .collect();
    commands.pop();
    for (kind, file) in [("JKS", "all.jks"), ("JCEKS", "all.jceks")] {
        commands.push(format!("show\t{kind}\t{file}\tstore-secret\tkey-secret"));
    }
    commands.push("show\tJKS\todd.jks\tpässwörd-€\tpässwörd-€".to_owned());
    for (salt, count) in SALTS {
        commands.push(format!("tripledes\tkey-secret\t{salt}\t{count}\t{KEY}"));
    }
    let printed = java(folder.path(), &commands);
    (folder, printed)
});

fn keytools(name: &str) -> Vec<u8> {
    content(&KEYTOOLS.0.path().join(name))
}

/// What Java printed for one store.
fn printed<'a>(all: &'a str, file: &str) -> Vec<&'a str> {
    let head = format!("# {file}");
    let lines = all.lines().skip_while(move |line| *line != head).skip(1);
    lines.take_while(|line| !line.starts_with('#')).collect()
}

fn error(bytes: &[u8], passwords: Passwords<'_>) -> String {
    open(bytes, passwords).unwrap_err().to_string()
}

#[test]
fn stores_of_keytool_are_read_as_java_reads_them() {
    for (file, format, key) in [
        ("all.jks", Format::Jks, "keys by SHA1 and XOR"),
        (
            "all.jceks",
            Format::Jceks,
            "keys by PBEWithMD5AndTripleDES, 200000 iterations",
        ),
    ] {
        let opened = open(&keytools(file), RIGHT).unwrap();
        assert_eq!(opened.format, format);
        assert_eq!(
            opened.protection,
            ["integrity by SHA1 of the password and the content", key]
        );
        let expected = printed(&KEYTOOLS.1, file).into_iter();
        let expected: Vec<_> = expected
            .filter(|line| !line.starts_with("secret"))
            .collect();
        assert_eq!(expected.len(), 5, "{}", KEYTOOLS.1);
        assert_eq!(shown(&opened), expected);
    }
}

#[test]
fn secret_keys_are_named_wherever_they_stand() {
    let opened = open(&keytools("all.jceks"), RIGHT).unwrap();
    let mut others = opened.store.others;
    others.sort_by(|a, b| a.alias.cmp(&b.alias));
    let secret = |alias: &str| OtherEntry {
        alias: Some(alias.to_owned()),
        kind: "secret key",
    };
    assert_eq!(others, ["aes0", "aes1", "aes2"].map(secret));
    assert_eq!(opened.store.keys.len(), 4);
}

#[test]
fn names_and_passwords_of_any_letters_are_read() {
    let passwords = Passwords {
        store: Some("pässwörd-€"),
        key: None,
    };
    let opened = open(&keytools("odd.jks"), passwords).unwrap();
    assert_eq!(opened.store.keys[0].alias.as_deref(), Some("knöten-ä€😀"));
    assert_eq!(shown(&opened), printed(&KEYTOOLS.1, "odd.jks")[..1]);
}

#[test]
fn a_wrong_password_is_told_from_a_wrong_password_of_a_key() {
    let wrong_store = "the store's password is wrong, or the file was damaged or changed; Java \
                       says `Keystore was tampered with, or password was incorrect`";
    let wrong_key = "is wrong; it may differ from the store's. Java says `Cannot recover key`";
    for file in ["all.jks", "all.jceks"] {
        let bytes = keytools(file);
        for store in ["", "other"] {
            let passwords = Passwords {
                store: Some(store),
                ..RIGHT
            };
            assert_eq!(error(&bytes, passwords), wrong_store, "{file}");
        }
        let error = error(&bytes, STORE_ONLY);
        assert!(error.ends_with(wrong_key), "{file}: {error}");
    }
    assert!(open(&keytools("one.jks"), STORE_ONLY).is_ok());
}

#[test]
fn without_a_password_certificates_are_read_and_keys_are_not() {
    let none = Passwords::default();
    for kind in ["JKS", "JCEKS"] {
        let store = open(&keytools(&format!("trust.{kind}")), none)
            .unwrap()
            .store;
        assert_eq!(store.certificates.len(), 1);
        assert!(store.certificates[0].trusted);
    }
    assert_eq!(
        error(&keytools("one.jks"), none),
        "the private key p256 is under a password, and none is given"
    );
    let key = Passwords {
        store: None,
        key: Some("store-secret"),
    };
    assert!(open(&keytools("one.jks"), key).is_ok());
}

#[test]
fn a_store_that_is_cut_off_anywhere_says_so() {
    for file in ["all.jks", "all.jceks", "trust.JKS"] {
        let bytes = keytools(file);
        for end in 4..bytes.len() {
            for passwords in [RIGHT, Passwords::default()] {
                assert_eq!(
                    open(&bytes[..end], passwords).unwrap_err(),
                    StoreError::Jks(JksError::Cut { at: end }),
                    "{file}"
                );
            }
        }
        let long = [&bytes[..], b"\n"].concat();
        assert_eq!(
            error(&long, RIGHT),
            format!(
                "the store is damaged: expected the end of the file at byte {}",
                bytes.len()
            )
        );
    }
}

#[test]
fn a_store_in_which_any_bit_flips_is_refused() {
    for file in ["one.jks", "all.jceks", "trust.JCEKS"] {
        let mut bytes = keytools(file);
        for at in 32..bytes.len() * 8 {
            bytes[at / 8] ^= 1 << (at % 8);
            match open(&bytes, RIGHT).unwrap_err() {
                StoreError::Jks(
                    JksError::Cut { .. } | JksError::Damaged { .. } | JksError::Password,
                ) => {}
                other => panic!("{file}, bit {at}: {other}"),
            }
            // Without the store's password it is not known to be whole, but read safely.
            if !file.starts_with("all") {
                let _ = open(
                    &bytes,
                    Passwords {
                        store: None,
                        ..RIGHT
                    },
                );
            }
            bytes[at / 8] ^= 1 << (at % 8);
        }
    }
}

#[test]
fn numbers_that_promise_more_than_there_is_are_no_reason_to_take_memory() {
    let bytes = keytools("all.jceks");
    for at in 4..bytes.len() - 4 {
        for number in [[0xFF; 4], [0x7F, 0xFF, 0xFF, 0xFF]] {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&number);
            assert!(open(&bytes, RIGHT).is_err(), "{at}");
        }
    }
}

/// A store of one entry, from its tag on, with the digest of the password `old`.
fn digested(version: u8, entry: &[u8]) -> Vec<u8> {
    let head = [0xCE, 0xCE, 0xCE, 0xCE, 0, 0, 0, version, 0, 0, 0, 1];
    let body = [&head, entry].concat();
    let digest = store_digest("old", &body);
    [&body[..], &digest].concat()
}

const OLD: Passwords<'_> = Passwords {
    store: Some("old"),
    key: None,
};

#[test]
fn a_certificate_that_is_none_is_named() {
    let entry = b"\0\0\0\x02\0\x02c\n\0\0\0\0\0\0\0\x07\0\x05X.509\0\0\0\x02\x30\0";
    let error = error(&digested(2, entry), OLD);
    let start = "the entry c\\n has a damaged certificate: ";
    assert!(error.starts_with(start), "{error}");
}

#[test]
fn a_certificate_of_another_type_than_x509_is_refused() {
    let entry = b"\0\0\0\x02\0\x02ca\0\0\0\0\0\0\0\x07\0\x03PGP\0\0\0\x02\x30\0";
    assert_eq!(
        error(&digested(2, entry), OLD),
        "the store is damaged: expected a certificate of the type X.509 at byte 30"
    );
}

#[test]
fn serialized_objects_nested_without_end_are_refused() {
    let class = b"\x72\0\x01A\0\0\0\0\0\0\0\0\x02\0\0\x78".repeat(100_000);
    let array = b"\x75\x72\0\x02[L\0\0\0\0\0\0\0\0\x02\0\0\x78\x70\0\0\0\x01".repeat(100_000);
    for nested in [[b"\x73", &class[..]].concat(), array] {
        let head = b"\0\0\0\x03\0\x02ca\0\0\0\0\0\0\0\x07\xAC\xED\0\x05";
        let error = error(&digested(2, &[head, &nested[..]].concat()), OLD);
        let expected = "the store is damaged: expected a serialized secret key at byte ";
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_store_from_before_java_2_has_no_types_of_certificates() {
    let der = made("p256.crt.der");
    let mut entry = b"\0\0\0\x02\0\x02ca\0\0\0\0\0\0\0\x07".to_vec();
    entry.extend(u32::try_from(der.len()).unwrap().to_be_bytes());
    entry.extend(&der);
    let store = open(&digested(1, &entry), OLD).unwrap().store;
    assert_eq!(store.certificates[0].certificate.as_ref(), der);
    assert_eq!(store.certificates[0].created, Some(7));
    assert_eq!(
        error(&digested(3, &entry), OLD),
        "the store is damaged: expected the version, 1 or 2 at byte 4"
    );
}

/// An `EncryptedPrivateKeyInfo` as in JCEKS.
fn sealed(salt: [u8; 8], iterations: u32, data: &[u8]) -> Vec<u8> {
    use crate::der::{OCTET_STRING, OID, SEQUENCE, element, integer};
    let salt = element(OCTET_STRING, &[&salt]);
    let parameters = element(SEQUENCE, &[&salt, &integer(iterations)]);
    let oid = element(OID, &[protect::JCEKS_OID]);
    let algorithm = element(SEQUENCE, &[&oid, &parameters]);
    element(SEQUENCE, &[&algorithm, &element(OCTET_STRING, &[data])]).to_vec()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|it| it.to_digit(16).unwrap()).collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap())
        .collect()
}

#[test]
fn keys_are_derived_as_java_does_also_where_both_halves_of_the_salt_are_equal() {
    let encrypted: Vec<_> = KEYTOOLS.1.lines().rev().take(SALTS.len()).collect();
    for ((salt, count), encrypted) in SALTS.into_iter().zip(encrypted.into_iter().rev()) {
        let bytes = sealed(unhex(salt).try_into().unwrap(), count, &unhex(encrypted));
        let Ok((key, _)) = protect::unseal(&bytes, "key-secret", &mut Budget::new()) else {
            panic!("{salt}")
        };
        assert_eq!(key.der().secret_der(), unhex(KEY), "{salt}");
    }
}

#[test]
fn a_key_that_an_old_java_derived_from_equal_halves_is_opened_too() {
    let data = "5d6f6c9935513963ed72d40d3e6099e1e26b929fb2829a982c93b636\
                f6662fdd4942b769929ab7e053cd04b3d1e192312e9bcda4f9932c94";
    let bytes = sealed([1, 2, 3, 4, 1, 2, 3, 4], 3, &unhex(data));
    let Ok((key, _)) = protect::unseal(&bytes, "key-secret", &mut Budget::new()) else {
        panic!("not opened")
    };
    assert_eq!(key.der().secret_der(), unhex(KEY));
}

#[test]
fn a_salt_of_equal_halves_is_never_written() {
    let key = unhex(KEY);
    let written = protect::seal_jceks(&key, "x", [7; 8], 1);
    let salt = [4, 8, 6, 7, 7, 7, 7, 7, 7, 7];
    assert!(
        written.windows(10).any(|window| window == salt),
        "{written:?}"
    );
    let opened = protect::unseal(&written, "x", &mut Budget::new());
    assert!(opened.is_ok_and(|(found, _)| found.der().secret_der() == key));
}

#[test]
fn more_iterations_than_java_writes_are_refused() {
    for iterations in [0, 5_000_001, u32::MAX] {
        let bytes = sealed([7; 8], iterations, &[0; 64]);
        let Err(error) = protect::unseal(&bytes, "x", &mut Budget::new()) else {
            panic!("{iterations} iterations")
        };
        assert_eq!(
            error.about("a").to_string(),
            format!(
                "the private key a cannot be decrypted: its key takes {iterations} iterations to \
                 derive; at most 5000000 are carried out"
            )
        );
    }
}

#[test]
fn the_keys_of_one_store_together_may_take_a_hundred_million_iterations() {
    let mut budget = Budget::new();
    for _ in 0..20 {
        budget.spend(5_000_000).unwrap();
    }
    assert_eq!(budget.spend(1), Err(crate::PbeError::Budget));
}

/// The folder for what Java is to read back, and the commands.
fn written(stores: &[(Kind, KeyStore)], folder: &Path) -> Vec<String> {
    let mut commands = Vec::new();
    for (at, (to, store)) in stores.iter().enumerate() {
        let how = Writing {
            to: *to,
            passwords: RIGHT,
            deterministic: at % 2 == 0,
            created: 1_700_000_000_000 + i64::try_from(at).unwrap(),
        };
        save(&folder.join(at.to_string()), &write(store, &how).unwrap());
        commands.push(format!("show\t{to}\t{at}\tstore-secret\tkey-secret"));
    }
    commands
}

#[test]
fn java_reads_what_is_written_with_the_same_entries() {
    let mut runner = TestRunner::deterministic();
    let mut stores = Vec::new();
    for _ in 0..6 {
        let store = any_store().new_tree(&mut runner).unwrap().current();
        stores.push((Kind::Jks, store));
        let store = any_store().new_tree(&mut runner).unwrap().current();
        stores.push((Kind::Jceks, store));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut commands = written(&stores, folder.path());
    for (at, (to, _)) in stores.iter().enumerate().take(4) {
        let store = format!("-keystore {at} -storepass store-secret -storetype {to}");
        commands.push(format!("keytool -list -v {store}").replace(' ', "\t"));
    }
    let printed_by_java = java(folder.path(), &commands);
    for (at, (to, store)) in stores.iter().enumerate() {
        let opened = open(&content(&folder.path().join(at.to_string())), RIGHT).unwrap();
        let expected = printed(&printed_by_java, &at.to_string());
        let found = shown(&opened);
        assert_eq!(found, expected[..found.len()], "{to} {at}");
        assert_eq!(opened.store.keys.len(), store.keys.len());
        assert_eq!(opened.store.certificates.len(), store.certificates.len());
    }
    assert!(
        printed_by_java.contains("PrivateKeyEntry"),
        "{printed_by_java}"
    );
}

#[test]
fn keytool_takes_what_is_written_over_into_another_store() {
    let key = |file: &str, certificate: &str| KeyEntry {
        alias: Some(file.to_owned()),
        created: None,
        key: PrivateKey::pkcs8(made(file)),
        chain: vec![CertificateDer::from(made(certificate))],
    };
    let store = KeyStore {
        keys: vec![
            key("rsa.der", "rsa.crt.der"),
            key("p384.der", "p384.crt.der"),
            key("ed25519.der", "ed25519.crt.der"),
        ],
        certificates: vec![CertificateDer::from(made("p256.crt.der")).into()],
        ..KeyStore::default()
    };
    let same = Passwords {
        store: Some("store-secret"),
        key: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let mut commands = Vec::new();
    for to in [Kind::Jks, Kind::Jceks] {
        let how = Writing {
            to,
            passwords: same,
            deterministic: false,
            created: 5,
        };
        save(
            &folder.path().join(to.name()),
            &write(&store, &how).unwrap(),
        );
        let command = format!(
            "keytool -importkeystore -srckeystore {} -srcstoretype {to} -srcstorepass store-secret \
             -destkeystore {}.p12 -deststoretype PKCS12 -deststorepass store-secret",
            to.name(),
            to.name()
        );
        commands.push(command.replace(' ', "\t"));
    }
    java(folder.path(), &commands);
    for file in ["jks.p12", "jceks.p12"] {
        let names = run(
            folder.path(),
            &format!("openssl pkcs12 -in {file} -passin pass:store-secret -nodes | openssl pkey"),
        );
        assert!(names.contains("PRIVATE KEY"), "{names}");
        let out = format!("openssl pkcs12 -in {file} -passin pass:store-secret -nodes");
        let all = run(folder.path(), &out);
        assert_eq!(all.matches("BEGIN PRIVATE KEY").count(), 3, "{all}");
        assert_eq!(all.matches("BEGIN CERTIFICATE").count(), 4, "{all}");
    }
}

fn any_key() -> impl Strategy<Value = (PrivateKey, CertificateDer<'static>)> {
    let pair = |key: PrivateKey, certificate: &str| (key, CertificateDer::from(made(certificate)));
    prop_oneof![
        Just(pair(PrivateKey::pkcs8(made("rsa.der")), "rsa.crt.der")),
        Just(pair(
            PrivateKey::pkcs1(made("rsa.pkcs1.der")),
            "rsa.crt.der"
        )),
        Just(pair(PrivateKey::pkcs8(made("p256.der")), "p256.crt.der")),
        Just(pair(
            PrivateKey::sec1(made("p256.sec1.der")),
            "p256.crt.der"
        )),
        Just(pair(PrivateKey::pkcs8(made("p384.der")), "p384.crt.der")),
        Just(pair(
            PrivateKey::pkcs8(made("ed25519.der")),
            "ed25519.crt.der"
        )),
    ]
}

fn any_alias() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(prop_oneof![
        "[a-cA-C]{0,2}",
        "\\PC{1,20}",
        "[äÖ€\u{0}😀]{1,4}"
    ])
}

fn any_store() -> impl Strategy<Value = KeyStore> {
    let created = || proptest::option::of(0..=4_102_444_800_000_i64);
    let key = (any_alias(), created(), any_key(), 1..3_usize);
    let keys = proptest::collection::vec(key, 0..4);
    let certificate = (any_alias(), created(), any_key());
    let certificates = proptest::collection::vec(certificate, 0..5);
    (keys, certificates).prop_map(|(keys, certificates)| KeyStore {
        keys: keys
            .into_iter()
            .map(|(alias, created, (key, certificate), length)| KeyEntry {
                alias,
                created,
                key,
                chain: vec![certificate; length],
            })
            .collect(),
        certificates: certificates
            .into_iter()
            .map(|(alias, created, (_, certificate))| CertificateEntry {
                alias,
                created,
                certificate,
                trusted: true,
            })
            .collect(),
        ..KeyStore::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_written_is_read_back(store in any_store(), jceks in any::<bool>(), created in 0..9_i64) {
        let to = if jceks { Kind::Jceks } else { Kind::Jks };
        let how = Writing { to, passwords: RIGHT, deterministic: false, created };
        let read = open(&write(&store, &how).unwrap(), RIGHT).unwrap().store;
        prop_assert_eq!(read.keys.len(), store.keys.len());
        for (read, written) in read.keys.iter().zip(&store.keys) {
            prop_assert_eq!(read.key.to_pkcs8(), written.key.to_pkcs8());
            prop_assert_eq!(&read.chain, &written.chain);
            prop_assert_eq!(read.created, written.created.or(Some(created)));
        }
        prop_assert_eq!(read.certificates.len(), store.certificates.len());
        for (read, written) in read.certificates.iter().zip(&store.certificates) {
            prop_assert_eq!(&read.certificate, &written.certificate);
        }
        let aliases = read.keys.iter().map(|it| &it.alias);
        let aliases: std::collections::HashSet<_> =
            aliases.chain(read.certificates.iter().map(|it| &it.alias)).collect();
        prop_assert_eq!(aliases.len(), store.keys.len() + store.certificates.len());
    }

    #[test]
    fn any_text_survives_modified_utf8(text in any::<String>()) {
        let bytes = text::encode(&text);
        prop_assert!(!bytes.contains(&0));
        prop_assert_eq!(text::decode(&bytes), Some(text));
    }

    #[test]
    fn no_bytes_behind_the_magic_number_make_the_reader_panic(
        jceks in any::<bool>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let magic = if jceks { [0xCE; 4] } else { [0xFE, 0xED, 0xFE, 0xED] };
        let head = [&magic[..], &[0, 0, 0, 2, 0, 0, 0, 1], &bytes].concat();
        let _ = open(&head, Passwords::default());
    }

    #[test]
    fn no_serialized_object_makes_the_reader_panic(
        bytes in proptest::collection::vec(
            prop_oneof![0x70..=0x7E_u8, Just(0), Just(b'['), Just(b'B'), Just(2), Just(1), any::<u8>()],
            0..400,
        ),
    ) {
        let head = [
            b"\xCE\xCE\xCE\xCE\0\0\0\x02\0\0\0\x01\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\xAC\xED\0\x05".as_slice(),
            &bytes,
        ];
        let _ = open(&head.concat(), Passwords::default());
    }
}
