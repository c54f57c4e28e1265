//! The encryption blocks as the products document them, each read in its dialect: every key, with
//! its value and its place.

use std::path::Path;

use ringlock_config::{
    Dialect, Document, Resolved, detect, resolve,
    resolve::{ClientAuth, InternodeScope, Policy, Secret},
};

const SUITE: &str = "[TLS_RSA_WITH_AES_256_CBC_SHA]";

fn document(text: &str, path: &str) -> Document {
    Document::parse(text, Path::new(path)).unwrap_or_else(|findings| panic!("{findings}"))
}

/// What is given in the file, as `key = value at line:column`, for every option that the listing
/// shows; the rest must be defaults of the dialect.
fn given(resolved: &Resolved, section: &str) -> Vec<String> {
    let default = format!("default of {}", resolved.dialect);
    resolved
        .lines()
        .iter()
        .filter(|line| line.key().starts_with(section))
        .filter_map(|line| {
            let origin = line.origin().to_string();
            if origin == default {
                return None;
            }
            let (_, place) = origin.split_once(':')?;
            Some(format!("{} = {} at {place}", line.key(), line.value()))
        })
        .collect()
}

fn assert_given(resolved: &Resolved, section: &str, expected: &[(&str, &str, &str)]) {
    let mut expected: Vec<_> = expected
        .iter()
        .map(|(key, value, place)| format!("{section}.{key} = {value} at {place}"))
        .collect();
    let mut found = given(resolved, section);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

fn assert_sound(resolved: &Resolved) {
    assert!(resolved.findings.is_empty(), "{}", resolved.findings);
}

fn reveal(secret: &Option<Secret>) -> &str {
    secret.as_ref().map_or("", Secret::reveal)
}

#[test]
fn the_production_blocks_of_cassandra_3_are_read_key_for_key() {
    let text = include_str!("blocks/cassandra-3-production.yaml");
    let document = document(text, "/etc/cassandra/cassandra.yaml");
    for dialect in [Dialect::Cassandra30, Dialect::Cassandra311] {
        let resolved = resolve(&document, dialect);
        assert_sound(&resolved);
        let stores = "/usr/local/lib/cassandra/conf/server";
        let (keystore, truststore) = (
            &*format!("{stores}-keystore.jks"),
            &*format!("{stores}-truststore.jks"),
        );
        assert_given(
            &resolved,
            "server_encryption_options",
            &[
                ("internode_encryption", "all", "3:5"),
                ("keystore", keystore, "4:5"),
                ("keystore_password", "****", "5:5"),
                ("truststore", truststore, "6:5"),
                ("truststore_password", "****", "7:5"),
                ("protocol", "TLS", "8:5"),
                ("algorithm", "SunX509", "9:5"),
                ("store_type", "JKS", "10:5"),
                ("cipher_suites", SUITE, "11:5"),
                ("require_client_auth", "true", "12:5"),
            ],
        );
        assert_given(
            &resolved,
            "client_encryption_options",
            &[
                ("enabled", "true", "14:5"),
                ("optional", "false", "15:5"),
                ("keystore", keystore, "16:5"),
                ("keystore_password", "****", "17:5"),
                ("require_client_auth", "true", "19:5"),
                ("truststore", truststore, "20:5"),
                ("truststore_password", "****", "21:5"),
                ("protocol", "TLS", "22:5"),
                ("algorithm", "SunX509", "23:5"),
                ("store_type", "JKS", "24:5"),
                ("cipher_suites", SUITE, "25:5"),
            ],
        );
        assert_eq!(
            given(&resolved, "native_transport_port"),
            [
                "native_transport_port = 9042 at 26:1",
                "native_transport_port_ssl = 9142 at 27:1"
            ]
        );
        let server = &resolved.server;
        assert_eq!(server.internode_encryption.value, InternodeScope::All);
        assert_eq!(reveal(&server.tls.keystore_password.value), "myKeyPass");
        assert_eq!(
            reveal(&server.tls.truststore_password.value),
            "truststorePass"
        );
        assert_eq!(server.tls.require_client_auth.value, ClientAuth::Required);
        let suites = server.tls.cipher_suites.value.as_ref().unwrap();
        assert_eq!(suites[0].value, "TLS_RSA_WITH_AES_256_CBC_SHA");
        assert_eq!(
            suites[0].origin.to_string(),
            "/etc/cassandra/cassandra.yaml:11:21"
        );
        assert_eq!(server.policy(true), Policy::Encrypted);
        assert_eq!(resolved.client.policy(true), Policy::Encrypted);
        assert_eq!(resolved.ports.native_transport_ssl.value, Some(9142));
    }
}

#[test]
fn the_development_blocks_of_cassandra_3_are_read_key_for_key() {
    let text = include_str!("blocks/cassandra-3-development.yaml");
    let document = document(text, "/opt/cassandra/conf/cassandra.yaml");
    let resolved = resolve(&document, Dialect::Cassandra311);
    assert_sound(&resolved);
    assert_given(
        &resolved,
        "server_encryption_options",
        &[
            ("internode_encryption", "all", "2:5"),
            ("keystore", "/conf/keystore.node0", "3:5"),
            ("keystore_password", "****", "4:5"),
            ("truststore", "/conf/truststore.node0", "5:5"),
            ("truststore_password", "****", "6:5"),
            ("protocol", "TLS", "7:5"),
            ("algorithm", "SunX509", "8:5"),
            ("store_type", "JKS", "9:5"),
            ("cipher_suites", SUITE, "10:5"),
            ("require_client_auth", "true", "11:5"),
        ],
    );
    assert_given(
        &resolved,
        "client_encryption_options",
        &[
            ("enabled", "true", "13:5"),
            ("optional", "false", "14:5"),
            ("keystore", "conf/keystore.node0", "15:5"),
            ("keystore_password", "****", "16:5"),
            ("require_client_auth", "true", "18:5"),
            ("truststore", "conf/truststore.node0", "19:5"),
            ("truststore_password", "****", "20:5"),
            ("protocol", "TLS", "21:5"),
            ("algorithm", "SunX509", "22:5"),
            ("store_type", "JKS", "23:5"),
            ("cipher_suites", SUITE, "24:5"),
        ],
    );
    let keystore = resolved.client.tls.keystore.value.unwrap();
    assert_eq!(keystore.text, "conf/keystore.node0");
    assert_eq!(
        keystore.path,
        Path::new("/opt/cassandra/conf/keystore.node0")
    );
    assert_eq!(
        reveal(&resolved.client.tls.keystore_password.value),
        "cassandra"
    );
}

#[test]
fn the_block_of_dse_with_local_files_is_read_key_for_key() {
    let text = include_str!("blocks/dse-local.yaml");
    let document = document(text, "/etc/dse/cassandra/cassandra.yaml");
    assert_eq!(detect(&document, None).dialect, Dialect::Dse67);
    let resolved = resolve(&document, Dialect::Dse67);
    assert_sound(&resolved);
    assert_given(
        &resolved,
        "server_encryption_options",
        &[
            ("internode_encryption", "all", "2:7"),
            ("keystore_type", "JKS", "3:7"),
            ("keystore", "/etc/dse/conf/keystore.jks", "4:7"),
            ("keystore_password", "****", "5:7"),
            ("require_client_auth", "true", "6:7"),
            ("require_endpoint_verification", "true", "7:7"),
            ("truststore_type", "JKS", "8:7"),
            ("truststore", "/etc/dse/conf/truststore.jks", "9:7"),
            ("truststore_password", "****", "10:7"),
        ],
    );
    assert!(resolved.server.tls.require_endpoint_verification.value);
    assert_eq!(
        reveal(&resolved.server.tls.keystore_password.value),
        "keystorePass"
    );
}

#[test]
fn the_block_of_dse_with_a_provider_leaves_unused_options_blank() {
    let text = include_str!("blocks/dse-remote.yaml");
    let document = document(text, "/opt/dse/resources/cassandra/conf/cassandra.yaml");
    let resolved = resolve(&document, Dialect::Dse67);
    assert_sound(&resolved);
    assert_given(
        &resolved,
        "server_encryption_options",
        &[
            ("internode_encryption", "all", "2:6"),
            ("keystore_type", "PKCS12", "3:6"),
            ("require_client_auth", "true", "6:6"),
            ("require_endpoint_verification", "true", "7:6"),
            ("truststore_type", "PKCS12", "8:6"),
        ],
    );
    let tls = &resolved.server.tls;
    let keystore = tls.keystore.value.as_ref().unwrap();
    assert_eq!(keystore.text, "resources/dse/conf/.keystore");
    assert_eq!(
        keystore.path,
        Path::new("/opt/dse/resources/dse/conf/.keystore")
    );
    assert_eq!(tls.keystore.origin.to_string(), "default of DSE 6.7 to 6.9");
    assert_eq!(reveal(&tls.keystore_password.value), "cassandra");
}

#[test]
fn the_block_of_scylladb_is_read_key_for_key() {
    let text = include_str!("blocks/scylla.yaml");
    let document = document(text, "/etc/scylla/scylla.yaml");
    let detected = detect(&document, None);
    assert_eq!(detected.dialect, Dialect::Scylla);
    assert_eq!(
        detected.because,
        "server_encryption_options.certificate (line 3) is known to ScyllaDB alone"
    );
    let resolved = resolve(&document, Dialect::Scylla);
    assert!(!resolved.findings.has_errors(), "{}", resolved.findings);
    let priority = "SECURE128:-VERS-TLS1.0:-VERS-TLS1.1";
    assert_given(
        &resolved,
        "server_encryption_options",
        &[
            ("internode_encryption", "rack", "2:5"),
            ("certificate", "/etc/scylla/db.crt", "3:5"),
            ("keyfile", "/etc/scylla/db.key", "4:5"),
            ("truststore", "/etc/scylla/cadb.pem", "5:5"),
            ("certficate_revocation_list", "/etc/scylla/crl.pem", "6:5"),
            ("require_client_auth", "true", "7:5"),
            ("priority_string", priority, "8:5"),
        ],
    );
    assert_eq!(resolved.server.policy(false), Policy::Optional);
}

#[test]
fn the_rolling_blocks_of_cassandra_are_read_key_for_key() {
    let phases = [
        (
            include_str!("blocks/rolling-transition.yaml"),
            "true",
            Policy::Optional,
        ),
        (
            include_str!("blocks/rolling-enforced.yaml"),
            "false",
            Policy::Encrypted,
        ),
    ];
    for (text, optional, policy) in phases {
        let document = document(text, "/etc/cassandra/cassandra.yaml");
        assert_eq!(
            detect(&document, None).because,
            "server_encryption_options.legacy_ssl_storage_port_enabled (line 4) leaves \
             Cassandra 4.1 to 6.0, of which Cassandra 5.0 is the newest release"
        );
        for dialect in [
            Dialect::Cassandra41,
            Dialect::Cassandra50,
            Dialect::Cassandra60,
        ] {
            let resolved = resolve(&document, dialect);
            assert_sound(&resolved);
            assert_given(
                &resolved,
                "server_encryption_options",
                &[
                    ("internode_encryption", "all", "2:3"),
                    ("optional", optional, "3:3"),
                    ("legacy_ssl_storage_port_enabled", "false", "4:3"),
                    ("keystore", "/etc/cassandra/ssl/db01-keystore.p12", "5:3"),
                    ("keystore_password", "****", "6:3"),
                    (
                        "truststore",
                        "/etc/cassandra/ssl/cassandra-truststore.p12",
                        "7:3",
                    ),
                    ("truststore_password", "****", "8:3"),
                    ("require_client_auth", "true", "9:3"),
                    ("require_endpoint_verification", "false", "10:3"),
                    ("store_type", "PKCS12", "11:3"),
                ],
            );
            let server = &resolved.server;
            assert_eq!(server.policy(true), policy);
            assert_eq!(
                reveal(&server.tls.keystore_password.value),
                "node-keystore-password"
            );
            assert_eq!(
                reveal(&server.tls.truststore_password.value),
                "cluster-truststore-password"
            );
        }
    }
}

#[test]
fn cassandra_4_0_refuses_the_rolling_block_for_one_key() {
    let text = include_str!("blocks/rolling-transition.yaml");
    let resolved = resolve(&document(text, "cassandra.yaml"), Dialect::Cassandra40);
    assert_eq!(
        resolved.findings.to_string(),
        "cassandra.yaml:4:3: server_encryption_options.legacy_ssl_storage_port_enabled: \
         known to Cassandra 4.1 to 6.0 only, Cassandra 4.0 refuses to start; did \
         you mean \"enable_legacy_ssl_storage_port\"?"
    );
}
