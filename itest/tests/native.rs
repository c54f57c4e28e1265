//! An agent in front of one node whose peers do TLS themselves: on the wire there is nothing but
//! the databases' own protocol over TLS, so either side takes the other for one of its kind.
//! Agent and databases take their orders from the same words.

use std::{
    fs::Permissions,
    net::IpAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _, ROLLING_ENFORCED, Site, Watched, assert_no_plaintext, may_run_as_root,
    retry_until,
    testkit::{
        Moment,
        agent::{AgentConfig, Interception},
        capture::Capture,
        cassandra::{CASSANDRA_4_1, CASSANDRA_5_0, CLUSTER_NAME, Cluster, ClusterOptions, Release},
        lab::{Host, Lab},
        load::{Load, LoadOptions},
        pki::{Issued, StorePasswords},
    },
};
use ringlock_model::{
    Direction, Mode, Security,
    admin::{Bypassing, Link, Status},
};

/// What a slow machine may take to start three nodes.
const START: Duration = Duration::from_secs(300);
/// How long clients write and read.
const LOAD: Duration = Duration::from_secs(3);
/// What every row of the clients holds.
const MARKER: &str = "nobody-else-may-read-this-row";
/// What the agent says of the documents' `require_endpoint_verification: false`.
const UNVERIFIED: &str = "require_endpoint_verification is false";

/// The first node behind an agent, the other two with TLS of their own. What is dropped first
/// depends on what is dropped later.
struct Mixed {
    agent: Watched,
    cluster: Cluster,
    capture: Capture,
    _site: Site,
    lab: Lab,
}

impl Mixed {
    /// Starts capture, agent and rules before any database, so that no byte goes unseen.
    fn start() -> Self {
        let lab = Lab::new(3).or_fail("making network namespaces");
        let site = Site::new();
        let log = lab.dir().join("tcpdump.log");
        let capture = Capture::start(lab.bridge(), MARKER, &log).or_fail("starting a capture");
        let identities: Vec<_> = lab.nodes().iter().map(|host| issue(&site, host)).collect();
        let block = rolling(&identities[0]);
        let mut agent = start_agent(&lab, &identities[0], block);
        agent.expect(UNVERIFIED);
        let options = ClusterOptions {
            native_tls: vec![
                None,
                Some(rolling(&identities[1])),
                Some(rolling(&identities[2])),
            ],
            ..ClusterOptions::default()
        };
        let cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
        Self {
            agent,
            cluster,
            capture,
            _site: site,
            lab,
        }
    }

    /// Clients write and read at QUORUM, three replicas, without a failed request.
    fn serve_clients(&self) {
        let options = LoadOptions {
            namespace: Some(self.lab.client().namespace.clone()),
            marker: MARKER.to_owned(),
            ..LoadOptions::new(self.cluster.contact_points(), self.cluster.replication())
        };
        let load = Load::start(options, "mixed").or_fail("starting clients");
        thread::sleep(LOAD);
        let report = load.finish().or_fail("ending the clients");
        assert!(report.requests() > 0);
        assert_eq!(report.failed(), 0, "{:?}", report.failures);
    }

    /// The agent has TLS links with both peers in both directions, and none of another kind.
    fn assert_links(&self) {
        let peers = &self.lab.nodes()[1..];
        let status = retry_until("links with both peers in both directions", || {
            let status = self.agent.state();
            let all = peers.iter().all(|peer| {
                [Direction::Inbound, Direction::Outbound]
                    .iter()
                    .all(|direction| has_link(&status, peer.ipv4.into(), *direction))
            });
            all.then_some(status)
        });
        for link in &status.links {
            let peer = peers.iter().find(|host| link.peer == host.ipv4);
            assert_tls(link, &peer.or_fail("looking for the link's peer").name);
        }
        assert_eq!(status.mode.to_string(), "all");
        assert_eq!(status.bypassing, Bypassing::Connections(Vec::new()));
        let kinds: Vec<_> = status.connections.keys().map(String::as_str).collect();
        assert_eq!(kinds, ["tls"]);
    }

    /// Not a byte between the nodes crossed the bridge in clear, from the first packet on.
    fn assert_private(self) {
        let captured = self.capture.finish().or_fail("ending the capture");
        assert_no_plaintext(&captured, Moment::BEGINNING);
        assert_eq!(captured.traffic.sightings(), 0);
    }
}

#[test]
fn a_node_behind_an_agent_and_nodes_with_native_tls_obey_the_same_block_and_make_one_cluster() {
    if !may_run_as_root() {
        return;
    }
    let mut mixed = Mixed::start();
    let ready = mixed.cluster.wait_ready(START);
    ready.or_fail("waiting until every node sees every node up and normal");
    mixed.serve_clients();
    mixed.assert_links();
    let all_up = mixed.cluster.check_all_up();
    all_up.or_fail("asking every node for its view");
    mixed.assert_private();
}

#[test]
fn an_agent_obeys_the_file_of_cassandra_4_1_whose_pem_stands_in_files() {
    obeys_the_file_of(&CASSANDRA_4_1, |identity| {
        format!(
            "    class_name: {PEM_FACTORY}\n  keystore: {}\n  truststore: {}\n",
            combined(identity).display(),
            identity.ca.display()
        )
    });
}

#[test]
fn an_agent_obeys_the_file_of_cassandra_5_0_whose_pem_stands_in_the_file() {
    obeys_the_file_of(&CASSANDRA_5_0, |identity| {
        let indented = |path: &Path| read(path).trim_end().replace('\n', "\n        ");
        format!(
            "    class_name: {PEM_FACTORY}\n    parameters:\n      \
             private_key: |\n        {}\n      trusted_certificates: |\n        {}\n",
            indented(&combined(identity)),
            indented(&identity.ca)
        )
    });
}

const PEM_FACTORY: &str = "org.apache.cassandra.security.PEMBasedSslContextFactory";

/// A plain node behind an agent that reads the file which the node's next start will read, and which
/// says TLS: the agent obeys it, and does not believe that the node does by now.
fn obeys_the_file_of(release: &'static Release, pem: impl Fn(&Issued) -> String) {
    if !may_run_as_root() {
        return;
    }
    let lab = Lab::new(2).or_fail("making network namespaces");
    let site = Site::new();
    let identities: Vec<_> = lab.nodes().iter().map(|host| issue(&site, host)).collect();
    let block = |identity: &Issued, optional: bool| {
        format!(
            "server_encryption_options:\n  internode_encryption: all\n  optional: {optional}\n  \
             require_client_auth: true\n  require_endpoint_verification: true\n  \
             ssl_context_factory:\n{}",
            pem(identity)
        )
    };
    let mut options = ClusterOptions {
        release,
        native_tls: vec![
            Some(block(&identities[0], true)),
            Some(block(&identities[1], false)),
        ],
        ..ClusterOptions::default()
    };
    let files = Cluster::write_files(&lab, &options).or_fail("writing the nodes' files");
    let file = files[0].with_file_name("cassandra-of-the-next-start.yaml");
    fs::copy(&files[0], &file).or_fail("keeping a node's file");
    make_private(&file);
    options.native_tls[0] = None;
    let orders = format!(
        "database_config: {}\ndatabase_dialect: cassandra-{}\n",
        file.display(),
        &release.version[..3]
    );
    let agent = start_agent(&lab, &identities[0], orders);
    let mut cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
    let ready = cluster.wait_ready(START);
    ready.or_fail("waiting until every node sees every node up and normal");

    let peer = IpAddr::from(lab.nodes()[1].ipv4);
    let status = retry_until("links with the peer in both directions", || {
        let status = agent.state();
        let both = has_link(&status, peer, Direction::Inbound)
            && has_link(&status, peer, Direction::Outbound);
        both.then_some(status)
    });
    assert_eq!(status.mode.to_string(), "all+optional");
    assert!(status.mode_origin.starts_with(&file.display().to_string()));
    for link in &status.links {
        assert_tls(link, &lab.nodes()[1].name);
    }
}

/// A node behind an agent and one with TLS of its own, by the same words.
#[test]
fn with_an_outbound_keystore_either_side_shows_another_certificate_when_it_dials() {
    if !may_run_as_root() {
        return;
    }
    let lab = Lab::new(2).or_fail("making network namespaces");
    let site = Site::new();
    let hosts = lab.nodes();
    let identities: Vec<_> = hosts.iter().map(|host| issue(&site, host)).collect();
    let blocks: Vec<_> = hosts
        .iter()
        .zip(&identities)
        .map(|(host, identity)| two_keystores(identity, &issue_as(&site, host, &outbound(host))))
        .collect();
    let agent = start_agent(&lab, &identities[0], blocks[0].clone());
    let options = ClusterOptions {
        native_tls: vec![None, Some(blocks[1].clone())],
        ..ClusterOptions::default()
    };
    let mut cluster = Cluster::start(&lab, &options).or_fail("starting Cassandra");
    let ready = cluster.wait_ready(START);
    ready.or_fail("waiting until every node sees every node up and normal");

    let peer = &hosts[1];
    let status = retry_until("links with the peer in both directions", || {
        let status = agent.state();
        let both = [Direction::Inbound, Direction::Outbound];
        let both = both.map(|direction| has_link(&status, peer.ipv4.into(), direction));
        (both == [true, true]).then_some(status)
    });
    for link in &status.links {
        match link.direction {
            Direction::Inbound => assert_tls(link, &outbound(peer)),
            Direction::Outbound => assert_tls(link, &peer.name),
        }
    }
    let shown = status
        .outbound_certificate
        .or_fail("the certificate for dialling");
    assert!(
        shown.name.ends_with(&format!("/{}", outbound(&hosts[0]))),
        "{shown:?}"
    );
}

/// The name in the certificate that a node shows when it dials.
fn outbound(host: &Host) -> String {
    format!("{}-outbound", host.name)
}

/// Cassandra 5.0's words for one certificate in each direction.
fn two_keystores(identity: &Issued, dialling: &Issued) -> String {
    const STORES: StorePasswords = StorePasswords {
        keystore: "keystore-password",
        truststore: "truststore-password",
    };
    const DIALLING: StorePasswords = StorePasswords {
        keystore: "outbound-password",
        ..STORES
    };
    let stores = identity.pkcs12(STORES).or_fail("making stores");
    let outbound = dialling.pkcs12(DIALLING).or_fail("making more stores");
    format!(
        "server_encryption_options:\n  internode_encryption: all\n  require_client_auth: true\n  \
         require_endpoint_verification: true\n  store_type: PKCS12\n  keystore: {}\n  \
         keystore_password: {}\n  outbound_keystore: {}\n  outbound_keystore_password: {}\n  \
         truststore: {}\n  truststore_password: {}\n",
        stores.keystore.display(),
        STORES.keystore,
        outbound.keystore.display(),
        DIALLING.keystore,
        stores.truststore.display(),
        STORES.truststore,
    )
}

fn issue(site: &Site, host: &Host) -> Issued {
    issue_as(site, host, &host.name)
}

fn issue_as(site: &Site, host: &Host, node: &str) -> Issued {
    let addresses = [host.ipv4.to_string(), host.ipv6.to_string()];
    site.issue(node, &addresses.each_ref().map(String::as_str))
}

/// With this text in place of `server_encryption_options`.
fn start_agent(lab: &Lab, identity: &Issued, orders: String) -> Watched {
    let host = &lab.nodes()[0];
    let dir = lab.dir().join("agent");
    let transparent = Interception::Transparent;
    let mut config = AgentConfig::new(CLUSTER_NAME, transparent, Mode::REQUIRE, identity, &dir);
    config.instead_of_block = Some(orders);
    let agent = Watched::start(&host.name, &config, &dir, Some(&host.namespace));
    agent
        .install_interception()
        .or_fail("installing interception");
    agent
}

/// TLS with every peer and nothing else, as the document has it.
fn rolling(identity: &Issued) -> String {
    let stores = identity.pkcs12(ROLLING_ENFORCED.passwords);
    ROLLING_ENFORCED.with_stores(&stores.or_fail("making stores"))
}

/// Key and chain in one file, beside them.
fn combined(identity: &Issued) -> PathBuf {
    let path = identity.certificate.with_extension("pem");
    let text = [read(&identity.key), read(&identity.certificate)].concat();
    fs::write(&path, text).or_fail("writing a key with its chain");
    make_private(&path);
    path
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).or_fail("reading PEM")
}

fn make_private(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o600)).or_fail("making a file private");
}

fn has_link(status: &Status, peer: IpAddr, direction: Direction) -> bool {
    let mut links = status.links.iter();
    links.any(|link| link.peer == peer && link.direction == direction)
}

fn assert_tls(link: &Link, peer: &str) {
    let Security::Tls(facts) = &link.security else {
        panic!("no TLS: {link:?}");
    };
    assert_eq!(facts.version, "TLSv1.3", "{link:?}");
    let identity = facts.identity.as_ref().or_fail("taking the peer's name");
    let end = format!("/{peer}");
    assert!(identity.to_string().ends_with(&end), "{link:?}");
}
