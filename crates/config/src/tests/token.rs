//! `ringlock.pkcs11`, and the block that asks for it.

use std::path::PathBuf;

use super::{mistakes, read};
use crate::{IdentityFiles, TokenChoice, TokenKey};

const BLOCK: &str = "server_encryption_options:\n  keystore: NONE\n  keystore_type: PKCS11\n  \
                     keystore_password: 4711-secret\n  truststore: ca.pem\n";

fn with(token: &str) -> String {
    format!("ringlock:\n  cluster: c\n{token}{BLOCK}")
}

fn key(text: &str) -> TokenKey {
    match read(text).unwrap().internode.identity {
        IdentityFiles::Token { key, .. } => key,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_is_named_by_its_parts_or_by_a_uri() {
    let parts = with("  pkcs11: {module: /lib/p11.so, token: node, key: n1}\n");
    assert_eq!(
        key(&parts),
        TokenKey {
            module: Some(PathBuf::from("/lib/p11.so")),
            choice: TokenChoice::Parts {
                token: Some("node".into()),
                slot: None,
                key: Some("n1".into()),
            },
        }
    );
    let uri = "pkcs11:token=node?module-path=/lib/p11.so";
    assert_eq!(
        key(&with(&format!("  pkcs11: {{uri: \"{uri}\"}}\n"))),
        TokenKey {
            module: None,
            choice: TokenChoice::Uri(uri.into()),
        }
    );
    let shown = read(&parts).unwrap().describe().join("\n");
    assert!(shown.contains("keystore = NONE"), "{shown}");
    assert!(shown.contains("ringlock.pkcs11.token = node"), "{shown}");
    assert!(!shown.contains("4711-secret"), "{shown}");
}

#[test]
fn what_is_missing_or_contradicts_itself_is_told() {
    for (text, expected) in [
        (
            with(""),
            "server_encryption_options.keystore: no token is named",
        ),
        (
            with("  pkcs11: {token: node}\n"),
            "ringlock.pkcs11.module: missing",
        ),
        (
            with("  pkcs11: {module: /lib/p11.so, key: a}\n"),
            "ringlock.pkcs11.token: missing",
        ),
        (
            with("  pkcs11: {uri: \"pkcs11:token=a\", token: b}\n"),
            "ringlock.pkcs11.token: contradicts uri",
        ),
        (
            with("  pkcs11: {module: /lib/p11.so, slot: first}\n"),
            "ringlock.pkcs11.slot: no number of a slot",
        ),
        (
            with("  pkcs11: {module: /lib/p11.so, labl: a}\n"),
            "ringlock.pkcs11.labl: unknown key",
        ),
        (
            with("  pkcs11: {module: /lib/p11.so, token: a}\n").replace("NONE", "file.p12"),
            "server_encryption_options.keystore_type: PKCS11 goes with keystore: NONE",
        ),
        (
            with("  pkcs11: {module: /lib/p11.so, token: a}\n")
                .replace("NONE", "file.p12")
                .replace("PKCS11", "PKCS12"),
            "ringlock.pkcs11: no key is looked for in the token",
        ),
    ] {
        let said = mistakes(&text);
        assert!(said.contains(expected), "{said}\nexpected {expected}");
    }
}

#[test]
fn a_pin_in_a_uri_is_refused_and_not_shown() {
    let said = mistakes(&with(
        "  pkcs11: {uri: \"pkcs11:token=a?pin-value=0815-secret\"}\n",
    ));
    assert!(
        said.contains("ringlock.pkcs11.uri: holds the PIN"),
        "{said}"
    );
    assert!(!said.contains("0815-secret"), "{said}");
}
