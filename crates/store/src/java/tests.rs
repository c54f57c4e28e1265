use std::fmt::Write as _;

use sha1::{Digest, Sha1};

use super::*;
use crate::{
    KeyStore, Kind, Writing, open,
    pkcs12::workshop::{folder, load, save, sh},
};

/// A store, how it is opened, and what Java sees of it and why.
struct Case {
    file: String,
    ours: Passwords<'static>,
    javas: Option<&'static str>,
    counts: (usize, usize),
    reason: Option<&'static str>,
}

fn case(
    file: &str,
    password: &'static str,
    counts: (usize, usize),
    reason: Option<&'static str>,
) -> Case {
    Case {
        file: file.to_owned(),
        ours: Passwords {
            store: Some(password),
            key: None,
        },
        javas: Some(password),
        counts,
        reason,
    }
}

const NO_ATTRIBUTE: &str = "2 certificates lack the attribute 2.16.840.1.113894.746875.1.1, without \
                            which Java takes none for a trust anchor";
const SKIPPED: &str = "without a password Java skips what is encrypted, and gives no error";
const ASCII: &str = "Java 17 opens PKCS12 with passwords of printable ASCII only";

fn same_everywhere() -> Vec<Case> {
    let whole = [
        "openssl.p12",
        "openssl-legacy.p12",
        "openssl-nomac.p12",
        "openssl-rc4.p12",
        "openssl-rc2.p12",
        "openssl-aes128.p12",
        "openssl-sha512.p12",
        "openssl-sha512-256.p12",
        "no-name.p12",
        "keytool.p12",
        "keytool-legacy.p12",
        "keytool.jks",
        "keytool.jceks",
        "secret.p12",
        "nss.p12",
    ];
    let mut cases: Vec<Case> = whole
        .iter()
        .map(|file| case(file, "changeit", (1, 0), None))
        .collect();
    cases.extend([
        case("openssl-empty.p12", "", (1, 0), None),
        case("openssl-empty-legacy.p12", "", (1, 0), None),
        case("keytool-trust.p12", "changeit", (0, 2), None),
        case("keytool-trust-legacy.p12", "changeit", (0, 1), None),
        case("keytool-trust-none.p12", "whatever", (0, 1), None),
        case("java-empty-password.p12", "", (0, 3), None),
        case("keytool-both.p12", "changeit", (1, 1), None),
        case("keytool-both.jks", "changeit", (1, 1), None),
        case("bouncy-castle.p12", "changeit", (1, 1), None),
        case("written.p12", "changeit", (1, 1), None),
        case("written-empty.p12", "", (0, 2), None),
        case("written.jks", "changeit", (1, 1), None),
        case("written.jceks", "changeit", (1, 1), None),
    ]);
    cases
}

fn differing() -> Vec<Case> {
    vec![
        case("openssl-trust.p12", "changeit", (0, 0), Some(NO_ATTRIBUTE)),
        case("same-name.p12", "changeit", (1, 0), Some(NO_ATTRIBUTE)),
        case(
            "openssl-plain.p12",
            "x",
            (0, 0),
            Some("Java skips private keys that are not encrypted"),
        ),
        case(
            "openssl-plain-key.p12",
            "changeit",
            (0, 0),
            Some("Java skips private keys that are not encrypted"),
        ),
        case(
            "openssl-2des.p12",
            "changeit",
            (0, 0),
            Some("KeyStore.load fails: Java has no PKCS12 PBE with two-key 3DES-CBC"),
        ),
        case(
            "openssl-aes192.p12",
            "changeit",
            (0, 0),
            Some("KeyStore.load fails: Java has no PBES2 with AES-192-CBC"),
        ),
        case(
            "openssl-3des.p12",
            "changeit",
            (0, 0),
            Some("KeyStore.load fails: Java has no PBES2 with 3DES-CBC"),
        ),
        case(
            "openssl-aes192-key.p12",
            "changeit",
            (0, 0),
            Some("Java cannot open the private key: Java has no PBES2 with AES-192-CBC"),
        ),
        case(
            "pbmac1-sha256.p12",
            "changeit",
            (0, 0),
            Some("KeyStore.load fails: Java before version 26 has no PBMAC1"),
        ),
        case("openssl-umlaut.p12", "schlüssel", (0, 0), Some(ASCII)),
        case(
            "openssl-umlaut-legacy.p12",
            "schlüssel",
            (0, 0),
            Some(ASCII),
        ),
        case("keytool-trust-none.p12", "schlüssel", (0, 1), None),
        Case {
            ours: Passwords {
                store: Some("changeit"),
                key: Some("secret of its own"),
            },
            ..case(
                "java-key-password.p12",
                "changeit",
                (0, 0),
                Some(OTHER_KEY_PASSWORD),
            )
        },
        Case {
            ours: Passwords {
                store: Some("changeit"),
                key: Some("secret of its own"),
            },
            ..case(
                "java-two-passwords.p12",
                "changeit",
                (0, 0),
                Some(OTHER_KEY_PASSWORD),
            )
        },
        Case {
            ours: Passwords {
                store: Some("changeit"),
                key: Some("secret of its own"),
            },
            ..case(
                "java-key-password.jks",
                "changeit",
                (0, 0),
                Some(OTHER_KEY_PASSWORD),
            )
        },
        Case {
            javas: None,
            ..case("keytool-trust.p12", "changeit", (0, 0), Some(SKIPPED))
        },
        Case {
            javas: None,
            ..case("keytool-trust-none.p12", "changeit", (0, 1), None)
        },
        Case {
            javas: None,
            ..case(
                "keytool-both.jks",
                "changeit",
                (0, 1),
                Some(NO_KEY_PASSWORD),
            )
        },
        case(
            "collision.p12",
            "changeit",
            (0, 1),
            Some("to Java several entries are called \"root\", and it keeps one of them"),
        ),
        case(
            "upper.jks",
            "changeit",
            (0, 1),
            Some("Java looks names up in lower case, so it does not find \"ROOT\""),
        ),
        case(
            "plain.pem",
            "changeit",
            (0, 0),
            Some(
                "KeyStore.load does not read PEM; Cassandra 4.1 and later read it with \
             PEMBasedSslContextFactory",
            ),
        ),
    ]
}

/// Stores that this crate writes, and such as no program writes by itself.
fn more_stores() {
    let folder = folder();
    let read = |name: &str, password| {
        let passwords = Passwords {
            store: Some(password),
            key: None,
        };
        open(&load(&folder.join(name)), passwords).unwrap().store
    };
    let write = |store: &KeyStore, to, password| {
        let how = Writing {
            to,
            passwords: Passwords {
                store: Some(password),
                key: None,
            },
            deterministic: true,
            created: 0,
        };
        crate::write(store, &how).unwrap()
    };
    let both = read("keytool-both.p12", "changeit");
    save(folder, "written.jks", &write(&both, Kind::Jks, "changeit"));
    save(
        folder,
        "written.jceks",
        &write(&both, Kind::Jceks, "changeit"),
    );
    save(
        folder,
        "written.p12",
        &write(&both, Kind::Pkcs12, "changeit"),
    );
    let trust = read("keytool-trust.p12", "changeit");
    save(
        folder,
        "written-empty.p12",
        &write(&trust, Kind::Pkcs12, ""),
    );
    save(
        folder,
        "collision.p12",
        &collision(&load(&folder.join("two-names.p12"))),
    );
    let jks = write(&trust, Kind::Jks, "changeit");
    save(folder, "upper.jks", &upper(&jks));
    for (name, bytes) in [
        ("nss.p12", &include_bytes!("../pkcs12/samples/nss.p12")[..]),
        (
            "bouncy-castle.p12",
            include_bytes!("../pkcs12/samples/bouncy-castle.p12"),
        ),
        (
            "pbmac1-sha256.p12",
            include_bytes!("../pkcs12/samples/pbmac1-sha256.p12"),
        ),
    ] {
        save(folder, name, bytes);
    }
    save(folder, "plain.pem", &load(&folder.join("root.crt")));
}

/// The names `root` and `toor` made `root` and `ROOT`; nothing protects this file.
fn collision(bytes: &[u8]) -> Vec<u8> {
    replaced(bytes, b"\0t\0o\0o\0r", b"\0R\0O\0O\0T")
}

/// The name `root` made `ROOT`, with the digest that goes with it.
fn upper(jks: &[u8]) -> Vec<u8> {
    let (body, _) = jks.split_last_chunk::<20>().unwrap();
    let body = replaced(body, b"\0\x04root", b"\0\x04ROOT");
    let password: Vec<u8> = "changeit"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let digest = Sha1::digest([&password[..], b"Mighty Aphrodite", &body].concat());
    [&body[..], &digest].concat()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|it| it == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn java_sees_what_is_said_of_it() {
    more_stores();
    let cases: Vec<Case> = same_everywhere().into_iter().chain(differing()).collect();
    let mut command = String::from("java View.java");
    for case in &cases {
        let kind = match case.file.rsplit_once('.') {
            Some((_, "jks")) => "JKS",
            Some((_, "jceks")) => "JCEKS",
            _ => "PKCS12",
        };
        let password = case.javas.map_or("null".to_owned(), |it| format!("={it}"));
        write!(command, " {} {kind} '{password}'", case.file).unwrap();
    }
    save(folder(), "View.java", include_bytes!("View.java"));
    let printed = sh(folder(), &command);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), cases.len());
    let mut wrong = String::new();
    for (case, line) in cases.iter().zip(lines) {
        let opened = open(&load(&folder().join(&case.file)), case.ours).unwrap();
        let passwords = Passwords {
            store: case.javas,
            ..case.ours
        };
        let view = as_java_sees(&opened, passwords);
        let (keys, anchors) = case.counts;
        let said = format!("{} {}", view.private_keys, view.trust_anchors);
        let right = line == said && line == format!("{keys} {anchors}");
        if !right || view.reason.as_deref() != case.reason {
            writeln!(
                wrong,
                "{}: Java has {line}, and this is said: {view:?}",
                case.file
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
