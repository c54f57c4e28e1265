//! Versions and cipher suites that the configuration names are all that a peer can agree on.

use ringlock_itest::{Conduct, Database, OrFail as _, Peer, Site, Watched, retry_until};
use ringlock_model::{Direction, Security, TlsFacts};

#[test]
fn jsse_words_bound_what_is_agreed_on() {
    let mut node = Node::new(&[
        "protocol: TLS",
        "accepted_protocols: [TLSv1.2]",
        "cipher_suites: [TLS_RSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]",
    ]);
    let log = node.agent.log();
    assert!(
        log.contains("Dropping unsupported cipher_suite TLS_RSA_WITH_AES_256_CBC_SHA from"),
        "{log}"
    );
    let facts = node.agreed_with(&[]);
    assert_eq!(facts.version, "TLSv1.2");
    assert_eq!(facts.suite, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
    node.refuses(&["-tls1_3"]);
}

#[test]
fn a_priority_string_bounds_it_as_well() {
    let mut node = Node::new(&[
        "priority_string: SECURE128:-VERS-ALL:+VERS-TLS1.3:-AES-128-GCM:-CHACHA20-POLY1305",
    ]);
    let facts = node.agreed_with(&[]);
    assert_eq!(facts.version, "TLSv1.3");
    assert_eq!(facts.suite, "TLS_AES_256_GCM_SHA384");
    node.refuses(&["-tls1_2"]);
}

#[test]
fn fips_leaves_curves_of_nist_and_aes() {
    let mut node = Node::with(&["fips: true"], &[]);
    // That is another build's.
    node.agent
        .expect("the cryptographic module of this build is not a validated one");
    let facts = node.agreed_with(&["-groups", "P-256"]);
    assert!(facts.suite.contains("AES"), "{facts:?}");
    assert_eq!(facts.key_exchange.to_string(), "secp256r1");
    node.refuses(&["-groups", "X25519"]);
}

/// An agent before a database, and a peer's certificate.
struct Node {
    agent: Watched,
    peer: ringlock_itest::testkit::pki::Issued,
    address: std::net::SocketAddr,
    _database: Database,
    _site: Site,
}

impl Node {
    fn new(lines: &[&str]) -> Self {
        Self::with(&[], lines)
    }

    /// One with more lines of `ringlock`, and of `server_encryption_options`.
    fn with(own_lines: &[&str], lines: &[&str]) -> Self {
        let site = Site::new();
        let database = Database::start(Conduct::Echo);
        let own = site.issue("n1", &["127.0.0.1"]);
        let (mut config, address) = site.config("n1", Direction::Inbound, database.address(), &own);
        config.ringlock_lines = own_lines.iter().map(ToString::to_string).collect();
        config.encryption_lines = lines.iter().map(ToString::to_string).collect();
        Self {
            agent: site.start("n1", &config),
            peer: site.issue("n2", &["127.0.0.1"]),
            address,
            _database: database,
            _site: site,
        }
    }

    /// What a peer, OpenSSL with these arguments, agrees on with the agent.
    fn agreed_with(&self, arguments: &[&str]) -> TlsFacts {
        let mut peer = Peer::openssl(self.address, Some(&self.peer), arguments);
        peer.expect_echo("agreed");
        let link = retry_until("the link", || self.agent.state().links.into_iter().next());
        match link.security {
            Security::Tls(facts) => facts,
            other => None.or_fail(&format!("a link over TLS, not {other}")),
        }
    }

    /// A peer with these arguments has nothing in common with the agent.
    fn refuses(&mut self, arguments: &[&str]) {
        Peer::openssl(self.address, Some(&self.peer), arguments).await_end();
        let sentence = "no TLS version, suite or group in common";
        self.agent.await_refusals("nothing-in-common", 1, sentence);
    }
}
