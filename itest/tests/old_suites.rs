//! The 3.x documents' block as it stands: one suite, which rustls leaves out, so that OpenSSL
//! carries the links; with OpenSSL, JSSE and a real Cassandra 3.11 at the other end.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    time::Duration,
};

use ringlock_itest::{
    CASSANDRA_3, CLUSTER, Conduct, Database, HELLO, OrFail as _, Peer, Site, Watched,
    assert_no_plaintext, connect, expect_echo, free_address, may_run_as_root, retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Interception, Listener, ringlock},
        capture::Capture,
        cassandra::{CASSANDRA_3_11, Cluster, ClusterOptions, SSL_STORAGE_PORT},
        command,
        cql::{Client, Replicas, Rows},
        lab::{Host, Lab},
        pki::{Issued, StoreKind, Stores},
        process::Process,
    },
};
use ringlock_model::{Direction, Mode, Security, TlsFacts};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OLD: &str = "TLS_RSA_WITH_AES_256_CBC_SHA";
const DHE: &str = "TLS_DHE_RSA_WITH_AES_128_CBC_SHA";
/// What an agent warns of with such a block.
const OLD_SUITES: &str = "names old cipher suites alone";
/// What is logged of a link that was carried to its end.
const ENDED: [&str; 3] = ["link ended", "state=tls", "end=\"closed\""];
const UNVERIFIED: &str = "require_endpoint_verification is false";
/// What a slow machine may take to start two nodes.
const START: Duration = Duration::from_secs(300);
/// What every row holds.
const MARKER: &str = "nobody-else-may-read-this-row";
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_documents_block_is_obeyed_as_it_stands_and_says_what_is_old_about_it() {
    let mut node = Node::new(
        OLD,
        Direction::Inbound,
        Database::start(Conduct::Echo).address(),
    );
    let mut peer = Peer::openssl(node.address, Some(&node.peer), &[]);
    peer.expect_echo("over an old suite");
    let facts = node.agreed();
    assert_eq!(facts.version, "TLSv1.2");
    assert_eq!(facts.suite, OLD);
    assert_eq!(facts.key_exchange.to_string(), "RSA");
    assert_eq!(node.agent.state().engine, "openssl");
    for words in [
        "RSA key exchange, so no forward secrecy",
        "CBC with HMAC-SHA1",
    ] {
        node.agent.await_line(&["WARN", OLD_SUITES, words]);
    }
    let spoken = node.openssl(Some(&node.peer), &[]).or_fail("a handshake");
    assert!(spoken.contains("Cipher is AES256-SHA"), "{spoken}");
    assert!(spoken.contains("Verify return code: 0 (ok)"), "{spoken}");
    assert!(
        spoken.contains("Acceptable client certificate CA names"),
        "{spoken}"
    );
}

#[test]
fn who_may_not_in_is_refused_as_with_any_suite() {
    let mut node = Node::new(
        OLD,
        Direction::Inbound,
        Database::start(Conduct::Echo).address(),
    );
    let strangers = Site::new();
    let stranger = strangers.issue_rsa("n2", LOOPBACK);
    let stranger = Issued {
        ca: node.peer.ca.clone(),
        ..stranger
    };
    for (identity, arguments, alert) in [
        // handshake_failure: nothing in common, and no certificate; unknown_ca.
        (Some(&node.peer), &["-cipher", "ECDHE"][..], 40),
        (Some(&node.peer), &["-tls1_3"], 70),
        (None, &["-tls1_2"], 40),
        (Some(&stranger), &["-tls1_2"], 48),
    ] {
        let refused = node.openssl(identity, arguments).err();
        let refused = refused.or_fail("a refusal");
        let alert = format!("SSL alert number {alert}\n");
        assert!(refused.contains(&alert), "{arguments:?}: {refused}");
    }
    node.agent
        .expect("no TLS version, suite or group in common");
    node.agent.expect("the peer presented no certificate");
    node.agent
        .expect("issued by a CA that the truststore does not hold");
    retry_until("the refusals", || {
        let refused = node.agent.state().refused;
        (refused.values().sum::<u64>() == 4).then_some(())
    });
}

#[test]
fn jsse_dials_and_is_dialled_with_diffie_hellman() {
    let mut node = Node::new(
        DHE,
        Direction::Inbound,
        Database::start(Conduct::Echo).address(),
    );
    let hello: String = HELLO.iter().map(|byte| format!("{byte:02x}")).collect();
    let heard = command::run(node.jsse("dial", node.address, DHE).arg(hello));
    let heard = heard.or_fail("dialling with JSSE");
    assert_eq!(heard, format!("over JSSE\n{DHE}\n"));
    node.agent.await_line(&ENDED);

    let address = free_address();
    let mut node = Node::new(DHE, Direction::Outbound, address);
    let log = node.site.path("jsse.log");
    let serving = node.jsse("serve", address, DHE);
    let mut server = Process::start("jsse", serving, None, &log).or_fail("starting JSSE");
    let listening = server.wait_for("listening", 1, PATIENCE);
    listening.or_fail("waiting until JSSE listens");
    let mut database = connect(node.address);
    database.write_all(&legacy_hello()).or_fail("saying hello");
    let mut hello = [0; 8];
    database.read_exact(&mut hello).or_fail("hearing it again");
    assert_eq!(hello[..], legacy_hello());
    expect_echo(&mut database, b"what the database says");
    let facts = node.agreed();
    assert_eq!(facts.suite, DHE);
    assert!(
        facts.key_exchange.to_string().starts_with("DHE-"),
        "{facts:?}"
    );
    drop(database);
    node.agent.await_line(&ENDED);
}

#[test]
fn a_key_that_goes_with_none_of_the_suites_keeps_the_agent_from_starting() {
    let site = Site::new();
    let own = site.issue("n1", &["127.0.0.1"]);
    let (mut config, _) = site.config("n1", Direction::Inbound, free_address(), &own);
    config.encryption_lines = vec![format!("cipher_suites: [{OLD}]")];
    let file = site.path("ringlock.yaml");
    fs_err::write(&file, config.to_yaml()).or_fail("writing ringlock.yaml");
    let mut agent = ringlock();
    let output = command::output(agent.args(["agent", "run", "--config"]).arg(&file));
    let output = output.or_fail("running an agent");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    let sentence =
        format!("the private key (ECDSA, 256 bits) goes with none of the cipher suites {OLD}");
    assert!(told.contains(&sentence), "{told}");
}

/// A plain node behind an agent, and one that does TLS itself: both with the document's block.
#[test]
fn a_native_3_11_and_an_agent_with_the_same_block_make_one_cluster() {
    if !may_run_as_root() {
        return;
    }
    let lab = Lab::new(2).or_fail("making network namespaces");
    let site = Site::new();
    let log = lab.dir().join("tcpdump.log");
    let capture = Capture::start(lab.bridge(), MARKER, &log).or_fail("starting a capture");
    let issue = |host: &Host| site.issue_rsa(&host.name, host.ipv4.into());
    let [own, peer] = [0, 1].map(|node| issue(&lab.nodes()[node]));
    let agent = block_agent(&lab, &own);
    let options = ClusterOptions {
        release: &CASSANDRA_3_11,
        native_tls: vec![None, Some(CASSANDRA_3.with_stores(&stores(&peer)))],
        ..ClusterOptions::default()
    };
    let mut cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
    let ready = cluster.wait_ready(START);
    ready.or_fail("waiting until every node sees every node up and normal");
    write_read_repair(&lab, &cluster);

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
        assert_eq!((link.peer, link.port), (peer, SSL_STORAGE_PORT), "{link:?}");
        assert_eq!(facts.suite, OLD, "{link:?}");
    }
    assert_eq!(agent.state().engine, "openssl");
    let captured = capture.finish().or_fail("ending the capture");
    assert_no_plaintext(&captured, Moment::BEGINNING);
    assert_eq!(captured.traffic.sightings(), 0);
}

/// An agent with the block before the lab's first node, where it intercepts.
fn block_agent(lab: &Lab, own: &Issued) -> Watched {
    let dir = lab.dir().join("agent");
    let block = CASSANDRA_3.with_stores(&stores(own));
    let config = AgentConfig {
        instead_of_block: Some(server_block(&block)),
        ..AgentConfig::new(CLUSTER, Interception::Transparent, Mode::REQUIRE, own, &dir)
    };
    let namespace = Some(&lab.nodes()[0].namespace);
    let mut agent = Watched::start("n1", &config, &dir, namespace);
    agent.expect(UNVERIFIED);
    agent.expect(OLD_SUITES);
    agent.install_interception().or_fail("intercepting");
    agent
}

/// Rows go from each node to the other, and both compare what they have.
fn write_read_repair(lab: &Lab, cluster: &Cluster) {
    let nodes = cluster.nodes();
    let clients = nodes.iter().map(|node| {
        let client = Client::connect(&lab.client().namespace, node.cql());
        client.or_fail("connecting a client")
    });
    let clients: Vec<_> = clients.collect();
    let replication = cluster.replication();
    for statement in [
        format!("CREATE KEYSPACE old WITH replication = {replication}"),
        "CREATE TABLE old.rows (id text PRIMARY KEY, value text)".to_owned(),
    ] {
        clients[0].execute(&statement).or_fail("making a table");
    }
    retry_until("one schema", || {
        let versions = clients.iter().map(Client::schema_version);
        let versions: Vec<_> = versions.collect::<Result<_, _>>().ok()?;
        (versions[0] == versions[1]).then_some(())
    });
    let mut all = Rows::default();
    for (client, name) in clients.iter().zip(["n1", "n2"]) {
        let rows = Rows::generate(name, 50, MARKER, 200);
        let written = client.write("old.rows", &rows, Replicas::All);
        written.or_fail("writing at ALL");
        all.0.extend(rows.0);
    }
    for (client, node) in clients.iter().zip(nodes) {
        let found = client.read("old.rows", Replicas::All);
        assert_eq!(found.or_fail("reading at ALL"), all);
        node.repair("old", "rows").or_fail("repairing");
    }
}

/// An agent with the block on loopback, and what a peer needs.
struct Node {
    agent: Watched,
    peer: Issued,
    address: SocketAddr,
    site: Site,
}

impl Node {
    fn new(suite: &str, direction: Direction, target: SocketAddr) -> Self {
        let site = Site::new();
        let own = site.issue_rsa("n1", LOOPBACK);
        let (config, address) = config(&site, suite, direction, target, &own);
        let mut agent = site.start("n1", &config);
        agent.expect(UNVERIFIED);
        agent.expect(OLD_SUITES);
        Self {
            agent,
            peer: site.issue_rsa("n2", LOOPBACK),
            address,
            site,
        }
    }

    fn agreed(&self) -> TlsFacts {
        agreed(&self.agent)
    }

    /// `openssl s_client` to the end of the handshake; what it prints in either case.
    fn openssl(&self, identity: Option<&Issued>, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-verify_return_error"])
            .args(["-connect", &self.address.to_string()])
            .args(arguments)
            .arg("-CAfile")
            .arg(&self.peer.ca);
        if let Some(identity) = identity {
            command.arg("-cert").arg(&identity.certificate);
            command.arg("-key").arg(&identity.key);
        }
        let output = command::output(&mut command).or_fail("running openssl");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    /// Java's own TLS with the peer's stores and one suite.
    fn jsse(&self, verb: &str, address: SocketAddr, suite: &str) -> Command {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old_suites/Jsse.java");
        let stores = stores(&self.peer);
        let passwords = CASSANDRA_3.passwords;
        let mut java = Command::new("java");
        java.arg(program)
            .arg(verb)
            .args([address.ip().to_string(), address.port().to_string()])
            .args([&stores.keystore, &stores.truststore])
            .arg(suite)
            .env("KEYSTORE_PASSWORD", passwords.keystore)
            .env("TRUSTSTORE_PASSWORD", passwords.truststore);
        java
    }
}

/// What the only link has agreed on.
fn agreed(agent: &Watched) -> TlsFacts {
    let link = retry_until("the link", || agent.state().links.into_iter().next());
    match link.security {
        Security::Tls(facts) => facts,
        other => None.or_fail(&format!("a link over TLS, not {other}")),
    }
}

/// The document's block with these stores, and this suite instead of its own.
fn config(
    site: &Site,
    suite: &str,
    direction: Direction,
    target: SocketAddr,
    own: &Issued,
) -> (AgentConfig, SocketAddr) {
    let address = free_address();
    let listener = Listener {
        address,
        target,
        direction,
    };
    let interception = Interception::Listen(vec![listener]);
    let block = CASSANDRA_3.with_stores(&stores(own)).replace(OLD, suite);
    let dir = site.path("agent");
    let mut config = AgentConfig::new(CLUSTER, interception, Mode::REQUIRE, own, &dir);
    config.instead_of_block = Some(server_block(&block));
    (config, address)
}

/// The block for links between nodes, without the one for clients.
fn server_block(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines
        .take_while(|line| !line.starts_with("client_encryption_options"))
        .collect()
}

fn stores(identity: &Issued) -> Stores {
    let stores = identity.convert(StoreKind::Jks, CASSANDRA_3.passwords);
    stores.or_fail("converting PEM to stores")
}

/// What a 3.x node says first: the magic, and a header with version 11.
fn legacy_hello() -> [u8; 8] {
    [0xca, 0x55, 0x2d, 0xfa, 0, 0, 11, 0]
}
