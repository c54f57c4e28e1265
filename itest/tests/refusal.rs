//! Who is refused, and that everybody else gets in. Each refusal has a sentence in the log and a
//! counter in the status, ends in a reset where the database dialled, and never costs the
//! database a connection where a peer dialled.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::Command,
};

use fs_err as fs;
use ringlock_itest::{
    Conduct, Database, Ending, HELLO, OrFail as _, Peer, Server, Site, Watched, await_ending,
    connect, expect_echo, retry_until, skip, testkit::command,
};
use ringlock_model::{Direction, Mode, PlaintextReason, Security};

/// An agent before a database, for peers that dial.
struct Inbound {
    site: Site,
    database: Database,
    agent: Watched,
    address: SocketAddr,
}

/// An agent through which the database dials a peer.
struct Outbound {
    site: Site,
    agent: Watched,
    address: SocketAddr,
}

impl Inbound {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(lines: &[&str]) -> Self {
        let site = Site::new();
        let database = Database::start(Conduct::Echo);
        let identity = site.issue("n1", &["127.0.0.1"]);
        let (mut config, address) =
            site.config("n1", Direction::Inbound, database.address(), &identity);
        config.ringlock_lines = lines.iter().map(|line| (*line).to_owned()).collect();
        let agent = site.start("n1", &config);
        Self {
            site,
            database,
            agent,
            address,
        }
    }

    fn assert_database_was_left_alone(&self) {
        assert_eq!(self.database.accepted(), 0);
        assert_eq!(self.agent.state().links, []);
    }
}

impl Outbound {
    /// The peer is dialled with a certificate for 127.0.0.1 of the site's CA.
    fn towards(site: Site, peer: SocketAddr, mode: Mode) -> Self {
        let identity = site.issue("n1", &["127.0.0.1"]);
        let (mut config, address) = site.config("n1", Direction::Outbound, peer, &identity);
        config.mode = mode;
        let agent = site.start("n1", &config);
        Self {
            site,
            agent,
            address,
        }
    }

    /// The database dials and says what Cassandra says first.
    fn dial(&self) -> TcpStream {
        let mut database = connect(self.address);
        database
            .write_all(&HELLO)
            .or_fail("speaking as the database");
        database
    }
}

#[test]
fn a_peer_without_a_certificate_is_refused() {
    let mut inbound = Inbound::new();
    Peer::openssl(inbound.address, None, &[]).await_end();
    let sentence = "the peer presented no certificate, and require_client_auth is true";
    inbound.agent.await_refusals("no-certificate", 1, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn a_peer_with_a_certificate_of_another_ca_is_refused() {
    let mut inbound = Inbound::new();
    let mut stranger = inbound.site.issue_elsewhere("stranger", "Test Cluster");
    stranger.ca = inbound.site.path("ca/ca.crt");
    for version in ["-tls1_2", "-tls1_3"] {
        Peer::openssl(inbound.address, Some(&stranger), &[version]).await_end();
    }
    let sentence = "the peer's certificate was issued by a CA that the truststore does not hold";
    inbound.agent.await_refusals("unknown-issuer", 2, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn a_peer_with_an_expired_certificate_is_refused() {
    let mut inbound = Inbound::new();
    let expired = inbound.site.issue_expired("n9");
    Peer::openssl(inbound.address, Some(&expired), &[]).await_end();
    let sentence = "the peer's certificate expired on 2025-01-01T00:00:00Z";
    inbound.agent.await_refusals("expired", 1, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn a_peer_that_dials_from_an_address_not_in_its_certificate_is_refused() {
    let mut inbound = Inbound::new();
    let elsewhere = inbound.site.issue("n9", &["10.1.2.3", "fd00::9"]);
    Peer::openssl(inbound.address, Some(&elsewhere), &[]).await_end();
    let sentence =
        "the peer's address 127.0.0.1 is not in its certificate, which holds 10.1.2.3, fd00::9";
    inbound
        .agent
        .await_refusals("address-not-certified", 1, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn a_peer_of_another_cluster_is_refused_even_if_its_ca_is_trusted() {
    let site = Site::new();
    let database = Database::start(Conduct::Echo);
    let mut stranger = site.issue_elsewhere("stranger", "Other Cluster");
    let identity = site.issue("n1", &["127.0.0.1"]);
    let both = [&identity.ca, &stranger.ca].map(|ca| fs::read(ca).or_fail("reading a CA"));
    fs::write(&identity.ca, both.concat()).or_fail("trusting both CAs");
    let (config, address) = site.config("n1", Direction::Inbound, database.address(), &identity);
    let mut agent = site.start("n1", &config);
    stranger.ca.clone_from(&identity.ca);
    Peer::openssl(address, Some(&stranger), &[]).await_end();
    let sentence =
        "the peer's certificate is for cluster \"Other Cluster\", this is cluster \"Test Cluster\"";
    agent.await_refusals("wrong-cluster", 1, sentence);
    assert_eq!(database.accepted(), 0);
}

#[test]
fn a_peer_that_dials_plaintext_is_reset_where_tls_is_required() {
    let mut inbound = Inbound::new();
    let mut peer = connect(inbound.address);
    peer.write_all(&HELLO).or_fail("dialling plaintext");
    assert_eq!(await_ending(&mut peer), Ending::Reset);
    let sentence = "the peer dialled plaintext, and internode_encryption is all";
    inbound
        .agent
        .await_refusals("plaintext-refused", 1, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn a_silent_peer_is_reset_at_the_deadline() {
    let mut inbound = Inbound::with(&["handshake_timeout: 1s"]);
    let mut peer = connect(inbound.address);
    assert_eq!(await_ending(&mut peer), Ending::Reset);
    let sentence = "the peer sent nothing within 1s";
    inbound.agent.await_refusals("silent-peer", 1, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn a_peer_that_sends_garbage_is_reset() {
    let mut inbound = Inbound::new();
    let mut peer = connect(inbound.address);
    peer.write_all(b"GET / HTTP/1.1\r\n\r\n")
        .or_fail("sending garbage");
    assert_eq!(await_ending(&mut peer), Ending::Reset);
    let sentence = "the peer's first bytes belong to neither TLS nor the internode protocol: 47 45";
    inbound.agent.await_refusals("garbage", 1, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn a_handshake_that_stalls_is_reset_at_the_deadline() {
    let mut inbound = Inbound::with(&["handshake_timeout: 1s"]);
    let mut peer = connect(inbound.address);
    // A record of 512 bytes with a handshake message of 508, of which nothing follows.
    peer.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])
        .or_fail("beginning a handshake");
    assert_eq!(await_ending(&mut peer), Ending::Reset);
    let sentence = "the handshake took longer than 1s";
    inbound
        .agent
        .await_refusals("handshake-timeout", 1, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn peers_that_have_not_proved_themselves_take_only_so_many_places_and_give_them_back() {
    const SILENT: usize = 6;
    let lines = ["handshake_timeout: 5s", "max_handshakes: 2", "workers: 2"];
    let mut inbound = Inbound::with(&lines);
    let pid = inbound.agent.process().pid();
    let idle = descriptors(pid);
    let silent: Vec<_> = (0..SILENT).map(|_| connect(inbound.address)).collect();
    let identity = inbound.site.issue("n2", &["127.0.0.1"]);
    let mut peer = Peer::openssl(inbound.address, Some(&identity), &[]);
    peer.say("after them");
    inbound.agent.expect("the peer sent nothing within 5s");
    inbound
        .agent
        .expect("all 2 places for handshakes are taken, and this connection had one for");
    let mut most = 0;
    let refused = retry_until("the refusals of silent peers", || {
        let refused = inbound.agent.state().refused;
        // One more is the connection by which the status was asked for.
        most = most.max(descriptors(pid).saturating_sub(idle));
        let times: u64 = refused.values().sum();
        (times == u64::try_from(silent.len()).or_fail("counting")).then_some(refused)
    });
    assert_eq!(peer.hear(), "after them");
    assert!(
        most <= 2 + 2 + 2 + 2 + 1,
        "{most} descriptors for two places, as many on their way out and in, one link and one \
         question"
    );
    let codes: Vec<_> = refused.keys().map(String::as_str).collect();
    assert_eq!(codes, ["crowded-out", "silent-peer"], "{refused:?}");
    assert_eq!(inbound.database.accepted(), 1);
}

#[test]
fn openssl_gets_in_with_a_good_certificate_over_tls_1_2_and_1_3() {
    let inbound = Inbound::new();
    let identity = inbound.site.issue("n2", &["127.0.0.1"]);
    for (flag, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let mut peer = Peer::openssl(inbound.address, Some(&identity), &[flag]);
        peer.expect_echo("from one node to another");
        let status = inbound.agent.state();
        let link = status.links.last().or_fail("looking at the link");
        let Security::Tls(facts) = &link.security else {
            panic!("{:?}", link.security);
        };
        assert_eq!(facts.version, version);
        let identity = facts.identity.as_ref().map(ToString::to_string);
        let expected = "ringlock://Test%20Cluster/dc1/r1/n2";
        assert_eq!(identity.as_deref(), Some(expected));
        assert_eq!(link.direction, Direction::Inbound);
        peer.kill();
        retry_until("the end of the link", || {
            inbound.agent.state().links.is_empty().then_some(())
        });
    }
    assert!(inbound.agent.state().refused.is_empty());
}

#[test]
fn tls_1_1_and_older_find_nothing_in_common() {
    let mut inbound = Inbound::new();
    let identity = inbound.site.issue("n2", &["127.0.0.1"]);
    let old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    Peer::openssl(inbound.address, Some(&identity), &old).await_end();
    let sentence = "the peer and this node have no TLS version, suite or group in common";
    inbound
        .agent
        .await_refusals("nothing-in-common", 1, sentence);
    inbound.assert_database_was_left_alone();
}

#[test]
fn gnutls_gets_in_with_the_priority_strings_of_scylla() {
    if command::output(Command::new("gnutls-cli").arg("--version")).is_err() {
        return skip("gnutls-cli is not here (Debian: gnutls-bin)");
    }
    let inbound = Inbound::new();
    let identity = inbound.site.issue("n2", &["127.0.0.1"]);
    for priority in [
        "SECURE128:-VERS-TLS1.0",
        "SECURE128:-VERS-ALL:+VERS-TLS1.2",
        "NORMAL:-VERS-ALL:+VERS-TLS1.3",
    ] {
        let log = inbound.site.path("gnutls.log");
        let mut peer = Peer::gnutls(inbound.address, &identity, priority, &log);
        peer.expect_echo("from a ScyllaDB node");
    }
    assert!(inbound.agent.state().refused.is_empty());
}

#[test]
fn a_peer_that_is_dialled_and_shows_a_certificate_of_another_ca_is_refused() {
    let site = Site::new();
    let stranger = site.issue_elsewhere("stranger", "Test Cluster");
    let log = site.path("s_server.log");
    let server = Server::start(&stranger, &site.path("ca/ca.crt"), &[], &log);
    let mut outbound = Outbound::towards(site, server.address(), Mode::REQUIRE);
    assert_eq!(await_ending(&mut outbound.dial()), Ending::Reset);
    let sentence = "the peer's certificate was issued by a CA that the truststore does not hold";
    outbound.agent.await_refusals("unknown-issuer", 1, sentence);
}

#[test]
fn a_peer_that_is_dialled_at_an_address_not_in_its_certificate_is_refused() {
    let site = Site::new();
    let elsewhere = site.issue("n9", &["10.1.2.3"]);
    let log = site.path("s_server.log");
    let server = Server::start(&elsewhere, &elsewhere.ca, &[], &log);
    let mut outbound = Outbound::towards(site, server.address(), Mode::REQUIRE);
    assert_eq!(await_ending(&mut outbound.dial()), Ending::Reset);
    let sentence = "the address that was dialled, 127.0.0.1, is not in the peer's certificate, \
                    which holds 10.1.2.3";
    outbound
        .agent
        .await_refusals("address-not-certified", 1, sentence);
}

#[test]
fn a_peer_that_is_dialled_and_shows_an_expired_certificate_is_refused() {
    let site = Site::new();
    let expired = site.issue_expired("n9");
    let log = site.path("s_server.log");
    let server = Server::start(&expired, &expired.ca, &[], &log);
    let mut outbound = Outbound::towards(site, server.address(), Mode::REQUIRE);
    assert_eq!(await_ending(&mut outbound.dial()), Ending::Reset);
    let sentence = "the peer's certificate expired on 2025-01-01T00:00:00Z";
    outbound.agent.await_refusals("expired", 1, sentence);
}

#[test]
fn a_refusal_is_no_reason_to_fall_back_to_plaintext() {
    let site = Site::new();
    let stranger = site.issue_elsewhere("stranger", "Test Cluster");
    let log = site.path("s_server.log");
    let server = Server::start(&stranger, &site.path("ca/ca.crt"), &[], &log);
    let mut outbound = Outbound::towards(site, server.address(), Mode::TRANSITIONAL);
    assert_eq!(await_ending(&mut outbound.dial()), Ending::Reset);
    let sentence = "the peer's certificate was issued by a CA that the truststore does not hold";
    outbound.agent.await_refusals("unknown-issuer", 1, sentence);
    let plaintext = outbound.agent.state().connections;
    assert!(!plaintext.contains_key("plaintext"), "{plaintext:?}");
}

#[test]
fn the_database_sees_a_reset_when_the_peer_refuses_this_node() {
    let site = Site::new();
    let peer = site.issue("n2", &["127.0.0.1"]);
    let other = site.issue_elsewhere("stranger", "Test Cluster");
    let log = site.path("s_server.log");
    let server = Server::start(&peer, &other.ca, &["-tls1_2"], &log);
    let mut outbound = Outbound::towards(site, server.address(), Mode::REQUIRE);
    assert_eq!(await_ending(&mut outbound.dial()), Ending::Reset);
    let sentence = "the peer refused this node with the TLS alert unknown_ca";
    outbound
        .agent
        .await_refusals("refused-by-peer", 1, sentence);
}

#[test]
fn the_database_sees_a_reset_when_the_peer_refuses_this_node_after_the_handshake() {
    let site = Site::new();
    let peer = site.issue("n2", &["127.0.0.1"]);
    let other = site.issue_elsewhere("stranger", "Test Cluster");
    let log = site.path("s_server.log");
    // In TLS 1.3 the dialler is done before the other side has judged its certificate.
    let server = Server::start(&peer, &other.ca, &["-tls1_3"], &log);
    let mut outbound = Outbound::towards(site, server.address(), Mode::REQUIRE);
    assert_eq!(await_ending(&mut outbound.dial()), Ending::Reset);
    let sentence = "the peer refused this node with the TLS alert";
    outbound
        .agent
        .await_refusals("refused-by-peer", 1, sentence);
    retry_until("the end of the link", || {
        outbound.agent.state().links.is_empty().then_some(())
    });
}

#[test]
fn a_peer_that_speaks_no_tls_is_a_reset_where_tls_is_required() {
    let plaintext = Database::start(Conduct::PlaintextOnly);
    let mut outbound = Outbound::towards(Site::new(), plaintext.address(), Mode::REQUIRE);
    assert_eq!(await_ending(&mut outbound.dial()), Ending::Reset);
    let sentence = "the peer closed the connection during the handshake";
    outbound
        .agent
        .await_refusals("closed-in-handshake", 1, sentence);
    assert_eq!(plaintext.accepted(), 1);
}

#[test]
fn a_peer_that_answers_something_else_than_tls_is_a_reset_where_tls_is_required() {
    let echo = Database::start(Conduct::Echo);
    let mut outbound = Outbound::towards(Site::new(), echo.address(), Mode::REQUIRE);
    assert_eq!(await_ending(&mut outbound.dial()), Ending::Reset);
    let sentence = "the peer does not speak TLS";
    outbound.agent.await_refusals("not-tls", 1, sentence);
}

#[test]
fn a_peer_that_speaks_no_tls_is_dialled_in_plaintext_where_that_is_allowed() {
    let plaintext = Database::start(Conduct::PlaintextOnly);
    for mode in [Mode::TRANSITIONAL, "all+optional".parse().or_fail("a mode")] {
        let outbound = Outbound::towards(Site::new(), plaintext.address(), mode);
        let mut database = connect(outbound.address);
        expect_echo(&mut database, &[&HELLO[..], b"hello"].concat());
        let status = outbound.agent.state();
        let reason = PlaintextReason::PeerSpeaksNoTls;
        let link = status.links.first().or_fail("looking at the link");
        assert_eq!(link.security, Security::Plaintext { reason });
        assert!(status.refused.is_empty(), "{:?}", status.refused);
        let json = fs::read(outbound.site.path("agent-n1/agent.log")).or_fail("reading the log");
        let log = String::from_utf8_lossy(&json).into_owned();
        assert!(
            log.contains("the peer is dialled again in plaintext"),
            "{log}"
        );
    }
}

#[test]
fn openssl_is_dialled_over_tls_1_2_and_1_3() {
    for version in ["-tls1_2", "-tls1_3"] {
        let site = Site::new();
        let identity = site.issue("n2", &["127.0.0.1"]);
        let log = site.path("s_server.log");
        let server = Server::start(&identity, &identity.ca, &[version], &log);
        let outbound = Outbound::towards(site, server.address(), Mode::REQUIRE);
        let mut database = outbound.dial();
        database
            .write_all(b"abc\n")
            .or_fail("speaking as the database");
        let mut expected = [&HELLO[..], b"abc"].concat();
        expected.reverse();
        expected.push(b'\n');
        let mut back = vec![0; expected.len()];
        database
            .read_exact(&mut back)
            .or_fail("hearing from openssl");
        assert_eq!(back, expected);
    }
}

#[test]
fn an_unreachable_peer_is_a_reset_and_no_complaint() {
    let outbound = Outbound::towards(Site::new(), nobody(), Mode::REQUIRE);
    let mut database = connect(outbound.address);
    // The reset may come before the first word.
    if let Err(error) = database.write_all(&HELLO) {
        assert!(
            matches!(
                error.kind(),
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
            ),
            "{error}"
        );
    } else {
        assert_eq!(await_ending(&mut database), Ending::Reset);
    }
    retry_until("the count of the unreachable peer", || {
        let refused = outbound.agent.state().refused;
        (refused.get("peer-unreachable") == Some(&1)).then_some(())
    });
}

fn nobody() -> SocketAddr {
    ringlock_itest::free_address()
}

fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}
