//! On which port TLS is dialled and taken: products with a port for TLS alone beside those with one
//! port for both.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpStream},
    path::PathBuf,
    process::Command,
    thread,
    time::Duration,
};

use ringlock_itest::{
    CLUSTER, Conduct, Database, OrFail as _, Site, Watched, assert_no_plaintext, expect_echo,
    initiate, may_run_as_root, patiently, retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Interception},
        capture::Capture,
        cassandra::{CASSANDRA_3_11, CLUSTER_NAME, Cluster, ClusterOptions},
        lab::{Host, Lab},
        load::{Load, LoadOptions},
        pki::{Issued, StorePasswords},
        process::Process,
    },
};
use ringlock_model::{Direction, PlaintextReason, Security, admin::Link};

const STORAGE: u16 = 7000;
const SSL_STORAGE: u16 = 7001;

/// What a slow machine may take to start two nodes.
const START: Duration = Duration::from_secs(300);
/// What a slow machine may take to start a server.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long clients write and read.
const LOAD: Duration = Duration::from_secs(3);
/// What every row of the clients holds.
const MARKER: &str = "nobody-else-may-read-this-row";

/// Two hosts, of which the first is behind an agent.
struct Pair {
    agent: Watched,
    peer: Issued,
    dir: PathBuf,
    site: Site,
    lab: Lab,
}

impl Pair {
    fn new(mode: &str) -> Self {
        let lab = Lab::new(2).or_fail("making network namespaces");
        let site = Site::new();
        let own = issue(&site, &lab.nodes()[0]);
        let dir = lab.dir().join("agent");
        let config = AgentConfig::new(
            CLUSTER,
            Interception::Transparent,
            mode.parse().or_fail("reading a mode"),
            &own,
            &dir,
        );
        let namespace = Some(&lab.nodes()[0].namespace);
        let agent = Watched::start("n1", &config, &dir, namespace);
        agent.install_interception().or_fail("intercepting");
        Self {
            agent,
            peer: issue(&site, &lab.nodes()[1]),
            dir,
            site,
            lab,
        }
    }

    fn address(&self, node: usize, port: u16) -> SocketAddr {
        (self.lab.nodes()[node].ipv4, port).into()
    }

    /// A database of that host.
    fn database(&mut self, node: usize, port: u16, conduct: Conduct) -> Database {
        let address = self.address(node, port);
        let serve = || Database::start_at(address, conduct);
        let served = self.lab.nodes()[node].namespace.within(serve);
        let served = served.or_fail("serving");
        if node == 0 {
            // Until then peers are refused, as they were by the database.
            self.agent.await_line(&["the database listens"]);
        }
        served
    }

    /// The second host's database takes TLS there: it sends every line back with its letters
    /// reversed.
    fn native_peer(&self, port: u16) -> Process {
        let mut command = Command::new("openssl");
        command
            .args(["s_server", "-rev", "-Verify", "3", "-verify_return_error"])
            .args(["-accept", &self.address(1, port).to_string()])
            .arg("-cert")
            .arg(&self.peer.certificate)
            .arg("-key")
            .arg(&self.peer.key)
            .arg("-CAfile")
            .arg(&self.peer.ca);
        let namespace = Some(&self.lab.nodes()[1].namespace);
        let log = self.site.path(&format!("s_server-{port}.log"));
        let server = Process::start("s_server", command, namespace, &log);
        let mut server = server.or_fail("starting openssl s_server");
        let ready = server.wait_for("ACCEPT", 1, PATIENCE);
        ready.or_fail("waiting for openssl s_server");
        server
    }

    /// The first host's database dials the second's, at the port for plaintext.
    fn dial(&self) -> TcpStream {
        let address = self.address(1, STORAGE);
        let host = &self.lab.nodes()[0];
        let dialled = host.namespace.within(|| TcpStream::connect(address));
        let mut dialled = dialled.or_fail("entering a namespace").or_fail("dialling");
        patiently(&dialled);
        dialled.write_all(&greeting(host)).or_fail("greeting");
        dialled
    }

    fn link(&self) -> Link {
        retry_until("a link", || self.agent.state().links.pop())
    }

    fn await_silence(&self) {
        retry_until("the end of all links", || {
            self.agent.state().links.is_empty().then_some(())
        });
    }
}

fn greeting(host: &Host) -> Vec<u8> {
    [&initiate(host.ipv4.into())[..], b"how do you do\n"].concat()
}

#[test]
fn tls_is_dialled_on_the_port_that_takes_it_and_there_first_the_next_time() {
    if !may_run_as_root() {
        return;
    }
    let mut pair = Pair::new("all+optional");
    let _peer = pair.native_peer(SSL_STORAGE);
    for _ in 0..2 {
        let mut dialled = pair.dial();
        let mut byte = [0];
        dialled.read_exact(&mut byte).or_fail("hearing the peer");
        let link = pair.link();
        assert!(matches!(link.security, Security::Tls(_)), "{link:?}");
        assert_eq!(link.port, SSL_STORAGE);
        drop(dialled);
        pair.await_silence();
    }
    // The second time nobody was asked at the port that was known to be the other one.
    let plain = pair.database(1, STORAGE, Conduct::PlaintextOnly);
    drop(pair.dial());
    retry_until("the third connection", || {
        let seen = pair.agent.state().connections;
        (seen.get("tls") == Some(&3)).then_some(())
    });
    assert_eq!(plain.accepted(), 0);
}

#[test]
fn a_peer_without_tls_gets_plaintext_where_it_was_dialled_and_nowhere_else() {
    if !may_run_as_root() {
        return;
    }
    let mut pair = Pair::new("all+optional");
    let _plain = pair.database(1, STORAGE, Conduct::PlaintextOnly);
    let other = pair.database(1, SSL_STORAGE, Conduct::PlaintextOnly);
    let mut dialled = pair.dial();
    let greeting = greeting(&pair.lab.nodes()[0]);
    let mut echo = vec![0; greeting.len()];
    dialled.read_exact(&mut echo).or_fail("hearing the peer");
    assert_eq!(echo, greeting);
    let link = pair.link();
    let reason = PlaintextReason::PeerSpeaksNoTls;
    assert_eq!(link.security, Security::Plaintext { reason });
    assert_eq!(link.port, STORAGE);
    // It was tried with TLS, once.
    assert_eq!(other.accepted(), 1);
    expect_echo(&mut dialled, b"still there");
}

#[test]
fn tls_for_either_port_of_a_plain_database_ends_at_the_agent() {
    if !may_run_as_root() {
        return;
    }
    let mut pair = Pair::new("all");
    let database = pair.database(0, STORAGE, Conduct::Echo);
    for port in [STORAGE, SSL_STORAGE] {
        let before = database.accepted();
        let mut client = pair.client(port);
        retry_until("the database's connection", || {
            (database.accepted() > before).then_some(())
        });
        let link = pair.link();
        assert!(matches!(link.security, Security::Tls(_)), "{link:?}");
        assert_eq!((link.port, link.direction), (port, Direction::Inbound));
        client.kill().or_fail("ending a client");
        client.wait().or_fail("ending a client");
        pair.await_silence();
    }
    assert!(pair.dir.exists());
}

impl Pair {
    /// The second host's node dials the first.
    fn client(&self, port: u16) -> std::process::Child {
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-quiet", "-verify_quiet"])
            .args(["-connect", &self.address(0, port).to_string()])
            .arg("-cert")
            .arg(&self.peer.certificate)
            .arg("-key")
            .arg(&self.peer.key)
            .arg("-CAfile")
            .arg(&self.peer.ca)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let host = &self.lab.nodes()[1];
        let spawned = host.namespace.within(|| command.spawn());
        let mut client = spawned.or_fail("entering a namespace").or_fail("dialling");
        let input = client.stdin.as_mut().or_fail("taking its input");
        input.write_all(&greeting(host)).or_fail("greeting");
        client
    }
}

/// A plain node behind an agent and one that does TLS itself, each in the words of Cassandra 3.
#[test]
fn an_agent_before_a_plain_3_11_and_a_native_3_11_dial_each_other_on_7001() {
    if !may_run_as_root() {
        return;
    }
    let lab = Lab::new(2).or_fail("making network namespaces");
    let site = Site::new();
    let log = lab.dir().join("tcpdump.log");
    let capture = Capture::start(lab.bridge(), MARKER, &log).or_fail("starting a capture");
    let [own, peer] = [0, 1].map(|node| issue(&site, &lab.nodes()[node]));
    let dir = lab.dir().join("agent");
    let mode = "all".parse().or_fail("reading a mode");
    let transparent = Interception::Transparent;
    let config = AgentConfig::new(CLUSTER_NAME, transparent, mode, &own, &dir);
    let namespace = Some(&lab.nodes()[0].namespace);
    let agent = Watched::start("n1", &config, &dir, namespace);
    agent.install_interception().or_fail("intercepting");
    let options = ClusterOptions {
        release: &CASSANDRA_3_11,
        native_tls: vec![None, Some(native_3_11(&peer))],
        ..ClusterOptions::default()
    };
    let mut cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
    let ready = cluster.wait_ready(START);
    ready.or_fail("waiting until every node sees every node up and normal");
    let options = LoadOptions {
        namespace: Some(lab.client().namespace.clone()),
        marker: MARKER.to_owned(),
        ..LoadOptions::new(cluster.contact_points(), cluster.replication())
    };
    let load = Load::start(options, "3.11").or_fail("starting clients");
    thread::sleep(LOAD);
    let report = load.finish().or_fail("ending the clients");
    assert!(report.requests() > 0);
    assert_eq!(report.failed(), 0, "{:?}", report.failures);

    let peer = IpAddr::from(lab.nodes()[1].ipv4);
    let links = retry_until("links in both directions", || {
        let links = agent.state().links;
        let both = [Direction::Inbound, Direction::Outbound];
        let all = both
            .iter()
            .all(|way| links.iter().any(|link| link.direction == *way));
        all.then_some(links)
    });
    for link in links {
        let Security::Tls(facts) = &link.security else {
            panic!("no TLS: {link:?}");
        };
        assert_eq!((link.peer, link.port), (peer, SSL_STORAGE), "{link:?}");
        assert_eq!(facts.suite, SUITE, "{link:?}");
    }
    let captured = capture.finish().or_fail("ending the capture");
    assert_no_plaintext(&captured, Moment::BEGINNING);
    assert_eq!(captured.traffic.sightings(), 0);
}

/// The one suite of the block of 3.11.
const SUITE: &str = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";

fn native_3_11(identity: &Issued) -> String {
    let passwords = StorePasswords {
        keystore: "of-the-keystore",
        truststore: "of-the-truststore",
    };
    let stores = identity.pkcs12(passwords).or_fail("making stores");
    format!(
        "server_encryption_options:\n  \
           internode_encryption: all\n  \
           require_client_auth: true\n  \
           require_endpoint_verification: true\n  \
           store_type: PKCS12\n  \
           keystore: {}\n  \
           keystore_password: {}\n  \
           truststore: {}\n  \
           truststore_password: {}\n  \
           cipher_suites: [{SUITE}]\n",
        stores.keystore.display(),
        passwords.keystore,
        stores.truststore.display(),
        passwords.truststore,
    )
}

fn issue(site: &Site, host: &Host) -> Issued {
    let addresses = [host.ipv4.to_string(), host.ipv6.to_string()];
    site.issue(&host.name, &addresses.each_ref().map(String::as_str))
}
