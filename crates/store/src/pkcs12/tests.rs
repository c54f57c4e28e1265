use super::{
    contents::{ENCRYPTED_DATA, bag},
    workshop::{folder, load, save, sh, store},
    *,
};
use crate::{
    Kind, WriteError, Writing,
    der::{INTEGER, element, integer},
};

mod damaged;
mod written;

const BOUNCY_CASTLE: &[u8] = include_bytes!("samples/bouncy-castle.p12");
const NSS: &[u8] = include_bytes!("samples/nss.p12");

fn given(store: &str) -> Passwords<'_> {
    Passwords {
        store: Some(store),
        key: None,
    }
}

fn opened(name: &str, password: &str) -> Opened {
    open(&store(name), given(password)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn certificate(name: &str) -> Vec<u8> {
    let pem = load(&folder().join(format!("{name}.crt")));
    crate::parse_pem(&pem).unwrap().certificates[0]
        .certificate
        .to_vec()
}

fn aliases(store: &KeyStore) -> Vec<Option<&str>> {
    store
        .certificates
        .iter()
        .map(|entry| entry.alias.as_deref())
        .collect()
}

/// Asserts that there is the key of `node1` with its chain, and nothing else.
fn assert_node1(name: &str, opened: &Opened) {
    let [entry] = &opened.store.keys[..] else {
        panic!("{name}: {opened:?}");
    };
    let expected = load(&folder().join("node1.pkcs8"));
    assert_eq!(entry.key.der().secret_der(), expected, "{name}");
    let chain: Vec<&[u8]> = entry.chain.iter().map(AsRef::as_ref).collect();
    let expected = ["node1", "middle", "root"].map(certificate);
    assert_eq!(chain, expected, "{name}");
    assert_eq!(entry.alias.as_deref(), Some("node1"), "{name}");
    assert!(opened.store.certificates.is_empty(), "{name}");
}

#[test]
fn every_store_of_openssl_is_read() {
    const PBES2: &str = "PBES2 AES-256-CBC, HMAC-SHA256, 2048 iterations";
    let mac = |hash: &str| format!("MAC HMAC-{hash}, 2048 iterations");
    let pbe = |cipher: &str| format!("PKCS12 PBE {cipher}, SHA1, 2048 iterations");
    let pbes2 = |cipher: &str| format!("PBES2 {cipher}, HMAC-SHA256, 2048 iterations");
    let table: &[(&str, &str, Vec<String>)] = &[
        ("openssl", "changeit", vec![mac("SHA256"), PBES2.into()]),
        (
            "openssl-legacy",
            "changeit",
            vec![mac("SHA1"), pbe("RC2-40-CBC"), pbe("3DES-CBC")],
        ),
        ("openssl-empty", "", vec![mac("SHA256"), PBES2.into()]),
        (
            "openssl-empty-legacy",
            "",
            vec![mac("SHA1"), pbe("RC2-40-CBC"), pbe("3DES-CBC")],
        ),
        ("openssl-nomac", "changeit", vec![PBES2.into()]),
        ("openssl-plain", "whatever", vec![]),
        (
            "openssl-plain-key",
            "changeit",
            vec![mac("SHA256"), PBES2.into()],
        ),
        (
            "openssl-rc4",
            "changeit",
            vec![mac("SHA1"), pbe("RC4-40"), pbe("RC4-128")],
        ),
        (
            "openssl-rc2",
            "changeit",
            vec![mac("SHA1"), pbe("RC2-40-CBC"), pbe("RC2-128-CBC")],
        ),
        (
            "openssl-2des",
            "changeit",
            vec![mac("SHA1"), pbe("two-key 3DES-CBC")],
        ),
        (
            "openssl-aes128",
            "changeit",
            vec![mac("SHA1"), pbes2("AES-128-CBC")],
        ),
        (
            "openssl-aes192",
            "changeit",
            vec![mac("SHA224"), pbes2("AES-192-CBC")],
        ),
        (
            "openssl-3des",
            "changeit",
            vec![mac("SHA384"), pbes2("3DES-CBC")],
        ),
        (
            "openssl-sha512",
            "changeit",
            vec![mac("SHA512"), PBES2.into()],
        ),
        (
            "openssl-sha512-256",
            "changeit",
            vec![mac("SHA512/256"), PBES2.into()],
        ),
        (
            "openssl-umlaut",
            "schlüssel",
            vec![mac("SHA256"), PBES2.into()],
        ),
        (
            "openssl-umlaut-legacy",
            "schlüssel",
            vec![mac("SHA1"), pbe("RC2-40-CBC"), pbe("3DES-CBC")],
        ),
    ];
    for (name, password, protection) in table {
        let opened = opened(&format!("{name}.p12"), password);
        assert_node1(name, &opened);
        assert_eq!(&opened.protection, protection, "{name}");
    }
}

#[test]
fn every_keystore_of_keytool_is_read_with_the_time_of_its_entry() {
    for (name, protection) in [
        (
            "keytool.p12",
            &[
                "MAC HMAC-SHA256, 10000 iterations",
                "PBES2 AES-256-CBC, HMAC-SHA256, 10000 iterations",
            ][..],
        ),
        (
            "keytool-legacy.p12",
            &[
                "MAC HMAC-SHA1, 100000 iterations",
                "PKCS12 PBE 3DES-CBC, SHA1, 50000 iterations",
                "PKCS12 PBE RC2-40-CBC, SHA1, 50000 iterations",
            ],
        ),
    ] {
        let opened = opened(name, "changeit");
        assert_node1(name, &opened);
        assert_eq!(opened.protection, protection);
        // Later than the year 2020, in milliseconds.
        assert!(opened.store.keys[0].created > Some(1_577_836_800_000));
    }
}

#[test]
fn trusted_certificates_are_told_from_others_by_javas_attribute() {
    for (name, password, expected) in [
        (
            "keytool-trust.p12",
            Some("changeit"),
            vec![(Some("Root"), true), (Some("middle"), true)],
        ),
        (
            "keytool-trust-legacy.p12",
            Some("changeit"),
            vec![(Some("root"), true)],
        ),
        (
            "keytool-trust-none.p12",
            Some("whatever"),
            vec![(Some("root"), true)],
        ),
        ("keytool-trust-none.p12", None, vec![(Some("root"), true)]),
        (
            "openssl-trust.p12",
            Some("changeit"),
            vec![(None, false), (None, false)],
        ),
        ("openssl-trust-plain.p12", None, vec![(None, false)]),
        (
            "java-empty-password.p12",
            Some(""),
            vec![(Some("a"), true), (Some("b"), true), (Some("again"), true)],
        ),
    ] {
        let passwords = Passwords {
            store: password,
            key: None,
        };
        let opened = open(&store(name), passwords).unwrap();
        let entries = opened.store.certificates.iter();
        let found: Vec<_> = entries
            .map(|it| (it.alias.as_deref(), it.trusted))
            .collect();
        assert_eq!(found, expected, "{name}");
        assert!(opened.store.keys.is_empty());
    }
}

#[test]
fn a_trusted_certificate_stays_an_entry_though_a_chain_uses_it() {
    let opened = opened("keytool-both.p12", "changeit");
    assert_eq!(opened.store.keys[0].chain.len(), 3);
    assert_eq!(aliases(&opened.store), [Some("root")]);
}

#[test]
fn secret_keys_are_named_and_not_read() {
    let opened = opened("secret.p12", "changeit");
    let alias = Some("secret".to_owned());
    assert_eq!(
        opened.store.others,
        [crate::OtherEntry {
            alias,
            kind: "secret key"
        }]
    );
    assert_eq!(opened.store.keys.len(), 1);
}

#[test]
fn ber_as_bouncy_castle_and_nss_write_it_is_read() {
    for (name, bytes) in [("Bouncy Castle", BOUNCY_CASTLE), ("NSS", NSS)] {
        assert_eq!(bytes[..2], [0x30, 0x80], "{name} is no BER");
        let opened = open(bytes, given("changeit")).unwrap();
        assert_eq!(opened.store.keys[0].chain.len(), 3, "{name}");
        assert_eq!(
            opened.store.keys[0].alias.as_deref(),
            Some("node1"),
            "{name}"
        );
        let wrong = open(bytes, given("changeme")).unwrap_err();
        assert_eq!(wrong, Pkcs12Error::Password);
        for length in 0..bytes.len() {
            let error = open(&bytes[..length], given("changeit")).unwrap_err();
            assert_eq!(error, Pkcs12Error::Truncated { size: length }, "{name}");
        }
    }
}

#[test]
fn a_mac_by_pbmac1_is_checked() {
    for (bytes, expected) in [
        (
            &include_bytes!("samples/pbmac1-sha256.p12")[..],
            "PBMAC1 HMAC-SHA256, PBKDF2 HMAC-SHA256, 2048 iterations",
        ),
        (
            include_bytes!("samples/pbmac1-sha512.p12"),
            "PBMAC1 HMAC-SHA512, PBKDF2 HMAC-SHA256, 2048 iterations",
        ),
    ] {
        let opened = open(bytes, given("changeit")).unwrap();
        assert_eq!(opened.protection[0], expected);
        assert_eq!(opened.store.keys[0].chain.len(), 3);
        let wrong = open(bytes, given("changeme")).unwrap_err();
        assert_eq!(wrong, Pkcs12Error::Password);
    }
}

#[test]
fn of_two_issuers_of_one_name_the_one_with_the_right_key_identifier_ends_the_chain() {
    let opened = opened("same-name.p12", "changeit");
    let chain = &opened.store.keys[0].chain;
    let chain: Vec<&[u8]> = chain.iter().map(AsRef::as_ref).collect();
    assert_eq!(chain, ["node2", "again"].map(certificate));
    assert_eq!(opened.store.certificates.len(), 2);
}

#[test]
fn a_key_may_have_a_password_of_its_own() {
    let bytes = store("java-key-password.p12");
    let both = |key| Passwords {
        store: Some("changeit"),
        key,
    };
    let opened = open(&bytes, both(Some("secret of its own"))).unwrap();
    assert_node1("java-key-password", &opened);
    for wrong in [None, Some("changeme")] {
        let error = open(&bytes, both(wrong)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the private key node1 has another password than its PKCS12 keystore, and it was not \
             given; Java says `Get Key failed`"
        );
    }
    let two = open(
        &store("java-two-passwords.p12"),
        both(Some("secret of its own")),
    )
    .unwrap();
    assert_eq!(two.store.keys.len(), 2);
    // What `keytool` makes of -keypass: nothing.
    let ignored = open(&store("keytool.p12"), both(Some("ignored by keytool"))).unwrap();
    assert_node1("keytool.p12", &ignored);
}

#[test]
fn a_wrong_password_is_told_from_a_missing_one() {
    for name in [
        "openssl.p12",
        "openssl-nomac.p12",
        "keytool-trust.p12",
        "openssl-empty.p12",
    ] {
        let bytes = store(name);
        let wrong = open(&bytes, given("changeme")).unwrap_err();
        assert_eq!(wrong, Pkcs12Error::Password, "{name}");
        if name != "openssl-empty.p12" {
            let none = open(&bytes, Passwords::default()).unwrap_err();
            assert_eq!(none, Pkcs12Error::NoPassword, "{name}");
        }
    }
    assert_eq!(
        Pkcs12Error::Password.to_string(),
        "the password is wrong, or this PKCS12 keystore was changed; Java says `keystore password \
         was incorrect`"
    );
}
