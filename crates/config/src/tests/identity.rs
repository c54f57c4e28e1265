//! What a node shows, and what it asks its peers for.

use ringlock_model::ClientAuth;

use super::{SHORTEST, mistakes, read};
use crate::{IdentityFiles, StorePassword};

fn with_block(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    format!("{SHORTEST}{lines}")
}

/// The file for dialling, and what opens it.
fn outbound(text: &str) -> Option<(String, String)> {
    let outbound = read(text).unwrap().internode.outbound?;
    let store = match outbound.identity {
        IdentityFiles::Combined { keystore } => keystore.display().to_string(),
        IdentityFiles::Inline { private_key } => private_key.value.reveal().to_owned(),
        other => panic!("{other:?}"),
    };
    let password = match outbound.password {
        Some(StorePassword::Given(password)) => password.value.reveal().to_owned(),
        Some(StorePassword::File(path)) => path.display().to_string(),
        None => String::new(),
    };
    Some((store, password))
}

#[test]
fn require_client_auth_has_three_words() {
    for (word, expected) in [
        ("false", ClientAuth::NotRequired),
        ("not_required", ClientAuth::NotRequired),
        ("optional", ClientAuth::Optional),
        ("true", ClientAuth::Required),
    ] {
        let config = read(&with_block(&format!("require_client_auth: {word}"))).unwrap();
        assert_eq!(config.internode.require_client_auth, expected, "{word}");
        let line = format!("server_encryption_options.require_client_auth = {expected}  #");
        assert!(
            config.describe().iter().any(|it| it.starts_with(&line)),
            "{word}"
        );
    }
}

#[test]
fn tickets_are_given_unless_they_are_switched_off() {
    let tickets = |lines| read(&with_block(lines)).unwrap().internode.session_tickets;
    assert!(tickets("optional: true"));
    assert!(tickets("enable_session_tickets: true"));
    assert!(!tickets("enable_session_tickets: false"));
}

#[test]
fn an_outbound_keystore_has_its_own_password_or_that_of_the_keystore() {
    let of = |lines: &str| outbound(&with_block(lines));
    assert_eq!(of("optional: true"), None);
    let store = "/etc/ringlock/out.p12".to_owned();
    for (lines, password) in [
        ("outbound_keystore: out.p12", ""),
        ("outbound_keystore: out.p12\nkeystore_password: a", "a"),
        (
            "outbound_keystore: out.p12\nkeystore_password: a\noutbound_keystore_password: b",
            "b",
        ),
        (
            "outbound_keystore: out.p12\noutbound_keystore_password_file: c",
            "/etc/ringlock/c",
        ),
    ] {
        assert_eq!(
            of(lines),
            Some((store.clone(), password.to_owned())),
            "{lines}"
        );
    }
    assert_eq!(
        mistakes(&with_block("outbound_keystore_password: x")),
        "ringlock.yaml:2:1: server_encryption_options.outbound_keystore: missing, though a password for it is given; name the store, or remove the password"
    );
    assert_eq!(
        mistakes(&with_block("outbound_keystore: NONE")),
        "ringlock.yaml:5:22: server_encryption_options.outbound_keystore: names no file (found \"NONE\", expected a file)"
    );
}

#[test]
fn pem_for_dialling_may_stand_in_the_file_itself() {
    let factory = "ssl_context_factory:\n  class_name: PEMBasedSslContextFactory\n  parameters:\n    \
                   outbound_private_key: PEM\n    outbound_private_key_password: b\n";
    let expected = Some(("PEM".to_owned(), "b".to_owned()));
    assert_eq!(outbound(&with_block(factory)), expected);
    let both = format!("{factory}outbound_keystore: out.pem\n");
    let told = mistakes(&with_block(&both));
    assert!(
        told.contains("outbound_private_key: contradicts outbound_keystore (line 10)"),
        "{told}"
    );
}
