use std::{path::Path, time::Duration};

use super::*;
use crate::resolve::{Base, ClientAuth, InternodeScope, Policy};

#[test]
fn java_takes_three_words_for_each_flag_in_any_case_and_quoted() {
    for dialect in [C30, C311, C40, C41, C50, Dialect::Dse67, Dialect::Hcd1] {
        for (text, flag) in [
            ("true", true),
            ("yes", true),
            ("on", true),
            ("tRuE", true),
            ("YES", true),
            ("\"true\"", true),
            ("'yes'", true),
            ("false", false),
            ("No", false),
            ("oFF", false),
            ("'off'", false),
        ] {
            let resolved = client(dialect, &format!("enabled: {text}"));
            assert_eq!(resolved.client.enabled.value, Some(flag), "{text}");
            assert_eq!(codes(&resolved), [""; 0], "{text}");
        }
        for text in ["y", "n", "1", "0", "optional", "maybe"] {
            let resolved = client(dialect, &format!("enabled: {text}"));
            assert_eq!(codes(&resolved), ["bad-value"], "{dialect} {text}");
            assert!(resolved.findings.has_errors());
            assert!(messages(&resolved).contains(&format!("{dialect} refuses to start")));
        }
    }
}

#[test]
fn scylladb_takes_true_and_1_in_a_block_and_every_other_word_for_false() {
    for (text, flag, code) in [
        ("true", true, None),
        ("True", true, None),
        ("tRuE", true, None),
        ("1", true, None),
        ("'TRUE'", true, None),
        ("false", false, None),
        ("0", false, None),
        ("no", false, None),
        ("yes", false, Some("bad-value")),
        ("on", false, Some("bad-value")),
        ("y", false, Some("bad-value")),
        ("ture", false, Some("bad-value")),
    ] {
        let resolved = client(Dialect::Scylla, &format!("enabled: {text}"));
        assert_eq!(resolved.client.enabled.value, Some(flag), "{text}");
        assert!(resolved.client.enabled.is_given(), "{text}");
        assert_eq!(codes(&resolved), Vec::from_iter(code), "{text}");
    }
}

#[test]
fn scylladb_reads_flags_of_the_top_level_as_yaml_cpp_does() {
    for (text, flag) in [
        ("y", Some(false)),
        ("True", Some(true)),
        ("YES", Some(true)),
        ("on", Some(true)),
        ("n", Some(false)),
        ("Off", Some(false)),
        ("tRUE", None),
        ("1", None),
    ] {
        let resolved = read_as(
            Dialect::Scylla,
            &format!("start_native_transport: {text}\n"),
        );
        let start = resolved.ports.start_native_transport;
        match flag {
            Some(_) if text == "y" => assert!(start.value),
            Some(flag) => assert_eq!(start.value, flag, "{text}"),
            // An error is logged and the default stays.
            None => {
                assert!(start.value && !start.is_given());
                assert_eq!(
                    codes(&read_as(
                        Dialect::Scylla,
                        &format!("start_native_transport: {text}\n")
                    )),
                    ["bad-value"]
                );
            }
        }
    }
}

#[test]
fn internode_encryption_is_an_exact_word() {
    for dialect in [C30, C311, C40, C41, C50, C60, Dialect::Dse67] {
        for (text, scope) in [
            ("all", InternodeScope::All),
            ("\"all\"", InternodeScope::All),
            ("none", InternodeScope::None),
            ("dc", InternodeScope::Dc),
            ("rack", InternodeScope::Rack),
            ("all # comment", InternodeScope::All),
        ] {
            let resolved = server(dialect, &format!("internode_encryption: {text}"));
            assert_eq!(resolved.server.internode_encryption.value, scope);
            assert_eq!(codes(&resolved), [""; 0]);
        }
        for text in ["ALL", "false", "transitional", "true"] {
            let resolved = server(dialect, &format!("internode_encryption: {text}"));
            assert_eq!(codes(&resolved), ["bad-value"], "{dialect} {text}");
        }
    }
    let flow = read_as(
        C50,
        "server_encryption_options: {internode_encryption: rack}\n",
    );
    assert_eq!(flow.server.internode_encryption.value, InternodeScope::Rack);
}

#[test]
fn scylladb_takes_an_unknown_internode_encryption_for_none() {
    let resolved = server(Dialect::Scylla, "internode_encryption: transitional");
    assert_eq!(
        resolved.server.internode_encryption.value,
        InternodeScope::Transitional
    );
    let resolved = server(Dialect::Scylla, "internode_encryption: All");
    assert_eq!(
        resolved.server.internode_encryption.value,
        InternodeScope::None
    );
    assert_eq!(
        messages(&resolved),
        "db.yaml:2:25: server_encryption_options.internode_encryption: unknown value, ScyllaDB \
         takes it for none and encrypts nothing (found \"All\", expected all, none, dc, rack or \
         transitional); did you mean \"all\"?"
    );
}

#[test]
fn client_authentication_has_more_words_in_cassandra_6() {
    for (text, client_auth) in [
        ("true", ClientAuth::Required),
        ("REQUIRED", ClientAuth::Required),
        ("Optional", ClientAuth::Optional),
        ("not_required", ClientAuth::NotRequired),
        ("False", ClientAuth::NotRequired),
    ] {
        let resolved = server(C60, &format!("require_client_auth: {text}"));
        assert_eq!(resolved.server.tls.require_client_auth.value, client_auth);
        assert_eq!(codes(&resolved), [""; 0]);
    }
    assert_eq!(
        codes(&server(C60, "require_client_auth: yes")),
        ["bad-value"]
    );
    assert_eq!(
        codes(&server(C50, "require_client_auth: optional")),
        ["bad-value"]
    );
    let scylla = server(Dialect::Scylla, "require_client_auth: optional");
    assert_eq!(
        scylla.server.tls.require_client_auth.value,
        ClientAuth::NotRequired
    );
    assert_eq!(codes(&scylla), ["bad-value"]);
}

/// What becomes of an odd value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The product refuses to start.
    R,
    /// The product starts, as if the key were absent.
    Unset,
    /// Cassandra 3.0 fails later.
    Null,
}

#[test]
fn blank_values_are_what_each_cassandra_makes_of_them() {
    use Fate::{Null, R, Unset};
    for (key, fates) in [
        ("keystore", [Null, R, R, R, R]),
        ("keystore_password", [Null, R, R, Unset, Unset]),
        ("truststore_password", [Null, R, R, Unset, Unset]),
        ("require_client_auth", [R, R, R, R, R]),
        ("internode_encryption", [Null, R, R, R, R]),
        ("protocol", [Null, R, R, Unset, Unset]),
        ("algorithm", [Null, R, Unset, Unset, Unset]),
        ("store_type", [Null, R, R, R, R]),
        ("cipher_suites", [Null, R, Unset, Unset, Unset]),
    ] {
        for (dialect, fate) in [C30, C311, C40, C41, C50].into_iter().zip(fates) {
            for blank in ["", "~", "null"] {
                let resolved = server(dialect, &format!("{key}: {blank}"));
                let found = match &*codes(&resolved) {
                    [] => Unset,
                    ["blank-value"] if messages(&resolved).contains("refuses to start") => R,
                    ["blank-value"] => Null,
                    other => panic!("{other:?}"),
                };
                assert_eq!(found, fate, "{dialect} {key}: {blank}");
            }
        }
    }
}

#[test]
fn blank_flags_and_protocols_are_refused_where_they_exist() {
    for dialect in [C40, C41, C50] {
        for key in ["optional", "enabled"] {
            assert_eq!(codes(&server(dialect, &format!("{key}:"))), ["blank-value"]);
        }
    }
    for dialect in [C30, C311] {
        assert_eq!(codes(&server(dialect, "optional:")), ["other-version"]);
    }
    for dialect in [C30, C311, C40, C41, C50] {
        for key in ["optional", "enabled"] {
            assert_eq!(
                codes(&client(dialect, &format!("{key}: ~"))),
                ["blank-value"]
            );
        }
    }
    assert_eq!(codes(&server(C40, "accepted_protocols:")), ["blank-value"]);
    assert_eq!(codes(&server(C41, "accepted_protocols:")), [""; 0]);
    assert_eq!(
        codes(&server(C30, "accepted_protocols:")),
        ["other-version"]
    );
}

#[test]
fn an_empty_text_is_no_blank() {
    for dialect in [C30, C311, C40, C41, C50] {
        let resolved = server(dialect, "keystore: \"\"");
        assert_eq!(codes(&resolved), [""; 0]);
        assert_eq!(resolved.server.tls.keystore.value.unwrap().text, "");
    }
}

#[test]
fn cipher_suites_are_a_list_and_an_empty_one_differs() {
    for dialect in [C30, C311, C40, C41, C50, Dialect::Dse60] {
        for text in ["A", "A,B"] {
            let resolved = server(dialect, &format!("cipher_suites: {text}"));
            assert_eq!(codes(&resolved), ["bad-value"], "{dialect}");
        }
        for text in ["[A, B]", "\n    - A\n    - B"] {
            let resolved = server(dialect, &format!("cipher_suites: {text}"));
            assert_eq!(codes(&resolved), [""; 0]);
            let suites = resolved.server.tls.cipher_suites.value.unwrap();
            assert_eq!(
                Vec::from_iter(suites.iter().map(|suite| &*suite.value)),
                ["A", "B"]
            );
        }
        let none = server(dialect, "cipher_suites: []")
            .server
            .tls
            .cipher_suites;
        let empty_list = matches!(dialect, C30 | C311 | Dialect::Dse60);
        assert_eq!(none.value.is_some_and(|list| list.is_empty()), empty_list);
    }
    assert_eq!(
        codes(&server(C50, "accepted_protocols: TLSv1.2")),
        ["bad-value"]
    );
}

#[test]
fn passwords_are_text_whatever_they_look_like() {
    for (text, password) in [
        ("012345", "012345"),
        ("yes", "yes"),
        ("abc#def", "abc#def"),
        ("'null'", "null"),
        ("\"blank at the end \"", "blank at the end "),
    ] {
        let resolved = server(C41, &format!("keystore_password: {text}"));
        assert_eq!(codes(&resolved), [""; 0]);
        let secret = resolved.server.tls.keystore_password.value.unwrap();
        assert_eq!(secret.reveal(), password);
    }
}

#[test]
fn a_quoted_blank_at_the_end_of_a_path_is_kept_and_told() {
    let plain = server(C311, "keystore: conf/ks   ");
    assert_eq!(plain.server.tls.keystore.value.unwrap().text, "conf/ks");
    let quoted = server(C311, "keystore: \"conf/ks \"");
    assert_eq!(codes(&quoted), ["trailing-blank"]);
    assert_eq!(quoted.server.tls.keystore.value.unwrap().text, "conf/ks ");
    let ours = server(Dialect::Ringlock, "keystore: \"conf/ks \"");
    assert_eq!(codes(&ours), [""; 0]);
    assert_eq!(ours.server.tls.keystore.value.unwrap().text, "conf/ks");
}

#[test]
fn ports_are_read_as_numbers_of_yaml_1_1() {
    let port = |dialect, text: &str| {
        let resolved = read_as(dialect, &format!("storage_port: {text}\n"));
        (resolved.ports.storage.value, codes(&resolved))
    };
    for (text, number) in [
        ("7100", 7100),
        ("0x1B58", 7000),
        ("7_000", 7000),
        ("\"9043\"", 9043),
        ("015530", 7000),
        ("0", 0),
    ] {
        assert_eq!(port(C50, text), (number, vec![]), "{text}");
    }
    for text in ["70000", "-1", "seven", "1.5", "[7000]"] {
        assert_eq!(port(C50, text), (7000, vec!["bad-value"]), "{text}");
    }
    assert_eq!(port(C311, "").1, ["blank-value"]);
    assert_eq!(port(Dialect::Scylla, "").1, [""; 0]);
    assert_eq!(port(Dialect::Scylla, "7_000"), (7000, vec!["bad-value"]));
    let ssl = read_as(C41, "native_transport_port_ssl:\nlisten_address:\n");
    assert_eq!(ssl.ports.native_transport_ssl.value, None);
    assert_eq!(codes(&ssl), [""; 0]);
}

#[test]
fn validity_limits_are_spans_of_minutes() {
    let limit = |text: &str| {
        let resolved = server(C60, &format!("max_certificate_validity_period: {text}"));
        let value = resolved.server.tls.max_certificate_validity_period.value;
        (value, codes(&resolved))
    };
    let minutes = |minutes: u64| Some(Duration::from_secs(minutes * 60));
    assert_eq!(limit("365d"), (minutes(365 * 24 * 60), vec![]));
    assert_eq!(limit("12h"), (minutes(720), vec![]));
    assert_eq!(limit("30m"), (minutes(30), vec![]));
    for text in ["365", "30s", "1 d", "d", "99999999999d"] {
        assert_eq!(limit(text), (None, vec!["bad-value"]), "{text}");
    }
}

#[test]
fn relative_paths_start_where_each_product_looks() {
    let keystore = |dialect, path: &str| {
        let text = "server_encryption_options:\n  keystore: conf/ks\n  certificate: ring.crt\n";
        let document = Document::parse(text, Path::new(path)).unwrap();
        resolve(&document, dialect).server.tls
    };
    for (dialect, file, path, base) in [
        (
            C41,
            "/opt/c/conf/cassandra.yaml",
            "/opt/c/conf/ks",
            Base::WorkingDirectory,
        ),
        (
            C41,
            "/etc/cassandra/cassandra.yaml",
            "/conf/ks",
            Base::WorkingDirectory,
        ),
        (
            C41,
            "nodes/a/cassandra.yaml",
            "nodes/a/conf/ks",
            Base::WorkingDirectory,
        ),
        (
            Dialect::Dse67,
            "/opt/dse/resources/cassandra/conf/cassandra.yaml",
            "/opt/dse/conf/ks",
            Base::Installation,
        ),
        (
            Dialect::Dse51,
            "/etc/dse/cassandra/cassandra.yaml",
            "/usr/share/dse/conf/ks",
            Base::Installation,
        ),
        (
            Dialect::Ringlock,
            "/etc/ringlock/ringlock.yaml",
            "/etc/ringlock/conf/ks",
            Base::FileFolder,
        ),
    ] {
        let found = keystore(dialect, file).keystore.value.unwrap();
        assert_eq!(
            (&*found.path, found.base),
            (Path::new(path), base),
            "{file}"
        );
        assert_eq!(found.text, "conf/ks");
    }
    let scylla = keystore(Dialect::Scylla, "/etc/scylla/scylla.yaml");
    let certificate = scylla.certificate.value.unwrap();
    assert_eq!(
        (&*certificate.path, certificate.base),
        (Path::new("/ring.crt"), Base::Process)
    );
    let keyfile = scylla.keyfile.value.unwrap();
    assert_eq!(
        (&*keyfile.path, keyfile.base),
        (Path::new("/etc/scylla/scylla.key"), Base::ScyllaConf)
    );
    let none = server(Dialect::Dse67, "keystore: NONE")
        .server
        .tls
        .keystore
        .value
        .unwrap();
    assert_eq!(none.base, Base::NoFile);
}

#[test]
fn an_absent_optional_follows_the_keystore_and_enabled_of_its_own_block() {
    use Policy::{Encrypted, Optional, Unencrypted};
    for dialect in [C40, C41, C50, Dialect::Hcd1] {
        for (line, keystore_exists, policy) in [
            ("internode_encryption: none", true, Optional),
            ("internode_encryption: none", false, Unencrypted),
            ("internode_encryption: all", true, Optional),
            (
                "{internode_encryption: all, enabled: true}",
                true,
                Encrypted,
            ),
            (
                "{internode_encryption: all, optional: false}",
                true,
                Encrypted,
            ),
            (
                "{internode_encryption: dc, optional: false}",
                true,
                Optional,
            ),
            (
                "{internode_encryption: rack, optional: false}",
                true,
                Optional,
            ),
            ("internode_encryption: all", false, Encrypted),
            (
                "{internode_encryption: none, optional: true}",
                false,
                Optional,
            ),
        ] {
            let resolved = server(dialect, line);
            assert_eq!(
                resolved.server.policy(keystore_exists),
                policy,
                "{dialect} {line}"
            );
        }
        for (line, keystore_exists, policy) in [
            ("enabled: false", true, Optional),
            ("enabled: false", false, Unencrypted),
            ("enabled: true", true, Encrypted),
            ("{enabled: true, optional: true}", true, Optional),
            ("{enabled: false, optional: false}", true, Unencrypted),
        ] {
            let resolved = client(dialect, line);
            assert_eq!(
                resolved.client.policy(keystore_exists),
                policy,
                "{dialect} {line}"
            );
        }
    }
    for (line, policy) in [
        ("enabled: false", Unencrypted),
        ("{enabled: true, optional: true}", Optional),
        ("{enabled: false, optional: true}", Unencrypted),
        ("enabled: true", Encrypted),
    ] {
        assert_eq!(client(C311, line).client.policy(true), policy, "{line}");
    }
    for (line, policy) in [
        ("internode_encryption: none", Unencrypted),
        ("internode_encryption: all", Encrypted),
        ("internode_encryption: dc", Optional),
    ] {
        assert_eq!(server(C311, line).server.policy(true), policy, "{line}");
    }
    let inline = "ssl_context_factory:
    class_name: PEMBasedSslContextFactory
    parameters: {private_key: x}";
    assert_eq!(server(C50, inline).server.policy(false), Optional);
}

#[test]
fn the_pem_factory_holds_keys_in_the_file() {
    let text = "server_encryption_options:
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
    parameters:
      private_key: |
        -----BEGIN PRIVATE KEY-----
        -----END PRIVATE KEY-----
      private_key_password: hidden
      trusted_certificates: here
";
    for dialect in [C41, C50, C60, Dialect::Ringlock] {
        let resolved = read_as(dialect, text);
        assert_eq!(codes(&resolved), [""; 0]);
        let tls = &resolved.server.tls;
        assert!(tls.has_inline_key());
        let password = tls.inline("private_key_password").unwrap();
        assert_eq!(password.value.reveal(), "hidden");
        assert_eq!(password.origin.to_string(), "/etc/db/db.yaml:8:7");
        assert_eq!(
            tls.inline("trusted_certificates").unwrap().value.reveal(),
            "here"
        );
        assert!(!format!("{resolved:?}").contains("hidden"));
    }
    assert_eq!(codes(&read_as(C40, text)), ["other-version"]);
    let files = server(
        C41,
        "ssl_context_factory: {class_name: PEMBasedSslContextFactory}",
    );
    assert!(files.server.tls.ssl_context_factory.value.unwrap().is_pem());
    let scalar = "ssl_context_factory: PEMBasedSslContextFactory";
    assert_eq!(codes(&server(C41, scalar)), ["bad-value"]);
    assert_eq!(codes(&server(C50, scalar)), [""; 0]);
    let list = "ssl_context_factory: {class_name: A, parameters: [{a: b}]}";
    assert_eq!(codes(&server(C50, list)), ["bad-value"]);
}

#[test]
fn what_cassandra_6_reads_from_files_is_a_path() {
    let resolved = server(C60, "keystore_password_file: /run/secrets/ks");
    let file = resolved.server.tls.keystore_password_file.value.unwrap();
    assert_eq!(file.path, Path::new("/run/secrets/ks"));
    assert_eq!(
        codes(&server(C50, "keystore_password_file: /x")),
        ["other-version"]
    );
    let outbound = server(C50, "outbound_keystore: /etc/out.jks");
    assert_eq!(
        outbound.server.outbound_keystore.value.unwrap().text,
        "/etc/out.jks"
    );
    assert_eq!(
        codes(&server(C41, "outbound_keystore: /x")),
        ["other-version"]
    );
}

#[test]
fn classes_may_have_parameters_since_cassandra_5() {
    let parameters = "authenticator:\n  class_name: MutualTlsAuthenticator\n  parameters: {a: b}\n\
        crypto_provider:\n  - class_name: DefaultCryptoProvider\n    parameters:\n      - x: y\n";
    let resolved = read_as(C50, parameters);
    assert_eq!(codes(&resolved), [""; 0]);
    let authentication = resolved.authentication;
    assert_eq!(
        authentication.clients.value.as_deref(),
        Some("MutualTlsAuthenticator")
    );
    assert_eq!(
        authentication.crypto_provider.value.as_deref(),
        Some("DefaultCryptoProvider")
    );
    assert_eq!(
        codes(&read_as(C41, parameters)),
        ["bad-value", "other-version"]
    );
}
