use super::*;
use crate::resolve::InternodeScope;

#[test]
fn a_misspelt_key_is_refused_with_the_key_that_was_meant() {
    assert_eq!(
        messages(&server(C41, "trustore: conf/ts")),
        "db.yaml:2:3: server_encryption_options.trustore: unknown key, Cassandra 4.1 refuses to \
         start; did you mean \"truststore\"?"
    );
    assert_eq!(
        messages(&client(Dialect::Dse60, "trustore_password: x")),
        "db.yaml:2:3: client_encryption_options.trustore_password: unknown key, DSE 6.0 refuses \
         to start; did you mean \"truststore_password\"?"
    );
}

#[test]
fn scylladb_passes_over_what_it_does_not_know() {
    let resolved = server(Dialect::Scylla, "certificate_revocation_list: crl.pem");
    assert_eq!(
        messages(&resolved),
        "db.yaml:2:3: server_encryption_options.certificate_revocation_list: unknown key, \
         ScyllaDB ignores it in silence; did you mean \"certficate_revocation_list\"?"
    );
    assert_eq!(resolved.findings[0].requirement, "SCY-14");
    assert_eq!(resolved.server.tls.revocation_list.value, None);
    let pasted = server(Dialect::Scylla, "keystore: conf/.keystore");
    assert_eq!(codes(&pasted), ["other-version"]);
    assert!(pasted.findings.has_errors());
    let ours = server(Dialect::Ringlock, "certificate_revocation_list: crl.pem");
    assert_eq!(codes(&ours), ["old-spelling"]);
    assert_eq!(
        ours.server.tls.revocation_list.value.unwrap().text,
        "crl.pem"
    );
}

#[test]
fn one_blank_value_drops_the_whole_block_of_scylladb() {
    let block = "server_encryption_options:\n  internode_encryption: all\n  truststore:\n";
    let resolved = read_as(Dialect::Scylla, block);
    assert_eq!(
        resolved.server.internode_encryption.value,
        InternodeScope::None
    );
    assert_eq!(
        messages(&resolved),
        "db.yaml:3:3: server_encryption_options.truststore: blank, so ScyllaDB drops the whole \
         block and goes on with defaults (expected one value); give it a value or remove the key"
    );
    let list = server(Dialect::Scylla, "truststore: [a]");
    assert_eq!(codes(&list), ["bad-value"]);
    let merged = "x: &x {internode_encryption: all}\nserver_encryption_options:\n  <<: *x\n";
    let resolved = read_as(Dialect::Scylla, merged);
    assert_eq!(
        resolved.server.internode_encryption.value,
        InternodeScope::None
    );
    assert_eq!(codes(&resolved), ["bad-value"]);
    let java = read_as(C50, merged);
    assert_eq!(java.server.internode_encryption.value, InternodeScope::All);
    assert_eq!(
        codes(&read_as(Dialect::Scylla, "server_encryption_options:\n")),
        [""; 0]
    );
}

#[test]
fn a_key_of_another_version_names_the_versions_that_know_it() {
    for (dialect, line) in [
        (C30, "require_endpoint_verification: true"),
        (C40, "legacy_ssl_storage_port_enabled: true"),
        (C40, "ssl_context_factory: {class_name: A}"),
        (C41, "outbound_keystore: a"),
        (C50, "max_certificate_validity_period: 365d"),
        (C311, "optional: true"),
        (C50, "keystore_type: JKS"),
        (Dialect::Dse51, "keystore_type: JKS"),
    ] {
        assert_eq!(
            codes(&server(dialect, line)),
            ["other-version"],
            "{dialect} {line}"
        );
    }
    assert_eq!(
        messages(&server(C50, "keystore_type: JKS")),
        "db.yaml:2:3: server_encryption_options.keystore_type: known to DSE 6.7 to 6.9 only, \
         Cassandra 5.0 refuses to start; did you mean \"store_type\"?"
    );
    assert_eq!(
        codes(&read_as(C60, "native_transport_port_ssl: 9142\n")),
        ["other-version"]
    );
    assert_eq!(
        codes(&read_as(C40, "start_rpc: false\n")),
        ["other-version"]
    );
}

#[test]
fn an_old_name_is_obeyed_and_told() {
    let resolved = server(C41, "enable_legacy_ssl_storage_port: true");
    assert!(resolved.server.legacy_ssl_storage_port.value);
    assert_eq!(
        messages(&resolved),
        "db.yaml:2:3: warning: server_encryption_options.enable_legacy_ssl_storage_port: the old \
         name of legacy_ssl_storage_port_enabled; call it legacy_ssl_storage_port_enabled"
    );
    assert_eq!(
        codes(&server(C40, "enable_legacy_ssl_storage_port: true")),
        [""; 0]
    );
    let both = "{legacy_ssl_storage_port_enabled: true, enable_legacy_ssl_storage_port: false}";
    assert!(!server(C41, both).server.legacy_ssl_storage_port.value);
    let ssl = server(Dialect::Dse51, "protocol: ssl");
    assert_eq!(codes(&ssl), ["old-spelling"]);
    assert_eq!(
        codes(&server(Dialect::Dse67, "store_type: JKS")),
        ["doubtful-key"]
    );
    assert_eq!(
        codes(&server(Dialect::Dse60, "truststore_type: JKS")),
        ["doubtful-key"]
    );
    assert_eq!(
        codes(&server(Dialect::Hcd1, "keystore_type: JKS")),
        ["doubtful-key"]
    );
}

#[test]
fn the_old_block_wins_in_cassandra_3() {
    let both = "encryption_options: {internode_encryption: dc}\n\
                server_encryption_options: {internode_encryption: all}\n";
    for dialect in [C30, C311, Dialect::Dse51] {
        let resolved = read_as(dialect, both);
        assert_eq!(
            resolved.server.internode_encryption.value,
            InternodeScope::Dc
        );
        assert_eq!(codes(&resolved), ["old-spelling", "old-spelling"]);
        assert!(resolved.findings.has_errors());
    }
    let old = read_as(C311, "encryption_options: {internode_encryption: dc}\n");
    assert_eq!(codes(&old), ["old-spelling"]);
    assert!(!old.findings.has_errors());
    let refused = read_as(C40, both);
    assert_eq!(codes(&refused), ["other-version"]);
    assert_eq!(
        refused.server.internode_encryption.value,
        InternodeScope::All
    );
}

#[test]
fn the_last_of_duplicates_counts() {
    let resolved = server(
        C41,
        "internode_encryption: all\n  internode_encryption: none",
    );
    assert_eq!(
        resolved.server.internode_encryption.value,
        InternodeScope::None
    );
    assert_eq!(
        resolved.server.internode_encryption.origin.to_string(),
        "/etc/db/db.yaml:3:3"
    );
    assert_eq!(
        messages(&resolved),
        "db.yaml:3:3: warning: server_encryption_options.internode_encryption: given twice, the \
         first does not count (line 2); keep one of them"
    );
    let blocks = "server_encryption_options: {internode_encryption: all}\n\
                  server_encryption_options: {optional: false}\n";
    let resolved = read_as(C50, blocks);
    assert_eq!(
        resolved.server.internode_encryption.value,
        InternodeScope::None
    );
    assert_eq!(codes(&resolved), ["duplicate-key"]);
}

#[test]
fn dotted_keys_count_since_cassandra_4_1() {
    let dotted = "server_encryption_options.internode_encryption: all\n";
    for dialect in [C41, C50, C60] {
        let resolved = read_as(dialect, dotted);
        assert_eq!(
            resolved.server.internode_encryption.value,
            InternodeScope::All
        );
        assert_eq!(
            resolved.server.internode_encryption.origin.to_string(),
            "/etc/db/db.yaml:1:1"
        );
        assert_eq!(codes(&resolved), [""; 0]);
    }
    assert_eq!(codes(&read_as(C40, dotted)), ["other-version"]);
}

#[test]
fn a_key_outside_its_block_is_told() {
    assert_eq!(
        messages(&read_as(
            C311,
            "internode_encryption: all\nnum_tokens: 16\n"
        )),
        "db.yaml:1:1: internode_encryption: stands outside its block, Cassandra 3.11 refuses to \
         start; indent it below server_encryption_options"
    );
    assert_eq!(
        messages(&read_as(C50, "server_encrytion_options: {}\n")),
        "db.yaml:1:1: server_encrytion_options: unknown key, Cassandra 5.0 refuses to start; did \
         you mean \"server_encryption_options\"?"
    );
    let others = "api_port: 1\napi_address: x\njmx_encryption_options: {}\n\
                  transparent_data_encryption_options: {keystore: x}\n";
    assert_eq!(codes(&read_as(C311, others)), ["other-version"]);
}

#[test]
fn a_block_must_be_a_mapping() {
    for dialect in [C30, C311, C40, C41, C50] {
        let blank = read_as(dialect, "server_encryption_options:\n");
        assert_eq!(codes(&blank), ["blank-value"]);
        let empty = read_as(dialect, "server_encryption_options: {}\n");
        assert_eq!(codes(&empty), [""; 0]);
        let text = read_as(dialect, "server_encryption_options: all\n");
        assert_eq!(codes(&text), ["bad-value"]);
        let codes = codes(&read_as(dialect, ""));
        assert_eq!(codes.is_empty(), dialect != C41);
    }
}

#[test]
fn parameters_are_neither_options_nor_misspelt() {
    let named = "ssl_context_factory: {class_name: A, parameters: {KeyStore: x}}";
    assert_eq!(codes(&server(C50, named)), ["misplaced-key"]);
    let misspelt = "ssl_context_factory:
    class_name: PEMBasedSslContextFactory
    parameters: {privat_key: x}";
    let resolved = server(C50, misspelt);
    assert_eq!(codes(&resolved), ["unknown-key"]);
    assert!(messages(&resolved).ends_with("did you mean \"private_key\"?"));
    let other = "ssl_context_factory: {class_name: com.example.Own, parameters: {anything: x}}";
    assert_eq!(codes(&server(C50, other)), [""; 0]);
}

#[test]
fn a_client_option_without_effect_is_told() {
    let resolved = client(C41, "require_endpoint_verification: true");
    assert_eq!(codes(&resolved), ["without-effect"]);
    assert_eq!(
        codes(&client(C50, "require_endpoint_verification: true")),
        [""; 0]
    );
    let note = server(Dialect::Dse67, "optional: true");
    assert_eq!(
        messages(&note),
        "db.yaml:2:3: note: server_encryption_options.optional: DSE knows this key since 6.9.7"
    );
}

#[test]
fn no_finding_and_no_listing_shows_a_password() {
    for dialect in Dialect::ALL {
        for value in ["hidden", "[hidden]", "{hidden: hidden}"] {
            let resolved = server(dialect, &format!("keystore_password: {value}"));
            let lines: Vec<_> = resolved.lines().iter().map(ToString::to_string).collect();
            let json = serde_json::to_string(resolved.lines()).unwrap();
            for shown in [
                lines.join("\n"),
                json,
                messages(&resolved),
                format!("{resolved:?}"),
            ] {
                assert!(!shown.contains("hidden"), "{shown}");
            }
        }
    }
}
