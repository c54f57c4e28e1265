use super::*;
use crate::{CertificateEntry, KeyEntry};

fn writing(password: &str) -> Writing<'_> {
    Writing {
        to: Kind::Pkcs12,
        passwords: given(password),
        deterministic: false,
        created: 1_700_000_000_000,
    }
}

/// A key with its chain, a trusted certificate, and one that is not trusted.
fn sample() -> KeyStore {
    let mut sample = opened("openssl.p12", "changeit").store;
    let entry = |name: &str, trusted| CertificateEntry {
        alias: Some(name.to_owned()),
        created: None,
        certificate: certificate(name).into(),
        trusted,
    };
    sample.certificates = vec![entry("root", true), entry("again", false)];
    sample
}

fn truststore() -> KeyStore {
    KeyStore {
        keys: Vec::new(),
        ..sample()
    }
}

#[test]
fn what_is_written_is_read_back() {
    let mut store = sample();
    let bytes = write(&store, &writing("changeit")).unwrap();
    let opened = open(&bytes, given("changeit")).unwrap();
    assert_eq!(
        opened.protection,
        [
            "MAC HMAC-SHA256, 10000 iterations",
            "PBES2 AES-256-CBC, HMAC-SHA256, 10000 iterations"
        ]
    );
    store.keys[0].created = Some(1_700_000_000_000);
    assert_eq!(opened.store.keys, store.keys);
    assert_eq!(opened.store.certificates, store.certificates);
}

#[test]
fn keytool_lists_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = write(&sample(), &writing("changeit")).unwrap();
    save(folder.path(), "written.p12", &bytes);
    let listed = sh(
        folder.path(),
        "keytool -list -v -keystore written.p12 -storepass changeit",
    );
    for expected in [
        "Keystore type: PKCS12",
        "Your keystore contains 2 entries",
        "Alias name: node1\nCreation date: Nov 14, 2023\nEntry type: PrivateKeyEntry\n\
         Certificate chain length: 3",
        "Alias name: root",
        "Entry type: trustedCertEntry",
    ] {
        assert!(listed.contains(expected), "{expected}\n{listed}");
    }
    let digest = "openssl x509 -noout -fingerprint -sha256";
    for name in ["node1", "middle", "root"] {
        save(
            folder.path(),
            name,
            &load(&super::folder().join(format!("{name}.crt"))),
        );
        let printed = sh(folder.path(), &format!("{digest} -in {name}"));
        let digest = printed.trim().split('=').nth(1).unwrap();
        assert!(listed.contains(digest), "{name}\n{listed}");
    }
}

#[test]
fn openssl_shows_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = write(&sample(), &writing("changeit")).unwrap();
    save(folder.path(), "written.p12", &bytes);
    let shown = sh(
        folder.path(),
        "openssl pkcs12 -info -in written.p12 -passin pass:changeit -nodes 2>&1",
    );
    for expected in [
        "MAC: sha256, Iteration 10000",
        "Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256",
        "friendlyName: node1",
        "friendlyName: root",
        "2.16.840.1.113894.746875.1.1: <Unsupported tag 6>",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
    assert_eq!(shown.matches("BEGIN CERTIFICATE").count(), 5);
    sh(
        folder.path(),
        "openssl pkcs12 -in written.p12 -passin pass:changeit -nodes -nocerts -out key
         openssl pkey -in key -outform DER -out key.der",
    );
    let key = load(&folder.path().join("key.der"));
    let expected = sh(
        super::folder(),
        "openssl pkey -in node1.key -outform DER | openssl dgst -sha256 -r",
    );
    save(folder.path(), "again", &key);
    assert_eq!(
        sh(folder.path(), "openssl dgst -sha256 -r < again"),
        expected
    );
}

#[test]
fn the_same_content_gives_the_same_bytes_only_where_that_is_asked_for() {
    let deterministic = Writing {
        deterministic: true,
        ..writing("changeit")
    };
    let write = |how| super::write(&sample(), how).unwrap();
    assert_eq!(write(&deterministic), write(&deterministic));
    assert_ne!(write(&writing("changeit")), write(&writing("changeit")));
}

#[test]
fn two_keys_of_one_moment_keep_apart() {
    let mut store = opened("openssl.p12", "changeit").store;
    let other = opened("same-name.p12", "changeit").store.keys.remove(0);
    store.keys.push(KeyEntry {
        alias: Some("NODE1".to_owned()),
        ..other
    });
    let bytes = write(&store, &writing("changeit")).unwrap();
    let again = open(&bytes, given("changeit")).unwrap().store;
    let names: Vec<_> = again.keys.iter().map(|it| it.alias.as_deref()).collect();
    assert_eq!(names, [Some("node1"), Some("node1-2")]);
    for (again, before) in again.keys.iter().zip(&store.keys) {
        assert_eq!(again.chain, before.chain);
    }
    assert!(again.certificates.is_empty());
}

#[test]
fn passwords_that_java_would_not_take_are_refused() {
    let to = Kind::Pkcs12;
    let error = |how: &Writing<'_>, store: &KeyStore| write(store, how).unwrap_err();
    assert_eq!(
        error(&writing("schlüssel"), &truststore()),
        WriteError::NotAsciiPassword { to }
    );
    assert_eq!(error(&writing(""), &sample()), WriteError::EmptyPassword);
    let none = Writing {
        passwords: Passwords::default(),
        ..writing("")
    };
    assert_eq!(error(&none, &truststore()), WriteError::NoPassword { to });
    let other = Writing {
        passwords: Passwords {
            store: Some("changeit"),
            key: Some("other"),
        },
        ..writing("")
    };
    assert_eq!(error(&other, &sample()), WriteError::KeyPassword { to });
    let bytes = write(&truststore(), &writing("")).unwrap();
    let opened = open(&bytes, given("")).unwrap();
    assert_eq!(opened.store.certificates, truststore().certificates);
}

#[test]
fn what_has_no_place_in_a_keystore_is_refused() {
    let to = Kind::Pkcs12;
    let mut bare = sample();
    bare.keys[0].chain.clear();
    let alias = "node1".to_owned();
    assert_eq!(
        write(&bare, &writing("changeit")).unwrap_err(),
        WriteError::NoChain { alias, to }
    );
    let mut other = sample();
    let alias = Some("x".to_owned());
    other.others.push(crate::OtherEntry {
        alias,
        kind: "secret key",
    });
    assert_eq!(
        write(&other, &writing("changeit")).unwrap_err().to_string(),
        "the entry x is a secret key, which is not read and so cannot be written"
    );
    let mut lists = sample();
    lists.revocation_lists.push(vec![0x30, 0].into());
    assert_eq!(
        write(&lists, &writing("changeit")).unwrap_err(),
        WriteError::RevocationList { to }
    );
}
