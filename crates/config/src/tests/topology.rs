//! `ringlock.topology`, and the scopes that it is for.

use std::{net::SocketAddr, path::Path, time::Duration};

use ringlock_finding::Findings;
use ringlock_model::Mode;

use super::{SHORTEST, mistakes, read};
use crate::{Config, DatabaseText, SnitchFile, parse_with};

fn with_topology(lines: &str) -> String {
    let mut own = "ringlock:\n  cluster: c\n  topology:\n".to_owned();
    for line in lines.lines() {
        own.push_str(&format!("    {line}\n"));
    }
    SHORTEST.replace("ringlock: {cluster: Test Cluster}\n", &own)
}

/// With a database's file that has these lines.
fn beside(own: &str, database: &str) -> Result<Config, Findings> {
    let own = format!(
        "ringlock: {{cluster: c, {own}}}\ndatabase_config: /opt/cassandra/conf/cassandra.yaml\n\
         server_encryption_options: {{keystore: a, truststore: b}}\n"
    );
    let database = DatabaseText {
        path: Path::new("/opt/cassandra/conf/cassandra.yaml"),
        text: database,
        version: Some("5.0.6"),
    };
    parse_with(&own, Path::new("ringlock.yaml"), Some(database))
}

#[test]
fn scopes_are_obeyed_and_take_optional_by_its_word_alone() {
    let mode = |lines: &str| {
        let text = format!("{SHORTEST}  {}\n", lines.replace("; ", "\n  "));
        read(&text).unwrap().internode.mode
    };
    for (lines, expected) in [
        ("internode_encryption: dc", "dc"),
        ("internode_encryption: rack; optional: false", "rack"),
        (
            "internode_encryption: rack; optional: true",
            "rack+optional",
        ),
    ] {
        assert_eq!(mode(lines), expected.parse::<Mode>().unwrap(), "{lines}");
    }
}

#[test]
fn what_an_absent_optional_means_to_a_database_does_not_reach_those_who_cross() {
    for (lines, expected) in [
        ("internode_encryption: dc", "dc"),
        (
            "internode_encryption: rack, optional: true",
            "rack+optional",
        ),
        ("internode_encryption: all", "all+optional"),
    ] {
        let database = format!(
            "server_encryption_options: {{{lines}, keystore: a, keystore_password: b, truststore: \
             c, truststore_password: d}}\n"
        );
        let own = "ringlock: {cluster: c}\ndatabase_config: /opt/cassandra.yaml\n\
                   database_dialect: cassandra-5.0\n";
        let database = DatabaseText {
            path: Path::new("/opt/cassandra.yaml"),
            text: &database,
            version: None,
        };
        let config = parse_with(own, Path::new("ringlock.yaml"), Some(database)).unwrap();
        assert_eq!(config.internode.mode.to_string(), expected);
    }
}

#[test]
fn every_source_of_places_is_read() {
    let text = with_topology(
        "\
datacenter: dc1
rack: r1
rackdc_file: cassandra-rackdc.properties
topology_file: /srv/cassandra-topology.properties
nodes:
  10.0.0.0/24: {datacenter: dc1, rack: r2}
  'fd00::1': {datacenter: dc2, rack: r1}
cql: {address: 10.0.0.1:9043, username: ringlock, password_file: cql.password, refresh: 5s}",
    );
    let topology = read(&text).unwrap().topology;
    assert_eq!(topology.own.unwrap().to_string(), "dc1:r1");
    let nodes: Vec<_> = topology
        .nodes
        .iter()
        .map(|(network, place)| format!("{network} {place}"))
        .collect();
    assert_eq!(nodes, ["10.0.0.0/24 dc1:r2", "fd00::1 dc2:r1"]);
    let named = |path: &str| SnitchFile {
        path: path.into(),
        is_named: true,
    };
    assert_eq!(
        topology.rackdc_file,
        Some(named("/etc/ringlock/cassandra-rackdc.properties"))
    );
    assert_eq!(
        topology.topology_file,
        Some(named("/srv/cassandra-topology.properties"))
    );
    let cql = topology.cql.unwrap();
    assert_eq!(cql.address, SocketAddr::from(([10, 0, 0, 1], 9043)));
    let credentials = cql.credentials.unwrap();
    assert_eq!(credentials.username, "ringlock");
    let password = Path::new("/etc/ringlock/cql.password");
    assert_eq!(credentials.password_file, password);
    assert_eq!(cql.refresh, Duration::from_secs(5));
}

#[test]
fn the_local_node_is_asked_only_where_that_is_written() {
    assert_eq!(read(SHORTEST).unwrap().topology.cql, None);
    let cql = read(&with_topology("cql: {}")).unwrap().topology.cql;
    let cql = cql.unwrap();
    assert_eq!(cql.address, SocketAddr::from(([127, 0, 0, 1], 9042)));
    assert_eq!(cql.credentials, None);
    assert_eq!(cql.refresh, Duration::from_secs(30));
}

#[test]
fn the_node_is_asked_where_its_own_file_says() {
    let address = |database: &str| {
        let config = beside("topology: {cql: {}}", database).unwrap();
        config.topology.cql.unwrap().address.to_string()
    };
    assert_eq!(address("cluster_name: c\n"), "127.0.0.1:9042");
    assert_eq!(address("rpc_address: 10.0.0.1\n"), "10.0.0.1:9042");
    assert_eq!(
        address("rpc_address: 0.0.0.0\nnative_transport_port: 9043\n"),
        "127.0.0.1:9043"
    );
    assert_eq!(address("rpc_address: '::'\n"), "[::1]:9042");
    let error = beside("topology: {cql: {}}", "rpc_address: db1\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "ringlock.yaml:1:35: ringlock.topology.cql.address: missing (expected an IP address and a \
         port, since database_config tells none for clients)"
    );
}

#[test]
fn the_files_of_a_snitch_are_looked_for_beside_the_databases_file() {
    let files = |snitch: &str, own: &str| {
        let config = beside(own, &format!("endpoint_snitch: {snitch}\n")).unwrap();
        let path = |file: Option<SnitchFile>| {
            file.map(|file| (file.path.display().to_string(), file.is_named))
        };
        let topology = config.topology;
        (path(topology.rackdc_file), path(topology.topology_file))
    };
    let rackdc = "/opt/cassandra/conf/cassandra-rackdc.properties".to_owned();
    let property = "/opt/cassandra/conf/cassandra-topology.properties".to_owned();
    let gossiping = "org.apache.cassandra.locator.GossipingPropertyFileSnitch";
    assert_eq!(
        files(gossiping, "workers: 1"),
        (Some((rackdc, false)), None)
    );
    assert_eq!(
        files("PropertyFileSnitch", "workers: 1"),
        (None, Some((property, false)))
    );
    assert_eq!(
        files(gossiping, "topology: {rackdc_file: /srv/own}"),
        (Some(("/srv/own".to_owned(), true)), None)
    );
    assert_eq!(files("Ec2Snitch", "workers: 1"), (None, None));
}

#[test]
fn a_node_that_takes_its_clients_by_tls_alone_is_warned_of() {
    let warnings = |database: &str| {
        let config = beside("topology: {cql: {}}", database).unwrap();
        config.warnings.to_string()
    };
    let tls = "client_encryption_options: {enabled: true, keystore: a, keystore_password: b}\n";
    let told = warnings(tls);
    assert!(
        told.contains(
            "client_encryption_options of /opt/cassandra/conf/cassandra.yaml wants TLS, and this \
             version asks the node without"
        ),
        "{told}"
    );
    assert_eq!(warnings("cluster_name: c\n"), "");
}

#[test]
fn each_mistake_is_told_at_its_place() {
    let text = with_topology(
        "\
rack: r1
nodes:
  10.0.0.1/24: {datacenter: dc1, rack: r1}
  10.0.0.2: {datacenter: dc1}
  10.0.0.3: {datacenter: dc1, rack: r1}
  10.0.0.3/32: {datacenter: dc2, rack: r1}
  db4: {datacenter: dc1, rack: r1}
cql:
  address: localhost
  username: ringlock
  refresh: 100ms
racks: x",
    );
    assert_eq!(
        mistakes(&text),
        "\
ringlock.yaml:4:5: ringlock.topology.datacenter: missing, though rack is given (expected both names as the snitch has them, or neither)
ringlock.yaml:6:7: ringlock.topology.nodes.10.0.0.1/24: an address within a network, and not the network's own (expected an IP address, or a network such as 10.0.1.0/24)
ringlock.yaml:7:7: ringlock.topology.nodes.10.0.0.2.rack: missing (expected the rack as the snitch names it)
ringlock.yaml:9:7: ringlock.topology.nodes.10.0.0.3/32: the same as on line 8; keep one of them
ringlock.yaml:10:7: ringlock.topology.nodes.db4: not an IP address (expected an IP address, or a network such as 10.0.1.0/24)
ringlock.yaml:12:16: ringlock.topology.cql.address: not an address (found \"localhost\", expected an IP address and a port, such as 10.0.0.2:7000 or \"[fd00::2]:7000\")
ringlock.yaml:13:7: ringlock.topology.cql.password_file: missing, though username is given (expected both, or neither)
ringlock.yaml:14:16: ringlock.topology.cql.refresh: out of range (found \"100ms\", expected 1s to 60m)
ringlock.yaml:15:5: ringlock.topology.racks: unknown key; did you mean \"rack\"?"
    );
}

#[test]
fn the_description_shows_what_is_known_of_places() {
    let text = with_topology(
        "\
datacenter: dc1
rack: r1
nodes:
  10.0.0.0/24: {datacenter: dc1, rack: r2}
cql: {}",
    );
    let lines = read(&text).unwrap().describe();
    let shown: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("topology"))
        .collect();
    assert_eq!(
        shown,
        [
            "ringlock.topology.datacenter = dc1  # /etc/ringlock/ringlock.yaml:4:5",
            "ringlock.topology.rack = r1  # /etc/ringlock/ringlock.yaml:5:5",
            "ringlock.topology.nodes.10.0.0.0/24.datacenter = dc1  # /etc/ringlock/ringlock.yaml:7:21",
            "ringlock.topology.nodes.10.0.0.0/24.rack = r2  # /etc/ringlock/ringlock.yaml:7:38",
            "ringlock.topology.cql.address = 127.0.0.1:9042  # default",
            "ringlock.topology.cql.refresh = 30s  # default",
        ]
    );
}
