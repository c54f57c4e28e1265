//! How long a peer's certificate may be valid, and the warnings of those that end soon.

use std::net::SocketAddr;

use fs_err as fs;
use ringlock_itest::{
    Conduct, Database, OrFail as _, Peer, Site, Watched,
    testkit::{agent::AgentConfig, pki::Issued},
};
use ringlock_model::Direction;

const OWN: &str = "this node's certificate expires in";
const TOO_LONG: &str = "peers with the same max_certificate_validity_period refuse it";
const PEERS: &str = "the certificate of ringlock://";

#[test]
fn a_certificate_with_too_long_a_life_is_refused() {
    let mut node = Node::new(&["max_certificate_validity_period: 36h"]);
    node.agent.expect(TOO_LONG);
    node.agent.await_line(&["WARN", TOO_LONG]);
    Peer::openssl(node.address, Some(&node.peer), &[]).await_end();
    let sentence = "days, and max_certificate_validity_period is 36h";
    node.agent.await_refusals("valid-for-too-long", 1, sentence);
}

#[test]
fn each_certificate_that_ends_soon_is_warned_of_once() {
    let mut node = Node::new(&[
        "max_certificate_validity_period: 10000d",
        "certificate_validity_warn_threshold: 10000d",
    ]);
    node.agent.expect(OWN);
    node.agent.expect(PEERS);
    node.agent.await_line(&["WARN", OWN]);
    for _ in 0..2 {
        let mut peer = Peer::openssl(node.address, Some(&node.peer), &[]);
        peer.expect_echo("served");
    }
    node.agent.await_line(&["WARN", PEERS, "/n2 expires in"]);
    let log = node.agent.log();
    assert_eq!(log.matches(PEERS).count(), 1, "{log}");
    assert_eq!(log.matches(OWN).count(), 1, "{log}");
}

#[test]
fn a_limit_that_is_tightened_holds_from_the_reload_on() {
    let mut node = Node::new(&["max_certificate_validity_period: 10000d"]);
    let mut peer = Peer::openssl(node.address, Some(&node.peer), &[]);
    peer.expect_echo("served");
    node.agent.expect(TOO_LONG);
    node.config.encryption_lines = vec!["max_certificate_validity_period: 36h".to_owned()];
    fs::write(node.agent.config(), node.config.to_yaml()).or_fail("changing ringlock.yaml");
    node.agent.await_line(&["WARN", TOO_LONG]);
    Peer::openssl(node.address, Some(&node.peer), &[]).await_end();
    let sentence = "days, and max_certificate_validity_period is 36h";
    node.agent.await_refusals("valid-for-too-long", 1, sentence);
}

/// An agent before a database, and a peer's certificate.
struct Node {
    agent: Watched,
    config: AgentConfig,
    peer: Issued,
    address: SocketAddr,
    _database: Database,
    _site: Site,
}

impl Node {
    fn new(lines: &[&str]) -> Self {
        let site = Site::new();
        let database = Database::start(Conduct::Echo);
        let own = site.issue("n1", &["127.0.0.1"]);
        let (mut config, address) = site.config("n1", Direction::Inbound, database.address(), &own);
        config.encryption_lines = lines.iter().map(ToString::to_string).collect();
        Self {
            agent: site.start("n1", &config),
            config,
            peer: site.issue("n2", &["127.0.0.1"]),
            address,
            _database: database,
            _site: site,
        }
    }
}
