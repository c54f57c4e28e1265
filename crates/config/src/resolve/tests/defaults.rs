use super::*;

/// The options that the dialect obeys with its defaults, `key=value` each, for one section.
fn defaults(dialect: Dialect, section: &str) -> Vec<String> {
    let resolved = read_as(dialect, "x: y\n");
    assert!(resolved.findings.is_empty(), "{}", resolved.findings);
    resolved
        .lines()
        .iter()
        .filter_map(|line| {
            let key = line.key().strip_prefix(section)?;
            assert_eq!(
                line.origin().to_string(),
                match dialect {
                    Dialect::Ringlock => "default".to_owned(),
                    _ => format!("default of {dialect}"),
                }
            );
            Some(format!("{}={}", key.trim_start_matches('.'), line.value()))
        })
        .collect()
}

fn assert_defaults(dialect: Dialect, section: &str, expected: &str) {
    let mut expected: Vec<_> = expected.split_whitespace().map(str::to_owned).collect();
    let mut found = defaults(dialect, section);
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{dialect} {section}");
}

const SERVER: &str = "server_encryption_options";
const CLIENT: &str = "client_encryption_options";

#[test]
fn links_between_nodes_have_the_defaults_of_each_cassandra() {
    let stores = "keystore=conf/.keystore truststore=conf/.truststore store_type=JKS \
        internode_encryption=none require_client_auth=false cipher_suites=unset";
    let passwords = "keystore_password=**** truststore_password=****";
    let three = format!("{stores} {passwords} protocol=TLS algorithm=SunX509");
    assert_defaults(C30, SERVER, &three);
    assert_defaults(
        C311,
        SERVER,
        &format!("{three} require_endpoint_verification=false"),
    );
    let four = format!(
        "{stores} protocol=unset algorithm=unset accepted_protocols=unset enabled=unset \
         optional=unset require_endpoint_verification=false"
    );
    let c40 = format!("{four} {passwords} enable_legacy_ssl_storage_port=false");
    assert_defaults(C40, SERVER, &c40);
    assert_defaults(Dialect::Hcd1, SERVER, &c40);
    let c41 = format!(
        "{four} keystore_password=unset truststore_password=unset \
         legacy_ssl_storage_port_enabled=false \
         ssl_context_factory=org.apache.cassandra.security.DefaultSslContextFactory"
    );
    assert_defaults(C41, SERVER, &c41);
    let c50 = format!("{c41} outbound_keystore=unset outbound_keystore_password=unset");
    assert_defaults(C50, SERVER, &c50);
    let c60 = c50.replace("require_client_auth=false", "require_client_auth=unset");
    let c60 = format!(
        "{c60} max_certificate_validity_period=unset certificate_validity_warn_threshold=unset \
         keystore_password_file=unset truststore_password_file=unset \
         outbound_keystore_password_file=unset"
    );
    assert_defaults(C60, SERVER, &c60);
}

#[test]
fn links_between_nodes_have_the_defaults_of_each_dse() {
    let common = "keystore=resources/dse/conf/.keystore truststore=resources/dse/conf/.truststore \
        keystore_password=**** truststore_password=**** internode_encryption=none \
        require_client_auth=false cipher_suites=unset protocol=TLS algorithm=SunX509 \
        require_endpoint_verification=false";
    for dialect in [Dialect::Dse51, Dialect::Dse60] {
        assert_defaults(dialect, SERVER, &format!("{common} store_type=JKS"));
    }
    let newest = "keystore_type=JKS truststore_type=JKS optional=unset \
        enable_legacy_ssl_storage_port=false";
    assert_defaults(Dialect::Dse67, SERVER, &format!("{common} {newest}"));
    for dialect in [Dialect::Dse51, Dialect::Dse60, Dialect::Dse67] {
        let tls = read_as(dialect, "x: y\n").server.tls;
        assert_eq!(tls.keystore_password.value.unwrap().reveal(), "cassandra");
    }
}

#[test]
fn scylladb_has_pem_files_and_no_passwords() {
    let pem = "certificate=scylla.crt keyfile=scylla.key truststore=unset \
        certficate_revocation_list=unset require_client_auth=false \
        priority_string=SECURE128:-VERS-TLS1.0 enable_session_tickets=true";
    assert_defaults(
        Dialect::Scylla,
        SERVER,
        &format!("{pem} internode_encryption=none"),
    );
    assert_defaults(Dialect::Scylla, CLIENT, &format!("{pem} enabled=false"));
    let tls = read_as(Dialect::Scylla, "x: y\n").server.tls;
    let certificate = tls.certificate.value.unwrap();
    assert_eq!(certificate.path, Path::new("/etc/db/scylla.crt"));
}

#[test]
fn links_from_clients_have_the_defaults_of_each_product() {
    let enabled = |dialect| {
        let client = read_as(dialect, "x: y\n").client;
        (client.enabled.value, client.optional.value)
    };
    for dialect in [C30, C311, Dialect::Dse51, Dialect::Dse60, Dialect::Dse67] {
        assert_eq!(enabled(dialect), (Some(false), Some(false)), "{dialect}");
    }
    for dialect in [C40, C41, C50, C60, Dialect::Hcd1] {
        assert_eq!(enabled(dialect), (None, None), "{dialect}");
    }
    assert_eq!(enabled(Dialect::Scylla), (Some(false), None));
    let verified = |dialect| {
        let defaults = defaults(dialect, CLIENT);
        defaults.contains(&"require_endpoint_verification=false".to_owned())
    };
    for dialect in Dialect::ALL {
        let known = matches!(dialect, C50 | C60 | Dialect::Ringlock);
        assert_eq!(verified(dialect), known, "{dialect}");
    }
}

#[test]
fn ports_and_addresses_have_the_defaults_of_each_product() {
    for dialect in Dialect::ALL {
        let resolved = read_as(dialect, "x: y\n");
        let ports = &resolved.ports;
        assert_eq!(ports.storage.value, 7000, "{dialect}");
        assert_eq!(ports.ssl_storage.value, 7001, "{dialect}");
        assert_eq!(ports.native_transport.value, 9042, "{dialect}");
        assert_eq!(ports.native_transport_ssl.value, None, "{dialect}");
        let starts = !matches!(dialect, C30 | C311);
        assert_eq!(ports.start_native_transport.value, starts, "{dialect}");
        let scylla = dialect == Dialect::Scylla;
        assert_eq!(ports.native_shard_aware.value, scylla.then_some(19042));
        let localhost = scylla.then(|| "localhost".to_owned());
        assert_eq!(resolved.addresses.listen.value, localhost);
        assert_eq!(resolved.addresses.client.value, localhost);
    }
}

#[test]
fn dse_calls_the_address_for_clients_otherwise_since_6_0() {
    let address = |dialect, text: &str| {
        let resolved = read_as(dialect, text);
        (resolved.addresses.client.value.clone(), codes(&resolved))
    };
    let found = |text: &str| Some(text.to_owned());
    let new = "native_transport_address: 10.0.0.1\n";
    assert_eq!(address(Dialect::Dse67, new), (found("10.0.0.1"), vec![]));
    assert_eq!(address(C50, new).1, ["other-version"]);
    let old = "rpc_address: 10.0.0.2\n";
    assert_eq!(address(Dialect::Dse51, old), (found("10.0.0.2"), vec![]));
    assert_eq!(
        address(Dialect::Dse60, old),
        (found("10.0.0.2"), vec!["doubtful-key"])
    );
}

#[test]
fn a_listing_line_shows_the_value_and_where_it_comes_from() {
    let resolved = server(C41, "keystore: conf/ks\n  keystore_password: x");
    let lines: Vec<_> = resolved.lines().iter().map(ToString::to_string).collect();
    for line in [
        "storage_port = 7000  # default of Cassandra 4.1",
        "server_encryption_options.keystore = conf/ks (/conf/ks)  # /etc/db/db.yaml:2:3",
        "server_encryption_options.keystore_password = ****  # /etc/db/db.yaml:3:3",
        "server_encryption_options.optional = unset  # default of Cassandra 4.1",
    ] {
        assert!(
            lines.iter().any(|found| found == line),
            "{line}\n{}",
            lines.join("\n")
        );
    }
    let json = serde_json::to_value(resolved.lines()).unwrap();
    let keystore = json
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["key"] == "server_encryption_options.keystore")
        .unwrap();
    assert_eq!(
        *keystore,
        serde_json::json!({
            "key": "server_encryption_options.keystore",
            "value": "conf/ks",
            "path": "/conf/ks",
            "origin": "/etc/db/db.yaml:2:3",
            "line": 2,
            "column": 3,
        })
    );
}
