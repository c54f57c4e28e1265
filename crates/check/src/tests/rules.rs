use std::collections::BTreeSet;

use ringlock_config::Dialect::{self, *};

use super::told;
use crate::{RULES, rule::Check};

/// Code, dialect, a file with the mistake, one without it.
type Row = (&'static str, Dialect, &'static str, &'static str);

/// A server block on one line.
macro_rules! server {
    ($text:literal) => {
        concat!("server_encryption_options: {", $text, "}\n")
    };
}

/// A client block on one line.
macro_rules! client {
    ($text:literal) => {
        concat!("client_encryption_options: {", $text, "}\n")
    };
}

const ROWS: &[Row] = &[
    (
        "internode-encryption-unknown",
        Scylla,
        server!("internode_encryption: al"),
        server!("internode_encryption: all"),
    ),
    (
        "internode-encryption-unknown",
        Cassandra41,
        server!("internode_encryption: transitional"),
        server!("internode_encryption: rack"),
    ),
    (
        "revocation-list-spelling",
        Scylla,
        server!("certificate_revocation_list: /crl.pem"),
        server!("certficate_revocation_list: /crl.pem"),
    ),
    (
        "blank-value-drops-block",
        Scylla,
        "server_encryption_options:\n  internode_encryption: all\n  truststore:\n",
        "server_encryption_options:\n  internode_encryption: all\n  truststore: /ca\n",
    ),
    (
        "switch-silently-off",
        Scylla,
        client!("enabled: yes"),
        client!("enabled: TRUE"),
    ),
    (
        "truststore-missing",
        Cassandra311,
        client!("enabled: true, require_client_auth: true"),
        client!("enabled: true, require_client_auth: true, truststore: /t"),
    ),
    (
        "scylla-without-truststore",
        Scylla,
        server!("internode_encryption: all"),
        server!("internode_encryption: all, truststore: /t"),
    ),
    (
        "pkcs11-without-none",
        Dse67,
        server!("keystore_type: PKCS11, keystore: /k"),
        server!("keystore_type: PKCS11, keystore: NONE"),
    ),
    (
        "pkcs11-without-none",
        Dse67,
        server!("keystore_type: JKS, keystore: NONE"),
        server!("keystore_type: JKS, keystore: /k"),
    ),
    (
        "pkcs11-truststore",
        Dse67,
        server!("truststore_type: PKCS11"),
        server!("truststore_type: PKCS12"),
    ),
    (
        "pkcs11-version",
        Dse60,
        server!("store_type: PKCS11, keystore: NONE"),
        server!("store_type: PKCS12"),
    ),
    (
        "store-type-mismatch",
        Dse67,
        server!("store_type: JKS, keystore_type: PKCS12"),
        server!("keystore_type: PKCS12, truststore_type: JKS"),
    ),
    (
        "ssl-port-without-encryption",
        Cassandra311,
        "native_transport_port_ssl: 9142\n",
        "native_transport_port_ssl: 9042\n",
    ),
    (
        "native-port-plaintext",
        Cassandra40,
        concat!(
            "native_transport_port_ssl: 9142\n",
            client!("enabled: true")
        ),
        client!("enabled: true"),
    ),
    (
        "optional-left-on",
        Cassandra41,
        server!("internode_encryption: all, optional: true"),
        server!("internode_encryption: all, optional: false"),
    ),
    (
        "optional-absent",
        Cassandra50,
        server!("internode_encryption: all"),
        server!("internode_encryption: all, optional: false"),
    ),
    (
        "scope-with-client-auth",
        Cassandra41,
        server!("internode_encryption: dc, require_client_auth: true"),
        server!("internode_encryption: all, require_client_auth: true"),
    ),
    (
        "scope-leaves-plaintext",
        Dse51,
        server!("internode_encryption: rack"),
        server!("internode_encryption: all"),
    ),
    (
        "client-auth-off",
        Cassandra30,
        server!("internode_encryption: all"),
        server!("internode_encryption: all, require_client_auth: on"),
    ),
    (
        "endpoint-verification-off",
        Cassandra40,
        server!("internode_encryption: all"),
        server!("internode_encryption: all, require_endpoint_verification: true"),
    ),
    (
        "endpoint-verification-ignored",
        Cassandra41,
        client!("require_endpoint_verification: true"),
        client!("require_endpoint_verification: false"),
    ),
    (
        "suite-unknown",
        Cassandra41,
        server!("cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SH]"),
        server!("cipher_suites: [TLS_AES_128_GCM_SHA256]"),
    ),
    (
        "suite-dead",
        Cassandra41,
        server!("cipher_suites: [SSL_RSA_WITH_RC4_128_MD5]"),
        server!("cipher_suites: [TLS_AES_128_GCM_SHA256]"),
    ),
    (
        "suite-weak",
        Cassandra41,
        server!("cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]"),
        server!("cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]"),
    ),
    (
        "protocol-unknown",
        Cassandra41,
        server!("accepted_protocols: [tls1.2]"),
        server!("accepted_protocols: [TLSv1.2, TLSv1.3], protocol: tls"),
    ),
    (
        "protocol-deprecated",
        Cassandra41,
        server!("protocol: TLSv1.1"),
        server!("protocol: TLSv1.2"),
    ),
    (
        "priority-string-refused",
        Scylla,
        server!("priority_string: 'SECURE128:VERS-TLS1.0'"),
        server!("priority_string: 'SECURE128:-VERS-TLS1.0'"),
    ),
    (
        "priority-string-surprising",
        Scylla,
        server!("priority_string: NORMAL"),
        server!("priority_string: 'SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2'"),
    ),
    (
        "password-well-known",
        Cassandra40,
        server!("internode_encryption: all, keystore_password: ChangeIt"),
        server!("internode_encryption: all, keystore_password: Tr0ub4dor"),
    ),
    (
        "relative-path",
        Cassandra40,
        server!("keystore: conf/.keystore"),
        server!("keystore: /etc/cassandra/.keystore"),
    ),
    (
        "placeholder-left",
        Scylla,
        server!("truststore: '<not set, use system trust>'"),
        server!("truststore: /ca.crt"),
    ),
    (
        "legacy-port-without-encryption",
        Cassandra41,
        server!("legacy_ssl_storage_port_enabled: true"),
        server!("legacy_ssl_storage_port_enabled: true, internode_encryption: all"),
    ),
    (
        "mutual-tls-not-demanded",
        Cassandra50,
        "authenticator: {class_name: org.apache.cassandra.auth.MutualTlsAuthenticator}\n",
        "authenticator: {class_name: org.apache.cassandra.auth.PasswordAuthenticator}\n",
    ),
    (
        "pem-inline-and-file",
        Cassandra41,
        server!(
            "keystore: /nowhere/k, ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key: x}}"
        ),
        server!(
            "ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key: x}}"
        ),
    ),
    (
        "pem-key-form",
        Cassandra41,
        server!(
            "ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key: '-----BEGIN RSA PRIVATE KEY-----'}}"
        ),
        server!(
            "ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key: '-----BEGIN PRIVATE KEY-----'}}"
        ),
    ),
    (
        "not-fips",
        Dse67,
        server!("cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]"),
        server!("cipher_suites: [TLS_DHE_RSA_WITH_AES_128_CBC_SHA]"),
    ),
    (
        "duplicate-key",
        Cassandra40,
        "cluster_name: a\ncluster_name: b\n",
        "cluster_name: a\n",
    ),
    (
        "yaml-alias",
        Cassandra40,
        "cluster_name: &a b\n",
        "cluster_name: b\n",
    ),
    (
        "byte-order-mark",
        Cassandra40,
        "\u{FEFF}cluster_name: a\n",
        "cluster_name: a\n",
    ),
    (
        "carriage-returns",
        Cassandra40,
        "cluster_name: a\r\n",
        "cluster_name: a\n",
    ),
    ("empty-file", Cassandra41, "", "cluster_name: a\n"),
    (
        "unknown-key",
        Cassandra41,
        server!("trustore: /t"),
        server!("truststore: /t"),
    ),
    (
        "other-version",
        Cassandra41,
        server!("outbound_keystore: /k"),
        server!("keystore: /k"),
    ),
    (
        "doubtful-key",
        Hcd1,
        server!("keystore_type: JKS"),
        server!("store_type: JKS"),
    ),
    (
        "misplaced-key",
        Cassandra41,
        "truststore: /t\n",
        server!("truststore: /t"),
    ),
    (
        "old-spelling",
        Cassandra311,
        "encryption_options: {internode_encryption: all}\n",
        server!("internode_encryption: all"),
    ),
    (
        "bad-value",
        Cassandra41,
        server!("require_client_auth: maybe"),
        server!("require_client_auth: false"),
    ),
    (
        "blank-value",
        Cassandra41,
        "server_encryption_options:\n  keystore:\n",
        "server_encryption_options:\n  keystore: /k\n",
    ),
    (
        "trailing-blank",
        Cassandra41,
        server!("keystore: '/k '"),
        server!("keystore: '/k'"),
    ),
    (
        "pem-passwords-differ",
        Cassandra41,
        server!(
            "keystore_password: a, ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key_password: b}}"
        ),
        server!(
            "keystore_password: b, ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key_password: b}}"
        ),
    ),
    (
        "pem-key-password",
        Cassandra41,
        server!(
            "ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key: '-----BEGIN ENCRYPTED PRIVATE KEY-----'}}"
        ),
        server!(
            "keystore_password: a, ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key: '-----BEGIN ENCRYPTED PRIVATE KEY-----'}}"
        ),
    ),
    (
        "pem-key-password",
        Cassandra50,
        server!(
            "ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key: '-----BEGIN PRIVATE KEY-----', private_key_password: a}}"
        ),
        server!(
            "ssl_context_factory: {class_name: PEMBasedSslContextFactory, parameters: {private_key: '-----BEGIN PRIVATE KEY-----'}}"
        ),
    ),
    (
        "truststore-password-ignored",
        Cassandra50,
        server!("truststore_password: a, ssl_context_factory: PEMBasedSslContextFactory"),
        server!("truststore_password: a"),
    ),
    (
        "jce-policy",
        Cassandra311,
        server!("internode_encryption: all, cipher_suites: [TLS_RSA_WITH_AES_256_CBC_SHA]"),
        server!(
            "internode_encryption: all, cipher_suites: [TLS_RSA_WITH_AES_256_CBC_SHA, TLS_RSA_WITH_AES_128_CBC_SHA]"
        ),
    ),
    (
        "jce-policy",
        Dse51,
        client!("enabled: true, cipher_suites: [TLS_RSA_WITH_AES_256_CBC_SHA]"),
        client!("cipher_suites: [TLS_RSA_WITH_AES_256_CBC_SHA]"),
    ),
    (
        "transitional-scope",
        Scylla,
        server!("internode_encryption: transitional, truststore: /t"),
        server!("internode_encryption: all, truststore: /t"),
    ),
    (
        "password-well-known",
        Cassandra40,
        client!("enabled: true, truststore_password: cassandra"),
        client!("enabled: true, truststore_password: Tr0ub4dor"),
    ),
    (
        "password-well-known",
        Dse67,
        server!("internode_encryption: all, keystore: /k"),
        server!("internode_encryption: all"),
    ),
    (
        "mutual-tls-not-demanded",
        Cassandra50,
        "internode_authenticator: MutualTlsInternodeAuthenticator\n",
        concat!(
            "internode_authenticator: MutualTlsInternodeAuthenticator\n",
            server!("internode_encryption: all, require_client_auth: true")
        ),
    ),
    (
        "mutual-tls-not-demanded",
        Cassandra60,
        concat!(
            "authenticator: MutualTlsWithPasswordFallbackAuthenticator\n",
            client!("enabled: true")
        ),
        concat!(
            "authenticator: MutualTlsWithPasswordFallbackAuthenticator\n",
            client!("enabled: true, require_client_auth: optional")
        ),
    ),
    (
        "legacy-port-without-encryption",
        Cassandra40,
        server!("enable_legacy_ssl_storage_port: true"),
        server!("enable_legacy_ssl_storage_port: true, optional: true"),
    ),
    (
        "truststore-missing",
        Cassandra41,
        "server_encryption_options.internode_encryption: all\n\
         server_encryption_options.require_client_auth: true\n",
        "server_encryption_options.internode_encryption: all\n\
         server_encryption_options.require_client_auth: true\n\
         server_encryption_options.truststore: /t\n",
    ),
    (
        "since-version",
        Scylla,
        client!("enable_session_tickets: true"),
        client!("enabled: false"),
    ),
    (
        "without-effect",
        Scylla,
        "rpc_port: 9160\n",
        "native_transport_port: 9042\n",
    ),
    (
        "refused-by-ringlock",
        Ringlock,
        concat!(
            "ringlock: {cluster: c, interception: sideways}\n",
            server!("keystore: node.pem, truststore: ca.crt")
        ),
        concat!(
            "ringlock: {cluster: c}\n",
            server!("keystore: node.pem, truststore: ca.crt")
        ),
    ),
];

#[test]
fn every_rule_tells_its_mistake_and_is_silent_without_it() {
    for (code, dialect, wrong, right) in ROWS {
        let found = told(*dialect, wrong).codes();
        assert!(
            found.contains(code),
            "{code} in {dialect}: {wrong} gave {found:?}"
        );
        let found = told(*dialect, right).codes();
        assert!(
            !found.contains(code),
            "{code} in {dialect}: {right} gave {found:?}"
        );
    }
}

#[test]
fn whatever_is_told_is_in_the_registry_with_its_requirement() {
    for (_, _, wrong, right) in ROWS {
        for dialect in Dialect::ALL {
            for told in told(dialect, wrong)
                .told
                .iter()
                .chain(&told(dialect, right).told)
            {
                let known = RULES.iter().any(|rule| rule.code == told.finding.code);
                assert!(known, "{} of {dialect}", told.finding);
            }
        }
    }
}

#[test]
fn codes_are_kebab_case_unlike_one_another_and_explained() {
    let mut seen = BTreeSet::new();
    for rule in RULES {
        assert!(seen.insert(rule.code), "{} stands twice", rule.code);
        let kebab = rule.code.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        assert!(kebab, "{}", rule.code);
        assert!(
            rule.explanation.len() > 80,
            "{} is hardly explained",
            rule.code
        );
        assert!(!rule.title.ends_with('.'), "{}", rule.code);
        for requirement in rule.requirement.split_whitespace() {
            let (area, number) = requirement.split_once('-').unwrap();
            assert!(["C3N", "C3C", "DSE", "SCY", "ROLL", "G", "B"].contains(&area));
            assert!(number.parse::<u16>().is_ok(), "{requirement}");
        }
    }
}

#[test]
fn every_rule_of_one_node_that_needs_no_file_has_a_row() {
    const BY_FILES: &[&str] = &[
        "key-file-open",
        "trust-file-writable",
        "key-folder-open",
        "file-missing",
        "file-not-looked-at",
        "store-unreadable",
        "store-password-wrong",
        "store-not-examined",
        "password-not-opened",
        "java-sees-less",
        "store-too-new",
        "suites-without-key",
        "key-certificate-mismatch",
        "certificate-expired",
        "certificate-not-yet-valid",
        "certificate-usage",
        "identity-unusable",
        "certificate-expires-soon",
        "certificate-lacks-address",
        "certificate-untrusted",
        "truststore-unusable",
        "file-owner",
        "revocation-list-unusable",
        "keystore-makes-optional",
    ];
    for rule in RULES {
        if matches!(rule.check, Check::Node(_)) && !BY_FILES.contains(&rule.code) {
            let has_row = ROWS.iter().any(|(code, ..)| *code == rule.code);
            assert!(has_row, "{}", rule.code);
        }
    }
}

#[test]
fn a_reviewed_block_of_each_product_has_no_error() {
    let files = [
        (
            Cassandra50,
            server!(
                "internode_encryption: all, optional: false, keystore: /a/k.p12, \
                 keystore_password: Xk29, truststore: /a/t.p12, truststore_password: Xk29, \
                 require_client_auth: true, require_endpoint_verification: true, store_type: PKCS12"
            ),
        ),
        (
            Dse67,
            server!(
                "internode_encryption: all, keystore_type: PKCS12, truststore_type: PKCS12, \
                 keystore: /a/k.p12, keystore_password: Xk29, truststore: /a/t.p12, \
                 truststore_password: Xk29, require_client_auth: true, \
                 require_endpoint_verification: true"
            ),
        ),
        (
            Scylla,
            server!(
                "internode_encryption: all, certificate: /a/node.crt, keyfile: /a/node.key, \
                 truststore: /a/ca.crt, require_client_auth: True"
            ),
        ),
    ];
    for (dialect, text) in files {
        let found = told(dialect, text).codes();
        assert_eq!(found, [""; 0], "{dialect}");
    }
}
