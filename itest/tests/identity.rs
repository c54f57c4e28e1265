//! Who a node is and whom it takes: certificates that may be left out, another certificate for
//! dialling, and lists of peers. Each is seen in the log, in `status`, and at the other side.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use fs_err as fs;
use ringlock_itest::{
    HELLO, OrFail as _, Peer, Server, Stage, Watched, connect, free_address, retry_until,
    served_fingerprint,
    testkit::{
        agent::{AgentConfig, Interception, Listener},
        pki::Issued,
    },
    write_private,
};
use ringlock_model::{ClientAuth, Direction, Security};

const BOTH: &str = "serverAuth,clientAuth";
const OPTIONAL: &str = "require_client_auth is optional";
const NOT_TRUSTED: &str = "the peer's certificate holds";

/// A life that is long enough to connect in, on a busy machine too.
const SHORT: Duration = Duration::from_secs(20);

#[test]
fn where_certificates_are_optional_only_a_bad_one_is_refused() {
    let mut scene = Scene::new(|stage| optional(stage, "optional"));
    scene.agent.expect(OPTIONAL);
    scene.agent.await_line(&["WARN", OPTIONAL]);
    assert_eq!(
        scene.agent.state().require_client_auth,
        ClientAuth::Optional
    );
    for version in ["-tls1_2", "-tls1_3"] {
        let mut anonymous = Peer::openssl(scene.stage.address, None, &[version]);
        anonymous.expect_echo("who I am is no matter");
        let mut known = scene.peer(&scene.stage.peer, &[version]);
        let named = scene.identities();
        assert_eq!(named.len(), 2, "{named:?}");
        let known_by = "ringlock://Test%20Cluster/dc1/r1/n2".to_owned();
        assert!(
            named.contains(&None) && named.contains(&Some(known_by)),
            "{named:?}"
        );
        known.kill();
        anonymous.kill();
        scene.await_links(0);
    }
    let mut stranger = scene.stage.site.issue_elsewhere("n9", "Test Cluster");
    stranger.ca = scene.stage.own.ca.clone();
    scene.dial(&stranger, &[]).await_end();
    let sentence = "a CA that the truststore does not hold";
    scene.agent.await_refusals("unknown-issuer", 1, sentence);
}

#[test]
fn peers_without_certificate_go_when_optional_certificates_become_required() {
    let mut scene = Scene::new(|stage| optional(stage, "optional"));
    scene.agent.expect(OPTIONAL);
    let mut anonymous = Peer::openssl(scene.stage.address, None, &[]);
    anonymous.expect_echo("who I am is no matter");
    let mut known = scene.peer(&scene.stage.peer, &[]);
    scene.reload(&scene.stage.config.clone());
    scene.await_ended("policy-tightened", 1);
    anonymous.await_end();
    known.expect_echo("undisturbed");
    Peer::openssl(scene.stage.address, None, &[]).await_end();
    let sentence = "the peer presented no certificate";
    scene.agent.await_refusals("no-certificate", 1, sentence);
    assert_eq!(
        scene.agent.state().require_client_auth,
        ClientAuth::Required
    );
}

#[test]
fn a_node_shows_one_certificate_when_it_is_dialled_and_another_when_it_dials() {
    let mut node = Dialling::new(|stage| stage.site.issue_as("out", "clientAuth", &[]));
    let status = node.agent.state();
    assert_eq!(status.certificate.name, "CN=in");
    let outbound = status
        .outbound_certificate
        .or_fail("the outbound certificate");
    assert_eq!(outbound.name, "CN=out");
    let served = served_fingerprint(node.inbound, &node.stage.peer);
    assert_eq!(served, status.certificate.sha256);

    let first = node.dial();
    node.await_seen("out");
    let renewed = node.stage.site.issue_as("renewed", "clientAuth", &[]);
    write_private(&node.outbound, combined(&renewed));
    let line = node
        .agent
        .await_line(&["reloaded", "outbound_certificate="]);
    assert!(!line.contains(&outbound.sha256), "{line}");
    // The link of before goes on, and OpenSSL serves one after the other.
    assert_eq!(node.agent.state().turned.len(), 0);
    assert_eq!(node.dialled(), 1);
    drop(first);
    retry_until("the end of the first link", || {
        (node.dialled() == 0).then_some(())
    });
    let _second = node.dial();
    node.await_seen("renewed");
    let status = node.agent.state();
    let outbound = status
        .outbound_certificate
        .or_fail("the outbound certificate");
    assert_eq!(outbound.name, "CN=renewed");
    assert_eq!(served_fingerprint(node.inbound, &node.stage.peer), served);

    const KEPT: &str = "not reloaded, what was in force stays";
    node.agent.expect(KEPT);
    let wrong = node.stage.site.issue_as("wrong", "serverAuth", &[]);
    write_private(&node.outbound, combined(&wrong));
    let file = node.outbound.display().to_string();
    node.agent.await_line(&[KEPT, &file, "lacks clientAuth"]);
    assert_eq!(node.agent.state().outbound_certificate, Some(outbound));
}

#[test]
fn only_links_that_this_node_dialled_end_with_the_certificate_that_they_were_shown() {
    let mut node = Dialling::new(|stage| stage.site.issue_for("short", SHORT));
    let mut stays = Peer::openssl(node.inbound, Some(&node.stage.peer), &[]);
    stays.expect_echo("a new link");
    let _goes = node.dial();
    retry_until("the end of the link that was dialled", || {
        let turned = node.agent.state().turned;
        (turned.get("certificate-expired") == Some(&1)).then_some(())
    });
    node.agent
        .await_line(&["link ended", "why=\"certificate-expired\""]);
    stays.expect_echo("undisturbed");
    assert_eq!(node.agent.state().turned.len(), 1);
}

#[test]
fn without_tickets_no_session_is_given_for_later() {
    let scene = Scene::new(|stage| {
        let mut config = stage.config.clone();
        config
            .encryption_lines
            .push("enable_session_tickets: false".to_owned());
        config
    });
    let session = scene.stage.site.path("session");
    let arguments = ["-tls1_3", "-sess_out", &session.display().to_string()];
    let mut peer = scene.peer(&scene.stage.peer, &arguments);
    // A ticket would have come before this answer.
    peer.expect_echo("and no ticket");
    assert!(!session.exists());
}

#[test]
fn whoever_is_on_no_line_of_the_list_is_refused_and_goes_when_the_list_shrinks() {
    let trusting = |stage: &Stage, items: &str| AgentConfig {
        ringlock_lines: vec![format!("trusted_peers: [{items}]")],
        ..stage.config.clone()
    };
    const N2: &str = "\"ringlock://Test%20Cluster/*/*/n2\"";
    let mut scene = Scene::new(|stage| trusting(stage, &format!("{N2}, CN=n3")));
    let subject = scene.stage.site.issue_as("n3", BOTH, &[]);
    let other = scene.stage.site.issue("n4", &["127.0.0.1"]);
    let mut stays = scene.peer(&scene.stage.peer, &[]);
    let mut goes = scene.peer(&subject, &[]);
    scene.dial(&other, &[]).await_end();
    let sentence = "CN=n4, and ringlock.trusted_peers allows ringlock://Test%20Cluster/\
                    */*/n2, CN=n3";
    scene.agent.await_refusals("peer-not-trusted", 1, sentence);

    scene.reload(&trusting(&scene.stage, N2));
    scene.await_ended("policy-tightened", 1);
    goes.await_end();
    stays.expect_echo("undisturbed");
    scene.agent.expect(NOT_TRUSTED);
    scene.dial(&subject, &[]).await_end();
    scene
        .agent
        .await_refusals("peer-not-trusted", 2, "CN=n3, and ringlock.trusted_peers");
    let listed = "ringlock.trusted_peers: ringlock://Test%20Cluster/*/*/n2";
    assert_eq!(scene.agent.state().trusted_peers, [listed]);
}

#[test]
fn a_peer_that_is_dialled_must_be_on_the_list_too() {
    let mut node = Dialling::with(
        |stage| stage.site.issue_as("out", "clientAuth", &[]),
        "trusted_peers: [\"ringlock://*/*/*/n7\"]",
    );
    let mut database = connect(node.address);
    database
        .write_all(&HELLO)
        .or_fail("speaking as the database");
    let sentence = "CN=n2, and ringlock.trusted_peers allows ringlock://*/*/*/n7";
    node.agent.await_refusals("peer-not-trusted", 1, sentence);
}

#[test]
fn cassandras_own_list_is_obeyed_as_its_validator_reads_it() {
    let authenticator =
        "trusted_peer_identities: spiffe://example.org/db1,spiffe://example.org/db2";
    let mut scene = Scene::new(|stage| mutual(stage, &stage.own, authenticator));
    let site = &scene.stage.site;
    let listed = site.issue_as("n3", BOTH, &["URI:spiffe://example.org/db2"]);
    let other = site.issue_as("n4", BOTH, &["URI:spiffe://example.org/db3"]);
    scene.peer(&listed, &[]);
    scene.dial(&other, &[]).await_end();
    let allowed =
        "and trusted_peer_identities allows spiffe://example.org/db1, spiffe://example.org/db2";
    let sentence = format!("holds spiffe://example.org/db3, {allowed}");
    scene.agent.await_refusals("peer-not-trusted", 1, &sentence);
    scene.dial(&scene.stage.peer, &[]).await_end();
    let sentence = format!("holds no SPIFFE URI, {allowed}");
    scene.agent.await_refusals("peer-not-trusted", 2, &sentence);
}

#[test]
fn without_a_list_cassandras_peers_share_the_identity_that_this_node_dials_with() {
    const OWN: &str = "spiffe://example.org/cluster";
    let name = format!("URI:{OWN}");
    let stage = Stage::new();
    let shared = stage.site.issue_as("shared", BOTH, &[&name]);
    let config = mutual(&stage, &shared, &format!("node_identity: {OWN}"));
    let mut scene = Scene {
        agent: stage.start(&config),
        stage,
    };
    let same = scene.stage.site.issue_as("n3", BOTH, &[&name]);
    let other = scene
        .stage
        .site
        .issue_as("n4", BOTH, &["URI:spiffe://example.org/other"]);
    scene.peer(&same, &[]);
    scene.dial(&other, &[]).await_end();
    let sentence = format!("and trusted_peer_identities allows {OWN}");
    scene.agent.await_refusals("peer-not-trusted", 1, &sentence);

    let wrong = mutual(
        &scene.stage,
        &shared,
        "node_identity: spiffe://example.org/wrong",
    );
    let told = scene.stage.refused(&wrong);
    let sentence = format!("holds {OWN}; expected spiffe://example.org/wrong, which its peers");
    assert!(told.contains(&sentence), "{told}");
    let none = mutual(&scene.stage, &scene.stage.own, "validator_class_name: x");
    let told = scene.stage.refused(&none);
    assert!(
        told.contains("expected SpiffeCertificateValidator"),
        "{told}"
    );
}

/// The stage's configuration with that word for `require_client_auth`.
fn optional(stage: &Stage, word: &str) -> AgentConfig {
    let block = AgentConfig {
        ringlock_lines: Vec::new(),
        ..stage.config.clone()
    };
    let yaml = block.to_yaml();
    let start = yaml
        .find("server_encryption_options:")
        .or_fail("finding the block");
    let block = yaml[start..].replace(
        "require_client_auth: true",
        &format!("require_client_auth: {word}"),
    );
    stage.with_block(&block)
}

/// The stage's configuration with this certificate and Cassandra's authenticator by certificates.
fn mutual(stage: &Stage, own: &Issued, parameter: &str) -> AgentConfig {
    let config = AgentConfig {
        identity: own.clone(),
        ..stage.config.clone()
    };
    let yaml = config.to_yaml();
    let start = yaml
        .find("server_encryption_options:")
        .or_fail("finding the block");
    let validator = match parameter.starts_with("validator_class_name") {
        true => "",
        false => "    validator_class_name: org.apache.cassandra.auth.SpiffeCertificateValidator\n",
    };
    stage.with_block(&format!(
        "{}internode_authenticator:\n  class_name: \
         org.apache.cassandra.auth.MutualTlsInternodeAuthenticator\n  parameters:\n{validator}    \
         {parameter}\n",
        &yaml[start..]
    ))
}

/// An agent before a database that echoes.
struct Scene {
    agent: Watched,
    stage: Stage,
}

impl Scene {
    fn new(config: impl FnOnce(&Stage) -> AgentConfig) -> Self {
        let stage = Stage::new();
        let config = config(&stage);
        Self {
            agent: stage.start(&config),
            stage,
        }
    }

    fn dial(&self, identity: &Issued, arguments: &[&str]) -> Peer {
        Peer::openssl(self.stage.address, Some(identity), arguments)
    }

    /// A peer with a link.
    fn peer(&self, identity: &Issued, arguments: &[&str]) -> Peer {
        let mut peer = self.dial(identity, arguments);
        peer.expect_echo("a new link");
        peer
    }

    /// The names of the peers of all links.
    fn identities(&self) -> Vec<Option<String>> {
        let links = self.agent.state().links.into_iter();
        links
            .map(|link| match link.security {
                Security::Tls(facts) => facts.identity.map(|name| name.to_string()),
                other => panic!("{other}"),
            })
            .collect()
    }

    fn await_links(&self, count: usize) {
        retry_until("the links", || {
            (self.agent.state().links.len() == count).then_some(())
        });
    }

    fn reload(&self, config: &AgentConfig) {
        replace(self.agent.config(), config.to_yaml().as_bytes());
        retry_until("the reload", || {
            (self.agent.state().reloads > 0).then_some(())
        });
    }

    /// Waits until so many links were ended for this reason, and until the log says so.
    #[track_caller]
    fn await_ended(&mut self, reason: &str, times: u64) {
        retry_until(&format!("{times} links ended as {reason}"), || {
            (self.agent.state().turned.get(reason) == Some(&times)).then_some(())
        });
        self.agent
            .await_line(&["link ended", &format!("why=\"{reason}\"")]);
    }
}

/// An agent with a certificate for those who dial and one for dialling, before a database that
/// echoes, towards OpenSSL as a peer that tells whose certificate it sees.
struct Dialling {
    agent: Watched,
    /// Where the database dials.
    address: SocketAddr,
    /// Where peers dial.
    inbound: SocketAddr,
    /// The file with the certificate for dialling.
    outbound: PathBuf,
    log: PathBuf,
    _server: Server,
    stage: Stage,
}

impl Dialling {
    fn new(outbound: impl FnOnce(&Stage) -> Issued) -> Self {
        Self::with(outbound, "drain_timeout: 30s")
    }

    fn with(outbound: impl FnOnce(&Stage) -> Issued, line: &str) -> Self {
        let stage = Stage::new();
        let identity = stage.site.issue_as("in", "serverAuth", &[]);
        let file = stage.site.path("outbound.pem");
        write_private(&file, combined(&outbound(&stage)));
        let log = stage.site.path("s_server.log");
        let server = Server::start(&stage.peer, &stage.own.ca, &[], &log);
        let address = free_address();
        let mut config = AgentConfig {
            identity,
            ..stage.config.clone()
        };
        if let Interception::Listen(listeners) = &mut config.interception {
            listeners.push(Listener {
                address,
                target: server.address(),
                direction: Direction::Outbound,
            });
        }
        let keystore = format!("outbound_keystore: {}", file.display());
        config.encryption_lines.push(keystore);
        config.ringlock_lines.push(line.to_owned());
        Self {
            agent: stage.start(&config),
            address,
            inbound: stage.address,
            outbound: file,
            log,
            _server: server,
            stage,
        }
    }

    /// The database dials, and hears the peer.
    fn dial(&self) -> TcpStream {
        let mut database = connect(self.address);
        database
            .write_all(&HELLO)
            .or_fail("speaking as the database");
        retry_until("the link", || (self.dialled() > 0).then_some(()));
        database
    }

    /// How many links the database has dialled.
    fn dialled(&self) -> usize {
        let links = self.agent.state().links.into_iter();
        links
            .filter(|link| link.direction == Direction::Outbound)
            .count()
    }

    /// Waits until the peer has verified a certificate with this common name.
    fn await_seen(&self, name: &str) {
        retry_until(&format!("a certificate of {name}"), || {
            let log = fs::read_to_string(&self.log).ok()?;
            let expected = format!("depth=0CN={name}");
            let mut lines = log.lines().map(|line| line.replace(' ', ""));
            lines.any(|line| line == expected).then_some(())
        });
    }
}

fn combined(identity: &Issued) -> Vec<u8> {
    let parts = [&identity.key, &identity.certificate];
    let parts = parts.map(|part| fs::read(part).or_fail("reading PEM"));
    parts.concat()
}

/// Puts another content into the place of a file in one step.
fn replace(file: &Path, content: &[u8]) {
    let beside = file.with_extension("beside");
    fs::write(&beside, content)
        .and_then(|()| fs::rename(&beside, file))
        .or_fail("replacing a file");
}
