use super::{
    tools::{MADE, hash, made, run, save},
    *,
};

fn entry(alias: Option<&str>, key: PrivateKey, chain: &[&str]) -> KeyEntry {
    let chain = chain.iter().map(|file| CertificateDer::from(made(file)));
    KeyEntry {
        alias: alias.map(str::to_owned),
        created: None,
        key,
        chain: chain.collect(),
    }
}

fn everything() -> KeyStore {
    KeyStore {
        keys: vec![
            entry(None, PrivateKey::pkcs8(made("rsa.der")), &["rsa.crt.der"]),
            entry(
                Some("Ec"),
                PrivateKey::sec1(made("p256.sec1.der")),
                &["p256.crt.der", "rsa.crt.der"],
            ),
            entry(
                None,
                PrivateKey::pkcs1(made("rsa.pkcs1.der")),
                &["rsa.crt.der"],
            ),
        ],
        certificates: vec![CertificateDer::from(made("p384.crt.der")).into()],
        ..KeyStore::default()
    }
}

fn writing(to: Kind) -> Writing<'static> {
    Writing {
        to,
        passwords: Passwords {
            store: Some("store-secret"),
            key: Some("key-secret"),
        },
        deterministic: false,
        created: 1_700_000_000_123,
    }
}

#[test]
fn pem_that_is_written_is_read_back_and_by_openssl() {
    let mut store = everything();
    store.revocation_lists.push(made("crl.der").into());
    let how = writing(Kind::Pem);
    let bytes = write(&store, &how).unwrap();
    let opened = open(&bytes, how.passwords).unwrap();
    assert_eq!(
        opened.protection,
        ["PBES2 AES-256-CBC, HMAC-SHA256, 100000 iterations"]
    );
    let keys = |store: &KeyStore| -> Vec<_> {
        let keys = store.keys.iter();
        keys.map(|it| it.key.to_pkcs8().unwrap()).collect()
    };
    assert_eq!(keys(&opened.store), keys(&store));
    assert_eq!(opened.store.revocation_lists, store.revocation_lists);
    let certificates: Vec<_> = store.all_certificates().map(|it| hash(it)).collect();
    let found: Vec<_> = opened.store.all_certificates().map(|it| hash(it)).collect();
    assert_eq!(found, certificates);

    let folder = tempfile::tempdir().unwrap();
    save(&folder.path().join("pem"), &bytes);
    let rsa = MADE.path().join("rsa");
    run(
        folder.path(),
        &format!(
            "openssl pkey -in pem -passin pass:key-secret -out key; cmp key {}",
            rsa.display()
        ),
    );
}

#[test]
fn pem_without_a_password_keeps_each_keys_own_form() {
    let how = Writing {
        passwords: Passwords::default(),
        ..writing(Kind::Pem)
    };
    let mut store = everything();
    let bytes = write(&store, &how).unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    for (file, label) in [
        ("rsa", "PRIVATE KEY"),
        ("p256.sec1", "EC PRIVATE KEY"),
        ("rsa.pkcs1", "RSA PRIVATE KEY"),
    ] {
        assert!(text.contains(&format!("-----BEGIN {label}-----")), "{text}");
        assert!(
            text.contains(std::str::from_utf8(&made(file)).unwrap()),
            "{label}"
        );
    }
    store.others.push(OtherEntry {
        alias: Some("aes".to_owned()),
        kind: "secret key",
    });
    assert_eq!(
        write(&store, &how).unwrap_err().to_string(),
        "the entry aes is a secret key, which is not read and so cannot be written"
    );
}

#[test]
fn the_same_store_is_written_as_the_same_bytes_only_when_that_is_asked_for() {
    for to in [Kind::Pem, Kind::Jks, Kind::Jceks, Kind::Pkcs12] {
        let (store, mut how) = (everything(), writing(to));
        how.passwords.key = None;
        assert!(write(&store, &how) != write(&store, &how), "{to}");
        let how = Writing {
            deterministic: true,
            ..how
        };
        let bytes = write(&store, &how).unwrap();
        assert!(write(&store, &how) == Ok(bytes.clone()), "{to}");
        let other = Writing {
            passwords: Passwords {
                store: Some("another"),
                key: None,
            },
            ..how
        };
        assert!(write(&store, &other).unwrap() != bytes, "{to}");
    }
}

#[test]
fn a_truststore_of_ten_thousand_certificates_is_written_and_read_back() {
    let certificate = CertificateDer::from(made("p256.crt.der"));
    let store = KeyStore {
        certificates: vec![certificate.into(); 10_000],
        ..KeyStore::default()
    };
    for to in [Kind::Pem, Kind::Jks, Kind::Jceks, Kind::Pkcs12] {
        let mut how = writing(to);
        how.passwords.key = None;
        let bytes = write(&store, &how).unwrap();
        assert!((bytes.len() as u64) < MAX_BYTES / 4, "{to}");
        let read = open(&bytes, how.passwords).unwrap().store;
        assert_eq!(read.certificates.len(), 10_000, "{to}");
        assert!(read.certificates.iter().all(|entry| entry.trusted), "{to}");
        let named = read.certificates.last().unwrap().alias.as_deref();
        let expected = (to != Kind::Pem).then_some("ca-10000");
        assert_eq!(named, expected, "{to}");
    }
}

#[test]
fn what_a_format_of_javas_cannot_hold_is_an_error() {
    let how = writing(Kind::Jks);
    let error = |change: &dyn Fn(&mut KeyStore), how: &Writing<'_>| {
        let mut store = everything();
        change(&mut store);
        write(&store, how).unwrap_err().to_string()
    };
    assert_eq!(
        error(
            &|store| store.revocation_lists.push(made("crl.der").into()),
            &how
        ),
        "JKS holds no certificate revocation lists; expected a store without any"
    );
    assert_eq!(
        error(&|store| store.keys[1].chain.clear(), &how),
        "the private key ec has no certificate; JKS holds each key with its chain"
    );
    assert_eq!(
        error(&|store| store.certificates[0].trusted = false, &how),
        "the certificate ca is not marked as trusted, and JKS holds no others beside the keys' \
         chains: leave it out, or mark it as trusted"
    );
    assert_eq!(
        error(
            &|store| store.keys[1].alias = Some("x".repeat(65_536)),
            &how
        ),
        format!("the entry {} has a name too long for JKS", "x".repeat(64))
    );
    let none = Passwords::default();
    let without = Writing {
        passwords: none,
        ..how
    };
    assert_eq!(
        error(&|_| {}, &without),
        "JKS is written under a password, and none was given"
    );
    let passwords = Passwords {
        store: Some("x"),
        key: Some(""),
    };
    assert_eq!(
        error(&|_| {}, &Writing { passwords, ..how }),
        "private keys cannot be written under an empty password"
    );
    let passwords = Passwords {
        store: Some("ä"),
        key: None,
    };
    assert_eq!(
        error(
            &|_| {},
            &Writing {
                passwords,
                ..writing(Kind::Jceks)
            }
        ),
        "Java opens JCEKS with passwords of printable ASCII only"
    );
}

#[test]
fn a_key_without_its_curve_cannot_be_brought_into_another_form() {
    // SEC 1 lets the curve be left out: version, the secret number, nothing else.
    let bare = [&[0x30, 0x25, 2, 1, 1, 4, 0x20][..], &[7; 32]].concat();
    assert_eq!(
        PrivateKey::sec1(bare).to_pkcs8(),
        Err(KeyFormError::NoCurve)
    );
    let damaged = PrivateKey::pkcs8(vec![0x30, 0]);
    assert_eq!(damaged.to_pkcs8(), Err(KeyFormError::Damaged));
}

#[test]
fn the_public_half_of_a_newer_pkcs8_key_is_left_out() {
    let old = made("ed25519.der");
    let mut new = old.clone();
    (new[1], new[4]) = (new[1] + 5, 1);
    new.extend([0x81, 3, 0, 1, 2]);
    assert_eq!(PrivateKey::pkcs8(new).to_pkcs8().unwrap().as_slice(), old);
}

#[test]
fn neither_passwords_nor_how_to_write_show_a_password() {
    let shown = format!("{:?}", writing(Kind::Jks));
    assert!(
        !shown.contains("secret") && shown.contains("****"),
        "{shown}"
    );
}

#[test]
fn a_kind_is_known_by_its_name() {
    for kind in [Kind::Pem, Kind::Jks, Kind::Jceks, Kind::Pkcs12] {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    let error = "JKS".parse::<Kind>().unwrap_err().to_string();
    assert_eq!(error, "expected pem, jks, jceks or pkcs12");
}
