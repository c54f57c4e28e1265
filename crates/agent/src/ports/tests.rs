use std::path::Path;

use super::*;

const BLOCK: &str = "ringlock:\n  cluster: c\nserver_encryption_options:\n  certificate: n.crt\n  \
                     keyfile: n.key\n  truststore: ca.crt\n";

fn config(more: &str) -> Config {
    let text = format!("{BLOCK}{more}");
    ringlock_config::parse(&text, Path::new("/etc/ringlock/ringlock.yaml")).unwrap()
}

/// A node before a database of that dialect, by its own file.
fn config_of(dialect: &str) -> Config {
    let text = format!("database_config: cassandra.yaml\ndatabase_dialect: {dialect}\n{BLOCK}");
    let database = ringlock_config::DatabaseText {
        path: Path::new("/etc/cassandra/cassandra.yaml"),
        text: "cluster_name: c\n",
        version: None,
    };
    let path = Path::new("/etc/ringlock/ringlock.yaml");
    ringlock_config::parse_with(&text, path, Some(database)).unwrap()
}

fn peer(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 2], port))
}

fn order(first: u16, second: u16) -> Route {
    Route {
        first,
        second: Some(second),
    }
}

#[test]
fn the_product_says_which_port_is_likelier() {
    let ports = Ports::default();
    for (dialect, expected) in [
        ("cassandra-3.0", order(7001, 7000)),
        ("cassandra-3.11", order(7001, 7000)),
        ("dse-5.1", order(7001, 7000)),
        ("dse", order(7001, 7000)),
        ("scylla", order(7001, 7000)),
        ("cassandra-4.0", order(7000, 7001)),
        ("cassandra-5.0", order(7000, 7001)),
        ("hcd", order(7000, 7001)),
    ] {
        assert_eq!(
            ports.route(&config_of(dialect), 0, peer(7000)),
            expected,
            "{dialect}"
        );
    }
    assert_eq!(ports.route(&config(""), 0, peer(7000)), order(7000, 7001));
}

#[test]
fn what_took_tls_is_tried_first_until_the_configuration_changes() {
    let (ports, config) = (Ports::default(), config(""));
    ports.took_tls(0, peer(7001));
    assert_eq!(ports.route(&config, 0, peer(7000)), order(7001, 7000));
    let other = SocketAddr::from(([10, 0, 0, 3], 7000));
    assert_eq!(ports.route(&config, 0, other), order(7000, 7001));
    assert_eq!(ports.route(&config, 1, peer(7000)), order(7000, 7001));
    assert_eq!(ports.route(&config, 0, peer(7000)), order(7000, 7001));
}

#[test]
fn another_port_than_storage_port_and_one_port_for_both_are_dialled_as_they_are() {
    let ports = Ports::default();
    assert_eq!(ports.route(&config(""), 0, peer(7001)), Route::only(7001));
    let one = config("ssl_storage_port: 7000\n");
    assert_eq!(ports.route(&one, 0, peer(7000)), Route::only(7000));
}

#[test]
fn a_first_port_that_is_silent_is_the_second_one_the_next_time() {
    let (ports, config) = (Ports::default(), config(""));
    let both = [order(7000, 7001), order(7001, 7000)];
    for round in 0..4 {
        let route = ports.route(&config, 0, peer(7000));
        assert_eq!(route, both[round % 2]);
        ports.first_was_silent(0, peer(7000).ip(), route);
    }
}

#[test]
fn a_second_port_that_is_silent_is_left_alone_for_a_while() {
    let (ports, config) = (Ports::default(), config(""));
    ports.second_was_silent(0, peer(7000).ip());
    assert_eq!(ports.route(&config, 0, peer(7000)), Route::only(7000));
    // What the database dialled itself is never left out.
    ports.took_tls(0, peer(7001));
    assert_eq!(ports.route(&config, 0, peer(7000)), order(7001, 7000));
    let now = Instant::now();
    let known = Peer {
        first: None,
        silent: Some(now),
    };
    assert!(known.is_silent(now));
    assert!(!known.is_silent(now + SILENCE));
}

#[test]
fn the_memory_of_peers_is_bounded() {
    let ports = Ports::default();
    for number in 0..2 * u32::try_from(MOST).unwrap() {
        ports.took_tls(0, SocketAddr::new(IpAddr::from(number.to_be_bytes()), 7001));
        assert!(ports.of(0).len() <= MOST);
    }
}
