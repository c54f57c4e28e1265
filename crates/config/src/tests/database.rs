//! `database_config`: the block and the ports of the database's own file.

use std::path::Path;

use ringlock_finding::Findings;
use ringlock_model::Mode;

use crate::{
    Config, DatabaseText, Dialect, IdentityFiles, TrustAnchors, database_config, parse_with,
};

const OWN: &str = "ringlock: {cluster: c}\ndatabase_config: ../cassandra/conf/cassandra.yaml\n";
const FILE: &str = "/opt/cassandra/conf/cassandra.yaml";

fn with(own: &str, database: &str) -> Result<Config, Findings> {
    parse_with(
        own,
        Path::new("ringlock.yaml"),
        Some(DatabaseText {
            path: Path::new(FILE),
            text: database,
            version: None,
        }),
    )
}

fn mistakes(own: &str, database: &str) -> String {
    with(own, database).unwrap_err().to_string()
}

#[test]
fn the_path_is_told_before_anything_else_is_read() {
    let path = Path::new("/etc/ringlock/ringlock.yaml");
    assert_eq!(
        database_config(OWN, path).unwrap(),
        Path::new("/etc/ringlock/../cassandra/conf/cassandra.yaml")
    );
    assert_eq!(database_config("ringlock: {cluster: c}\n", path), None);
    assert_eq!(database_config("a: [\n", path), None);
    assert_eq!(
        parse_with(OWN, Path::new("ringlock.yaml"), None)
            .unwrap_err()
            .to_string(),
        "ringlock.yaml:2:1: database_config: the file that it names was not read"
    );
}

#[test]
fn block_and_ports_come_from_the_databases_file_as_that_database_reads_it() {
    let database = "\
cluster_name: Test Cluster
num_tokens: 16
storage_port: 0x1b59
client_encryption_options: {enabled: perhaps}
server_encryption_options:
    internode_encryption: all
    keystore: conf/node.pem
    keystore_password: hunter2
    truststore: /etc/ca.pem
    algorithm: SunX509
    store_type: PEM
    require_client_auth: true
";
    let own = format!("{OWN}database_dialect: cassandra-3.11\n");
    let config = with(&own, database).unwrap();
    assert_eq!((config.storage_port, config.ssl_storage_port), (7001, 7001));
    assert_eq!(config.internode.mode, Mode::REQUIRE);
    assert!(config.internode.require_client_auth.is_required());
    assert_eq!(
        config.internode.identity,
        IdentityFiles::Combined {
            keystore: "/opt/cassandra/conf/node.pem".into()
        }
    );
    assert_eq!(
        config.internode.trust,
        TrustAnchors::File("/etc/ca.pem".into())
    );
    let file = config.database.as_ref().unwrap();
    assert_eq!(file.path, Path::new(FILE));
    assert_eq!(file.dialect, Dialect::Cassandra311);
    let told = config.describe().join("\n");
    for line in [
        "database_config = /opt/cassandra/conf/cassandra.yaml  # ringlock.yaml:2:1",
        "database_dialect = cassandra-3.11 (as database_dialect says)  # ringlock.yaml:3:1",
        "storage_port = 7001  # /opt/cassandra/conf/cassandra.yaml:3:1",
        "ssl_storage_port = 7001  # default of Cassandra 3.11",
        "internode_encryption = all  # /opt/cassandra/conf/cassandra.yaml:6:5",
    ] {
        assert!(told.contains(line), "{line} in\n{told}");
    }
    assert!(!format!("{told}{config:?}").contains("hunter2"));
}

#[test]
fn an_absent_optional_means_what_the_product_means_by_it() {
    let mode = |dialect: &str, lines: &str| {
        let own = format!("{OWN}database_dialect: {dialect}\n");
        let database = format!("server_encryption_options:\n  {lines}\n  truststore: ca\n");
        with(&own, &database).unwrap().internode.mode.to_string()
    };
    let all = "internode_encryption: all";
    assert_eq!(mode("cassandra-3.11", all), "all");
    assert_eq!(mode("cassandra-5.0", all), "all+optional");
    assert_eq!(
        mode(
            "cassandra-5.0",
            "internode_encryption: all\n  optional: false"
        ),
        "all"
    );
    assert_eq!(
        mode("cassandra-5.0", "internode_encryption: none"),
        "none+optional"
    );
    assert_eq!(mode("cassandra-3.11", "internode_encryption: none"), "none");
    assert_eq!(mode("dse", all), "all");
    assert_eq!(
        mode("scylla", "internode_encryption: transitional"),
        "transitional"
    );
}

#[test]
fn mistakes_of_the_databases_file_are_told_with_its_own_name_and_line() {
    let database = "\
server_encryption_options:
  internode_encryption: dcs
  certificate: /etc/scylla/db.crt
  keyfile: /etc/scylla/db.key
  trustore: /etc/scylla/cadb.pem
";
    assert_eq!(
        mistakes(OWN, database),
        "\
/opt/cassandra/conf/cassandra.yaml:2:25: server_encryption_options.internode_encryption: unknown value, ScyllaDB takes it for none and encrypts nothing (found \"dcs\", expected all, none, dc, rack or transitional)
/opt/cassandra/conf/cassandra.yaml:5:3: server_encryption_options.trustore: unknown key, ScyllaDB ignores it in silence; did you mean \"truststore\"?"
    );
    let told = mistakes(OWN, "a: [\n");
    assert!(
        told.starts_with("/opt/cassandra/conf/cassandra.yaml:"),
        "{told}"
    );
    assert_eq!(
        mistakes(OWN, "ringlock: {cluster: c}\n"),
        "ringlock.yaml:2:1: database_config: names a file of Ringlock's own (expected the yaml of a database)"
    );
}

#[test]
fn what_is_given_in_both_files_is_a_mistake_that_names_both() {
    let own = format!(
        "{OWN}storage_port: 7000\nserver_encryption_options: {{keystore: a, truststore: b}}\n"
    );
    let database = "storage_port: 7000\nserver_encryption_options: {internode_encryption: all}\n";
    assert_eq!(
        mistakes(&own, database),
        "\
ringlock.yaml:3:1: storage_port: given in /opt/cassandra/conf/cassandra.yaml:1:1 as well; keep one of them
ringlock.yaml:4:1: server_encryption_options: given in /opt/cassandra/conf/cassandra.yaml:2:1 as well; keep one of them"
    );
    let config = with(&own, "num_tokens: 1\n").unwrap();
    assert_eq!(config.internode.mode, Mode::ACCEPT_BOTH);
    assert_eq!(config.ssl_storage_port, 7001);
}

#[test]
fn a_port_of_the_databases_file_must_not_be_the_agents_own() {
    let database = "storage_port: 17000\nserver_encryption_options: {optional: true}\n";
    assert_eq!(
        mistakes(OWN, database),
        "ringlock.yaml:2:1: storage_port of /opt/cassandra/conf/cassandra.yaml: the same port as ringlock.inbound_port (default) (found \"17000\"); give another port"
    );
}

#[test]
fn database_dialect_names_a_database_and_goes_with_its_file() {
    let told = mistakes(&format!("{OWN}database_dialect: cassandra-2\n"), "");
    assert!(
        told.starts_with(
            "ringlock.yaml:3:19: database_dialect: no dialect (found \"cassandra-2\", expected one of cassandra-3, "
        ),
        "{told}"
    );
    let alone = "ringlock: {cluster: c}\ndatabase_dialect: dse\nserver_encryption_options: {keystore: a, truststore: b}\n";
    assert_eq!(
        parse_with(alone, Path::new("ringlock.yaml"), None)
            .unwrap_err()
            .to_string(),
        "ringlock.yaml:2:1: database_dialect: goes only with database_config; name the database's file, or remove it"
    );
}

#[test]
fn an_old_name_works_and_is_told() {
    let text = "ringlock: {cluster: c}\nencryption_options:\n  keystore: a\n  truststore: b\n  enable_legacy_ssl_storage_port: true\n";
    let config = parse_with(text, Path::new("ringlock.yaml"), None).unwrap();
    assert_eq!(
        config.warnings.to_string(),
        "\
ringlock.yaml:2:1: warning: encryption_options: the old name of server_encryption_options; call it server_encryption_options
ringlock.yaml:5:3: warning: encryption_options.enable_legacy_ssl_storage_port: the old name of legacy_ssl_storage_port_enabled; call it legacy_ssl_storage_port_enabled"
    );
}

#[test]
fn harmless_words_of_the_databases_are_taken() {
    let text = "\
ringlock: {cluster: c}
cluster_name: c
listen_address: 10.0.0.1
rpc_address: 0.0.0.0
native_transport_port: 9042
server_encryption_options:
  enabled: true
  algorithm: SunX509
  store_type: JKS
  keystore_type: PKCS12
  truststore_type: PEM
  keystore: a
  keystore_password: hunter2
  keystore_password_file: password
  truststore: b
  truststore_password: hunter2
  truststore_password_file: password
  legacy_ssl_storage_port_enabled: true
";
    let config = parse_with(text, Path::new("ringlock.yaml"), None).unwrap();
    assert!(config.warnings.is_empty(), "{}", config.warnings);
    assert!(!format!("{config:?}").contains("hunter2"));
}
